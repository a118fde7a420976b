"""A person copied what lets somebody in: the timeline says who and what, for those who are asked about it later."""

from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Appointment, Lease
from core.services.timeline import note

Copied = Literal["link", "passcode", "recording", "recording_passcode"]


def link_copied(session: Session, appointment_id: int, *, what: Copied, actor: str, now: datetime) -> None:
    """Write it down; what was copied itself stands nowhere."""
    at = session.execute(
        sa.select(Appointment.location_id, Lease.id.label("lease_id"), Lease.account_id)
        .outerjoin(Lease, sa.and_(Lease.appointment_id == Appointment.id, Lease.revision == Appointment.revision))
        .where(Appointment.id == appointment_id)
        .order_by(Lease.id.desc().nulls_last())
        .limit(1)
    ).one()
    note(
        session,
        "link_copied",
        at=now,
        actor=actor,
        location_id=at.location_id,
        appointment_id=appointment_id,
        account_id=at.account_id,
        lease_id=at.lease_id,
        what=what,
    )
