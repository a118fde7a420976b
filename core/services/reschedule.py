"""Rescheduling: the old link dies and its account is freed at once; the new time gets its own link when it is due."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Appointment, AppointmentRevision, Calendar, Lease, Meeting, Message
from core.domain import checks, states
from core.domain.due import OpeningHours
from core.errors import Conflict, StaleState
from core.mail.compose import Kind
from core.services.book import find_appointment
from core.services.input import checked
from core.services.locations import find_location
from core.services.new_end import tell_new_end
from core.services.opening.attempt import Zoom
from core.services.outbox import LINK_FIRST, WAITING, moved, queue_mails, withdraw
from core.services.timeline import note
from core.services.vacate import Inside, Vacated, Vacating, follow_up, look_inside, vacate

Changed = Literal["nothing", "end", "start"]


@dataclass(frozen=True)
class Rescheduled:
    """What came of it: whether the start is another, only the end, or nothing; and how the old account stands."""

    external_id: str
    changed: Changed
    revision: int
    starts_at: datetime
    ends_at: datetime
    account: Vacated

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if self.changed == "nothing":
            return f"Appointment {self.external_id} is at that time already."
        when = f"{self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%H:%M} UTC"
        if self.changed == "end":
            return f"Appointment {self.external_id} now lasts from {when}; its link stays."
        return f"Appointment {self.external_id} is moved to {when}."


@dataclass(frozen=True)
class _NewTime:
    starts_at: datetime
    ends_at: datetime
    hours: OpeningHours
    actor: str
    now: datetime


def reschedule(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    *,
    location: str,
    external_id: str,
    **wish: Any,
) -> Rescheduled:
    """`reschedule_by_id` for those who know the appointment by the names that people use. Raises `NotFound` besides."""
    with sessions() as session:
        appointment = find_appointment(session, find_location(session, location), external_id)
    return reschedule_by_id(sessions, zoom, appointment.id, **wish)


def reschedule_by_id(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    appointment_id: int,
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    actor: str,
    hours: OpeningHours,
    clock: Callable[[], datetime],
    expected_revision: int | None = None,
    end_meeting: bool = False,
) -> Rescheduled:
    """Move an appointment that exists to another time; the same time again changes nothing, another end alone no link.

    Arguments:
        ends_at: None: it lasts as long as before.
        expected_revision: the one that the caller has seen; None: whichever it is.
        end_meeting: if people are inside, end their meeting.

    Raises:
        InvalidInput: the new time cannot be used; names the field.
        StaleState: somebody else moved it first.
        Conflict: it is cancelled or over.
        MeetingInProgress: people are inside, and nobody has said *end_meeting*.
    """
    with sessions() as session:
        appointment = session.get_one(Appointment, appointment_id)
    with checked():
        starts_at = checks.aware("starts_at", starts_at)
        checks.within_reach("starts_at", starts_at, now=clock())
        ends_at = checks.aware("ends_at", ends_at or starts_at + (appointment.ends_at - appointment.starts_at))
    # Where the start stays, nobody has to leave, and Zoom is not asked.
    moves = appointment.starts_at != starts_at
    inside = look_inside(sessions, zoom, appointment.id, now=clock()) if moves or end_meeting else Inside()
    with sessions.begin() as session:
        time = _NewTime(starts_at, ends_at, hours, actor, clock())
        locked = _lock(session, appointment, expected_revision)
        vacating, changed = _apply(session, locked, time, inside, end_meeting=end_meeting)
        revision = locked.revision
    account = follow_up(sessions, zoom, vacating, actor=actor, clock=clock)
    return Rescheduled(appointment.external_id, changed, revision, starts_at, ends_at, account)


def _lock(session: Session, seen: Appointment, expected_revision: int | None) -> Appointment:
    # The calendar before the appointment, as who lets it meet elsewhere does.
    session.execute(sa.select(Calendar.id).where(Calendar.id == seen.calendar_id).with_for_update(read=True))
    locked = session.scalars(
        sa.select(Appointment).where(Appointment.id == seen.id).with_for_update(key_share=True)
    ).one()
    if expected_revision is not None and expected_revision != locked.revision:
        raise StaleState(f"Appointment {locked.external_id} has been moved by somebody else.")
    return locked


def _apply(
    session: Session, appointment: Appointment, time: _NewTime, inside: Inside, *, end_meeting: bool
) -> tuple[Vacating, Changed]:
    _refuse_what_is_over(appointment, time.now)
    if appointment.starts_at == time.starts_at and appointment.status == states.Appointment.BOOKED:
        if appointment.ends_at == time.ends_at:
            return _of_earlier_revisions(session, appointment, inside if end_meeting else Inside()), "nothing"
        _change_end(session, appointment, time)
        return Vacating(), "end"
    with checked():
        checks.span(time.starts_at, time.ends_at, now=time.now)
    vacating = vacate(
        session,
        appointment,
        inside,
        reason=states.Release.RESCHEDULED,
        end_meeting=end_meeting,
        actor=time.actor,
        now=time.now,
    )
    _change_start(session, appointment, time)
    return vacating, "start"


def _refuse_what_is_over(appointment: Appointment, now: datetime) -> None:
    if appointment.status == states.Appointment.CANCELLED:
        raise Conflict(
            f"Appointment {appointment.external_id} is cancelled.", next_step="Book a new one under another id."
        )
    took_place = appointment.status in (states.Appointment.COMPLETED, states.Appointment.NO_SHOW)
    # What got no link and is about to be declared missed may still be moved, as what has been.
    passed = appointment.ends_at <= now and appointment.link in (states.Link.READY, states.Link.NOT_NEEDED)
    if took_place or passed:
        raise Conflict(f"Appointment {appointment.external_id} is over.", next_step="Book a new one.")


def _of_earlier_revisions(session: Session, appointment: Appointment, inside: Inside) -> Vacating:
    """What is left of the times before: a meeting that did not end at the first order is ended at the next."""
    left = session.execute(
        sa.select(Lease.id, Meeting.id.label("meeting_id"))
        .outerjoin(Meeting, Meeting.lease_id == Lease.id)
        .where(Lease.appointment_id == appointment.id, Lease.revision < appointment.revision)
        .where(Lease.released_at.is_(None))
    ).all()
    to_end = [row.meeting_id for row in left if row.meeting_id in inside.started]
    return Vacating(sorted({row.id for row in left}), to_end=to_end)


def _change_end(session: Session, appointment: Appointment, time: _NewTime) -> None:
    with checked():
        checks.duration(time.starts_at, time.ends_at)
        checks.ahead("ends_at", time.ends_at, now=time.now)
    appointment.ends_at = time.ends_at
    appointment.row_version += 1
    session.execute(
        sa.update(AppointmentRevision)
        .where(AppointmentRevision.appointment_id == appointment.id)
        .where(AppointmentRevision.revision == appointment.revision)
        .values(ends_at=time.ends_at)
    )
    # A link that could not leave yet is of use for as long as the appointment lasts now.
    session.execute(
        sa.update(Message)
        .where(Message.appointment_id == appointment.id, Message.revision == appointment.revision)
        .where(Message.kind == Kind.JOIN_LINK, Message.status.in_((*WAITING, states.Message.IN_FLIGHT)))
        .values(give_up_at=time.ends_at)
    )
    session.execute(
        sa.update(Lease)
        .where(Lease.appointment_id == appointment.id, Lease.revision == appointment.revision)
        .where(Lease.released_at.is_(None))
        .values(look_at=time.now)
    )
    tell_new_end(session, appointment, now=time.now)
    _note(session, "appointment_end_changed", appointment, time)


def _change_start(session: Session, appointment: Appointment, time: _NewTime) -> None:
    session.execute(
        sa.update(AppointmentRevision)
        .where(AppointmentRevision.appointment_id == appointment.id)
        .where(AppointmentRevision.revision == appointment.revision, AppointmentRevision.outcome.is_(None))
        .values(outcome="rescheduled")
    )
    needs_link = session.get_one(Calendar, appointment.calendar_id).meeting_location == states.MeetingLocation.ZOOM
    appointment.revision += 1
    appointment.row_version += 1
    appointment.starts_at, appointment.ends_at = time.starts_at, time.ends_at
    appointment.status = states.Appointment.BOOKED
    appointment.link = states.Link.NOT_DUE if needs_link else states.Link.NOT_NEEDED
    appointment.reason = appointment.reason_detail = None
    appointment.isolated_at = appointment.next_attempt_at = appointment.escalated_at = None
    appointment.attempts, appointment.not_recorded = 0, False
    session.flush()  # what follows looks at the appointment as it is now
    due_at = max(time.hours.due_from(time.starts_at), time.now)
    session.execute(
        sa.insert(AppointmentRevision).values(
            appointment_id=appointment.id,
            revision=appointment.revision,
            location_id=appointment.location_id,
            starts_at=time.starts_at,
            ends_at=time.ends_at,
            due_at=due_at,
        )
    )
    _note(session, "appointment_rescheduled", appointment, time)
    # The mail of a link that follows at once says both, and the notice is dropped; but there may be no account for it.
    link_follows_at_once = needs_link and due_at <= time.now
    if withdraw(session, appointment.id, reason="moved"):
        notice = moved(
            recipient=appointment.client_email,
            location_id=appointment.location_id,
            appointment_id=appointment.id,
            revision=appointment.revision,
            starts_at=time.starts_at,
            not_before=time.now + LINK_FIRST if link_follows_at_once else None,
        )
        queue_mails(session, [notice], now=time.now)


def _note(session: Session, kind: str, appointment: Appointment, time: _NewTime) -> None:
    note(
        session,
        kind,
        at=time.now,
        actor=time.actor,
        location_id=appointment.location_id,
        appointment_id=appointment.id,
        revision=appointment.revision,
        starts_at=time.starts_at.isoformat(),
        ends_at=time.ends_at.isoformat(),
    )
