"""Telling who knew another end of an appointment: their calendars hold it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Appointment, Message
from core.db.sql import statements
from core.domain.states import Message as Status
from core.mail.compose import Kind
from core.services.outbox import AFTER, FIRST, WAITING, Mail, queue_mails


def tell_new_end(session: Session, appointment: Appointment, *, now: datetime) -> None:
    """Send each reader again what he was told last; it reads as things stand now, and says that the end is another.

    Again, and not a notice of its own: what updates a calendar entry last is what stays in it, link and all. Who was
    told nothing yet needs nothing: what waits for him tells the new end when it leaves.
    """
    session.flush()
    _drop_earlier(session, appointment.id)
    known = {"appointment_id": appointment.id, "revision": appointment.revision}
    told = session.execute(statements("mail")["standing"], known).all()
    queue_mails(session, [_again(appointment, each) for each in told], now=now)


def _drop_earlier(session: Session, appointment_id: int) -> None:
    session.execute(
        sa.update(Message)
        .where(Message.appointment_id == appointment_id, Message.status.in_(WAITING))
        .where(Message.payload.has_key("new_end"))
        .values(status=Status.DROPPED, reason="replaced")
    )


def _again(appointment: Appointment, told: sa.Row[tuple[object, ...]]) -> Mail:
    reader = "host" if told.to_host else "client"
    return Mail(
        kind=Kind(told.kind),
        dedupe_key=f"new_end:{appointment.id}:{appointment.row_version}:{reader}",
        recipient=told.recipient,
        location_id=appointment.location_id,
        appointment_id=appointment.id,
        revision=told.revision,
        give_up_at=appointment.ends_at,
        meeting_id=told.meeting_id,
        priority=FIRST if told.kind == Kind.JOIN_LINK else AFTER,
        to_host=told.to_host,
        resend_of=told.id,
        new_end=True,
    )
