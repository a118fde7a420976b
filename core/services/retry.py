"""Trying a failed link once more because a person asks for it: with an isolated run of its own, and never with two."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.db.models import Appointment
from core.domain import states
from core.errors import Conflict, NotFound
from core.services.timeline import note


@dataclass(frozen=True)
class Retried:
    """Whether a run was asked for just now; if not, one had been asked for before or is under way."""

    external_id: str
    asked: bool

    @property
    def sentence(self) -> str:
        """What came of it, for people."""
        if self.asked:
            return f"The link of appointment {self.external_id} is tried again within half a minute."
        return f"The link of appointment {self.external_id} is being tried again already."


def retry_link(session: Session, appointment_id: int, *, actor: str, role: str, now: datetime) -> Retried:
    """Ask for another isolated run for an appointment whose link failed.

    The next number of its isolated runs is what the sensor starts one for, once. It is raised only when the run before
    has ended, under the appointment's lock: whoever else asks meanwhile finds it raised.

    Raises:
        NotFound: there is no such appointment.
        Conflict: its link has not failed, or it is over.
    """
    appointment = session.get(Appointment, appointment_id, with_for_update={"key_share": True}, populate_existing=True)
    if appointment is None:
        raise NotFound(f"There is no appointment {appointment_id}.")
    if appointment.status != states.Appointment.BOOKED or appointment.ends_at <= now:
        raise Conflict(
            f"Appointment {appointment.external_id} does not take place any more.",
            next_step="Book another one, or reschedule it if it was missed.",
        )
    if appointment.link != states.Link.FAILED:
        raise Conflict(
            f"The link of appointment {appointment.external_id} has not failed: it is {appointment.link}.",
            next_step="Look at the appointment again.",
        )
    # `next_attempt_at` is when the run that has begun is taken for dead and asked for anew by itself.
    under_way = appointment.isolation > appointment.isolation_claimed or appointment.next_attempt_at is not None
    if not under_way:
        appointment.isolation += 1
        note(
            session,
            "link_retried",
            at=now,
            actor=actor,
            location_id=appointment.location_id,
            appointment_id=appointment.id,
            role=role,
            attempt=appointment.isolation,
        )
    return Retried(appointment.external_id, asked=not under_way)
