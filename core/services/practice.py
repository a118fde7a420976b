"""Time that passes for one appointment, so that its whole life can be watched in minutes: in the sandbox alone.

Its revision stays and with it its link, as when one really waits; a reschedule would make another.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from core.db.models import Appointment
from core.db.sql import statements
from core.domain import states
from core.domain.due import OpeningHours
from core.errors import Conflict, NotAllowed, NotFound
from core.services.timeline import note


class Until(StrEnum):
    """Up to what time passes."""

    DUE = "due"
    START = "start"
    END = "end"
    RESTED = "rested"


def let_time_pass(
    session: Session,
    appointment_id: int,
    until: Until,
    *,
    mode: str,
    hours: OpeningHours,
    actor: str,
    role: str,
    now: datetime,
) -> timedelta:
    """Let time pass for an appointment until its link is due, it begins, it ends, or its account has rested.

    Returns how much has passed; nothing for the rest, of which only the remainder is dropped.

    Raises:
        NotAllowed: this is not the sandbox (*mode*).
        NotFound: there is no such appointment.
        Conflict: it has come so far already, or does not take place.
    """
    if mode != "sandbox":
        raise NotAllowed("Time passes by itself: only in the sandbox can it be hurried.")
    appointment = session.get(Appointment, appointment_id, with_for_update={"key_share": True}, populate_existing=True)
    if appointment is None:
        raise NotFound(f"There is no appointment {appointment_id}.")
    account_id = None
    if until is Until.RESTED:
        passed, account_id = timedelta(), _end_rest(session, appointment, now)
    else:
        passed = _remaining(appointment, until, hours, now)
        session.execute(statements("practice")["time_passes"], {"id": appointment.id, "by": passed, "now": now})
    note(
        session,
        f"practice_{until}",
        at=now,
        actor=actor,
        role=role,
        location_id=appointment.location_id,
        appointment_id=appointment.id,
        account_id=account_id,
        seconds=round(passed.total_seconds()),
    )
    return passed


def _remaining(appointment: Appointment, until: Until, hours: OpeningHours, now: datetime) -> timedelta:
    due = hours.due_from(appointment.starts_at)
    at = {Until.DUE: due, Until.START: appointment.starts_at, Until.END: appointment.ends_at}[until]
    over = appointment.status in (states.Appointment.CANCELLED, states.Appointment.MISSED)
    if over or at <= now:
        raise Conflict(
            f"There is nothing to wait for any more: appointment {appointment.external_id} has come further.",
            next_step="Look at it again.",
        )
    return at - now


def _end_rest(session: Session, appointment: Appointment, now: datetime) -> int:
    ended = session.execute(statements("practice")["end_rest"], {"id": appointment.id, "now": now}).first()
    if ended is None:
        raise Conflict(
            f"The account of appointment {appointment.external_id} is not resting.", next_step="Look at it again."
        )
    account_id: int = ended.account_id
    return account_id
