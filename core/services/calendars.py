"""Calendars and where they meet."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Calendar, Location
from core.domain import checks
from core.domain.meeting_place import meeting_detail as checked_detail
from core.domain.states import MeetingLocation
from core.errors import Conflict, InvalidInput, NotFound
from core.services.input import checked, email, unique
from core.services.timeline import note

MINUTES = range(1, 24 * 60 + 1)


def add_calendar(
    session: Session,
    *,
    location: Location,
    name: str,
    meeting_location: str,
    meeting_detail: str | None = None,
    default_minutes: int = 30,
    copy_to_host: bool = False,
    host_email: str | None = None,
    actor: str,
    now: datetime,
) -> Calendar:
    """Add a calendar to *location*. Raises `InvalidInput` or, if the name is taken, `Conflict`."""
    where = meeting_location_named(meeting_location)
    with checked():
        name = checks.text("name", name)
        detail = checked_detail(where, meeting_detail)
    check_minutes(default_minutes)
    host_email = checked_host(host_email, copy_to_host=copy_to_host)
    refuse_taken_name(session, location, name)
    calendar = Calendar(
        location_id=location.id,
        name=name,
        meeting_location=where,
        meeting_detail=detail,
        default_minutes=default_minutes,
        copy_to_host=copy_to_host,
        host_email=host_email,
    )
    session.add(calendar)
    with unique(name_taken(location, name)):
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


def calendar_by_id(session: Session, calendar_id: int) -> Calendar:
    """The calendar with that id. Raises `NotFound`."""
    calendar = session.get(Calendar, calendar_id)
    if calendar is None:
        raise NotFound(f"There is no calendar {calendar_id}.", next_step="List the calendars of the location.")
    return calendar


def list_calendars(session: Session, location: Location) -> list[Calendar]:
    """The calendars of *location*, by name."""
    found = sa.select(Calendar).where(Calendar.location_id == location.id).order_by(Calendar.name)
    return list(session.scalars(found))


def meeting_location_named(value: str) -> MeetingLocation:
    """The meeting location that people write as `Google Meet`, `google-meet` or `google_meet`."""
    try:
        return MeetingLocation(value.strip().lower().replace("-", "_").replace(" ", "_"))
    except ValueError:
        raise InvalidInput("meeting_location", f"{value!r} is none of {', '.join(MeetingLocation)}.") from None


def check_minutes(minutes: int) -> None:
    """Refuse a duration that no appointment can have."""
    if minutes not in MINUTES:
        raise InvalidInput("default_minutes", f"{minutes} is not between 1 and 1440.")


def checked_host(host_email: str | None, *, copy_to_host: bool) -> str | None:
    """The host's address in its normal form; a copy has to go somewhere."""
    if host_email and host_email.strip():
        return email("host_email", host_email)
    if copy_to_host:
        raise InvalidInput("host_email", "is needed for the host to get a copy.")
    return None


def refuse_taken_name(session: Session, location: Location, name: str, *, other_than: int | None = None) -> None:
    """Raise `Conflict` if another calendar of *location* has that name, whatever its case."""
    same_name = sa.func.lower(Calendar.name) == name.lower()
    taken = sa.select(Calendar.id).where(Calendar.location_id == location.id, same_name, Calendar.id != other_than)
    if session.scalar(taken):
        raise name_taken(location, name)


def name_taken(location: Location, name: str) -> Conflict:
    """The refusal of a second calendar of that name."""
    return Conflict(f"{location.name} has a calendar named {name} already.", next_step="Choose another name.")
