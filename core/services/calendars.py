"""Calendars and where they meet."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Appointment, AppointmentRevision, Calendar, Location
from core.domain import checks
from core.domain.states import Link, MeetingLocation
from core.errors import Conflict, InvalidInput, NotFound
from core.services.input import checked
from core.services.timeline import note


def add_calendar(
    session: Session,
    *,
    location: Location,
    name: str,
    meeting_location: str,
    meeting_detail: str | None = None,
    default_minutes: int = 30,
    actor: str,
    now: datetime,
) -> Calendar:
    """Add a calendar to *location*. Raises `InvalidInput` or, if the name is taken, `Conflict`."""
    with checked():
        name = checks.text("name", name)
    same_name = sa.func.lower(Calendar.name) == name.lower()
    if session.scalar(sa.select(Calendar.id).where(Calendar.location_id == location.id, same_name)):
        raise Conflict(
            f"{location.name} has a calendar named {name} already.",
            next_step="Choose another name.",
        )
    if not 1 <= default_minutes <= 24 * 60:
        raise InvalidInput("default_minutes", f"{default_minutes} is not between 1 and 1440.")
    calendar = Calendar(
        location_id=location.id,
        name=name,
        meeting_location=_meeting_location(meeting_location),
        meeting_detail=meeting_detail,
        default_minutes=default_minutes,
    )
    session.add(calendar)
    session.flush()  # the event needs its id
    note(
        session,
        "calendar_added",
        at=now,
        actor=actor,
        location_id=location.id,
        calendar_id=calendar.id,
    )
    return calendar


def set_meeting_location(
    session: Session,
    *,
    calendar: Calendar,
    meeting_location: str,
    meeting_detail: str | None,
    actor: str,
    now: datetime,
) -> int:
    """Let *calendar* meet elsewhere; how many appointments begin or cease to need a link by that.

    Both ways it counts for appointments whose link is not opened: away from Zoom they get none, to Zoom they get one
    ten minutes before their start, or at once when that has passed. Opened links stay.
    """
    wanted = _meeting_location(meeting_location)
    # Booking reads the calendar FOR SHARE, so no appointment slips in between with the old answer.
    session.execute(sa.select(Calendar.id).where(Calendar.id == calendar.id).with_for_update(key_share=True))
    calendar.meeting_location, calendar.meeting_detail = wanted, meeting_detail
    calendar.row_version += 1
    to_zoom = wanted == MeetingLocation.ZOOM
    concerned = (
        sa.update(Appointment)
        .where(
            Appointment.calendar_id == calendar.id,
            Appointment.status == "booked",
            Appointment.ends_at > now,
        )
        .where(Appointment.link == Link.NOT_NEEDED if to_zoom else Appointment.link.in_((Link.NOT_DUE, Link.WAITING)))
        .values(
            link=Link.NOT_DUE if to_zoom else Link.NOT_NEEDED,
            reason=None,
            reason_detail=None,
        )
        .returning(Appointment.id)
    )
    changed = session.scalars(concerned).all()
    if to_zoom:  # what should have been due before now is due from now on: nobody is late before he was asked
        session.execute(
            sa.update(AppointmentRevision)
            .where(AppointmentRevision.appointment_id.in_(changed), AppointmentRevision.due_at < now)
            .where(AppointmentRevision.outcome.is_(None))
            .values(due_at=now)
        )
    note(
        session,
        "calendar_meets_elsewhere",
        at=now,
        actor=actor,
        location_id=calendar.location_id,
        calendar_id=calendar.id,
        meeting_location=str(wanted),
        appointments=len(changed),
    )
    return len(changed)


def find_calendar(session: Session, location: Location, name: str) -> Calendar:
    """The calendar of *location* by that name. Raises `NotFound`, saying which there are."""
    calendar = session.scalar(
        sa.select(Calendar).where(
            Calendar.location_id == location.id,
            sa.func.lower(Calendar.name) == name.strip().lower(),
        )
    )
    if calendar is None:
        known = [each.name for each in list_calendars(session, location)]
        raise NotFound(
            f"{location.name} has no calendar named {name}.",
            next_step=f"It has: {', '.join(known)}." if known else "Add it first: zoompool calendars add NAME.",
        )
    return calendar


def list_calendars(session: Session, location: Location) -> list[Calendar]:
    """The calendars of *location*, by name."""
    found = sa.select(Calendar).where(Calendar.location_id == location.id).order_by(Calendar.name)
    return list(session.scalars(found))


def _meeting_location(value: str) -> MeetingLocation:
    try:
        return MeetingLocation(value.strip().lower().replace("-", "_").replace(" ", "_"))
    except ValueError:
        raise InvalidInput("meeting_location", f"{value!r} is none of {', '.join(MeetingLocation)}.") from None
