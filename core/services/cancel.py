"""Cancelling: the appointment at once, its meeting on Zoom right after, its account as soon as Zoom has confirmed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Appointment, AppointmentRevision
from core.domain import states
from core.errors import Conflict, StaleState
from core.services.book import find_appointment
from core.services.locations import find_location
from core.services.opening.attempt import Zoom
from core.services.outbox import cancelled, queue_mails, withdraw
from core.services.timeline import note
from core.services.vacate import Inside, Vacated, Vacating, follow_up, look_inside, still_leased, vacate

OVER = (
    states.Appointment.COMPLETED,
    states.Appointment.NO_SHOW,
    states.Appointment.MISSED,
)


@dataclass(frozen=True)
class Cancelled:
    """What came of a cancellation, and how its account stands."""

    external_id: str
    was_cancelled_before: bool
    account: Vacated


def cancel(sessions: sessionmaker[Session], zoom: Zoom, *, location: str, external_id: str, **wish: Any) -> Cancelled:
    """`cancel_by_id` for those who know the appointment by the names that people use. Raises `NotFound` besides."""
    with sessions() as session:
        appointment = find_appointment(session, find_location(session, location), external_id)
    return cancel_by_id(sessions, zoom, appointment.id, **wish)


def cancel_by_id(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    appointment_id: int,
    *,
    actor: str,
    clock: Callable[[], datetime],
    expected_revision: int | None = None,
    end_meeting: bool = False,
) -> Cancelled:
    """Cancel an appointment that exists. Cancelling twice is fine; before the link was opened no call to Zoom is made.

    Arguments:
        expected_revision: the one that the caller has seen; None: whichever it is.
        end_meeting: if people are inside, end their meeting. Repeated until Zoom has confirmed it, this asks again.

    Raises:
        StaleState: somebody else moved it first.
        Conflict: it is over already.
        MeetingInProgress: people are inside, and nobody has said *end_meeting*.
    """
    inside = look_inside(sessions, zoom, appointment_id, now=clock())
    with sessions.begin() as session:
        appointment = session.scalars(
            sa.select(Appointment).where(Appointment.id == appointment_id).with_for_update(key_share=True)
        ).one()
        if expected_revision is not None and expected_revision != appointment.revision:
            raise StaleState(f"Appointment {appointment.external_id} has been moved by somebody else.")
        vacating, before = _cancel(session, appointment, inside, end_meeting=end_meeting, actor=actor, now=clock())
    account = follow_up(sessions, zoom, vacating, actor=actor, clock=clock)
    return Cancelled(appointment.external_id, before, account)


def _cancel(
    session: Session, appointment: Appointment, inside: Inside, *, end_meeting: bool, actor: str, now: datetime
) -> tuple[Vacating, bool]:
    """The transaction of a cancellation: what is to be done on Zoom, and whether it was cancelled before."""
    if appointment.status == states.Appointment.CANCELLED:
        again = sorted(inside.started) if end_meeting else []
        return Vacating(still_leased(session, appointment.id), to_end=again), True
    if appointment.status in OVER or appointment.ends_at <= now:
        raise Conflict(
            f"Appointment {appointment.external_id} is over.",
            next_step="There is nothing left to cancel; book a new one.",
        )
    _mark(session, appointment, now)
    vacating = vacate(
        session,
        appointment,
        inside,
        reason=states.Release.CANCELLED,
        end_meeting=end_meeting,
        actor=actor,
        now=now,
    )
    note(
        session,
        "appointment_cancelled",
        at=now,
        actor=actor,
        location_id=appointment.location_id,
        appointment_id=appointment.id,
    )
    if withdraw(session, appointment.id, reason="cancelled"):
        notice = cancelled(
            recipient=appointment.client_email,
            location_id=appointment.location_id,
            appointment_id=appointment.id,
            revision=appointment.revision,
            ends_at=appointment.ends_at,
        )
        queue_mails(session, [notice], now=now)
    return vacating, False


def _mark(session: Session, appointment: Appointment, now: datetime) -> None:
    appointment.status, appointment.link = states.Appointment.CANCELLED, states.Link.ENDED
    appointment.cancelled_at = now
    appointment.reason = appointment.reason_detail = appointment.isolated_at = appointment.next_attempt_at = None
    appointment.row_version += 1
    session.flush()  # what follows looks at the appointment as it is now
    session.execute(
        sa.update(AppointmentRevision)
        .where(
            AppointmentRevision.appointment_id == appointment.id,
            AppointmentRevision.revision == appointment.revision,
        )
        .where(AppointmentRevision.outcome.is_(None))
        .values(outcome="cancelled")
    )
