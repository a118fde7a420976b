"""Cancelling: the appointment at once, its meeting on Zoom right after, its account as soon as Zoom has confirmed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Appointment, AppointmentRevision, Lease, Location, Meeting
from core.db.sql import statements
from core.domain import states
from core.errors import Conflict, MeetingInProgress, ZoomPoolError
from core.services.book import find_appointment
from core.services.closing import finish, settle_owed
from core.services.locations import find_location
from core.services.opening.attempt import Zoom
from core.services.outbox import cancelled, queue_mails, withdraw
from core.services.timeline import note

# An intent that a run is at work on gets its result, or its time-out, within this time.
LOOK_AFTER = timedelta(seconds=30)
OVER = (
    states.Appointment.COMPLETED,
    states.Appointment.NO_SHOW,
    states.Appointment.MISSED,
)


@dataclass(frozen=True)
class Cancelled:
    """What came of a cancellation. *account_free* is False while Zoom has not confirmed that the meeting is gone."""

    external_id: str
    was_cancelled_before: bool
    account_free: bool


def cancel(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    *,
    location: str,
    external_id: str,
    actor: str,
    clock: Callable[[], datetime],
) -> Cancelled:
    """Cancel an appointment. Cancelling twice is fine; before the link was opened no call to Zoom is made.

    Raises:
        NotFound: there is no such appointment.
        Conflict: it is over already.
        MeetingInProgress: people are inside.
    """
    with sessions() as session:
        place = find_location(session, location)
        appointment = find_appointment(session, place, external_id)
    _refuse_while_live(sessions, zoom, appointment, clock())
    with sessions.begin() as session:
        leases, meetings, before = _cancel(session, place, appointment, actor=actor, now=clock())
    if meetings:
        settle_owed(sessions, zoom, clock=clock, run_id=None, actor=actor, only=meetings)
    with sessions() as session:
        open_leases = sa.select(Lease.id).where(Lease.id.in_(leases), Lease.released_at.is_(None))
        free = session.scalar(open_leases) is None
    return Cancelled(appointment.external_id, before, free)


def _cancel(
    session: Session,
    place: Location,
    appointment: Appointment,
    *,
    actor: str,
    now: datetime,
) -> tuple[list[int], list[int], bool]:
    """The transaction of a cancellation: the leases that close, the meetings to delete, and whether it was before."""
    locked = session.scalars(
        sa.select(Appointment).where(Appointment.id == appointment.id).with_for_update(key_share=True)
    ).one()
    if locked.status == states.Appointment.CANCELLED:
        return [], [], True
    if locked.status in OVER or locked.ends_at <= now:
        raise Conflict(
            f"Appointment {locked.external_id} is over.",
            next_step="There is nothing left to cancel; book a new one.",
        )
    locked.status, locked.link, locked.cancelled_at = (
        states.Appointment.CANCELLED,
        states.Link.ENDED,
        now,
    )
    locked.reason = locked.reason_detail = locked.isolated_at = locked.next_attempt_at = None
    locked.row_version += 1
    session.flush()  # what follows looks at the appointment as it is now
    session.execute(
        sa.update(AppointmentRevision)
        .where(
            AppointmentRevision.appointment_id == locked.id,
            AppointmentRevision.revision == locked.revision,
        )
        .where(AppointmentRevision.outcome.is_(None))
        .values(outcome="cancelled")
    )
    leases, meetings = close_leases(session, locked, reason=states.Release.CANCELLED, actor=actor, now=now)
    note(
        session,
        "appointment_cancelled",
        at=now,
        actor=actor,
        location_id=place.id,
        appointment_id=locked.id,
    )
    if withdraw(session, locked.id, reason="cancelled"):
        notice = cancelled(
            recipient=locked.client_email,
            location_id=place.id,
            appointment_id=locked.id,
            revision=locked.revision,
            ends_at=locked.ends_at,
        )
        queue_mails(session, [notice], now=now)
    return leases, meetings, False


def close_leases(
    session: Session,
    appointment: Appointment,
    *,
    reason: states.Release,
    actor: str,
    now: datetime,
) -> tuple[list[int], list[int]]:
    """Put the open leases of *appointment* into closing; returns them and the meetings owed to Zoom now."""
    sql = statements("closing")
    given = {"appointment_id": appointment.id, "reason": reason, "now": now}
    leases = [row.id for row in session.execute(sql["close_leases"], given)]
    if not leases:
        return [], []
    meetings = list(
        session.scalars(
            sql["want_deletion"],
            {"leases": leases, "now": now, "look_at": now + LOOK_AFTER},
        )
    )
    finish(session, leases, run_id=None, actor=actor, now=now)
    return leases, meetings


def _refuse_while_live(sessions: sessionmaker[Session], zoom: Zoom, appointment: Appointment, now: datetime) -> None:
    """Ask Zoom before anything is changed; while it does not answer, the deletion itself asks again."""
    with sessions() as session:
        made = session.execute(
            sa.select(Meeting.zoom_meeting_id, Meeting.account_id)
            .join(Lease, Lease.id == Meeting.lease_id)
            .where(
                Lease.appointment_id == appointment.id,
                Lease.released_at.is_(None),
                Lease.state != "closing",
            )
            .where(Meeting.state == states.Meeting.CREATED)
        ).first()
    if made is None:
        return
    try:
        credentials = zoom.tokens.fresh([made.account_id], now=now).ready[made.account_id]
        meeting = zoom.tokens.using(
            credentials,
            lambda c: zoom.client.get_meeting(c, str(made.zoom_meeting_id)),
            now=now,
        )
    except (KeyError, ZoomPoolError):
        return
    if meeting.started:
        raise MeetingInProgress(f"People are in the meeting of appointment {appointment.external_id}.")
