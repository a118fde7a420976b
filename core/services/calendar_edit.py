"""Editing a calendar: its name, where it meets, how long its appointments take, who gets a copy."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy.orm import Session

from core.db.models import Calendar, Location
from core.domain import checks
from core.domain.due import OpeningHours
from core.domain.meeting_place import meeting_detail as checked_detail
from core.errors import StaleState
from core.services.calendars import (
    check_minutes,
    checked_host,
    meeting_location_named,
    name_taken,
    refuse_taken_name,
)
from core.services.input import checked, unique
from core.services.needed_links import CalendarChange, change_needed_links, leaves_or_reaches_zoom
from core.services.timeline import note


class CalendarEdit(TypedDict, total=False):
    """What is to be changed; what is left out stays as it is."""

    name: str
    meeting_location: str
    meeting_detail: str | None
    default_minutes: int
    copy_to_host: bool
    host_email: str | None


def edit_calendar(
    session: Session,
    calendar: Calendar,
    edit: CalendarEdit,
    *,
    expected_version: int | None = None,
    hours: OpeningHours,
    actor: str,
    now: datetime,
) -> CalendarChange:
    """Change *calendar*; what that means for the links of its appointments.

    Links that were made stay. Away from Zoom, appointments without one get none; to Zoom, they get one within the lead
    time of their start, or at once where that has begun. The same values again change nothing.

    Args:
        expected_version: the row version that the caller has seen; None: whichever it is.

    Raises:
        InvalidInput: a value cannot be used; names the field.
        Conflict: the name is taken.
        StaleState: somebody else changed the calendar first.
    """
    # Booking reads the calendar FOR SHARE, so no appointment slips in between with the old answer.
    session.refresh(calendar, with_for_update={"key_share": True})
    if expected_version is not None and expected_version != calendar.row_version:
        raise StaleState(f"The calendar {calendar.name} has been changed by somebody else.")
    location = session.get_one(Location, calendar.location_id)
    wanted = _wanted(calendar, edit)
    changed = [field for field, value in wanted.items() if getattr(calendar, field) != value]
    if not changed:
        return CalendarChange()
    if "name" in changed:
        refuse_taken_name(session, location, wanted["name"], other_than=calendar.id)
    change = CalendarChange()
    if leaves_or_reaches_zoom(calendar, wanted["meeting_location"]):
        change = change_needed_links(session, calendar, wanted["meeting_location"], hours=hours, actor=actor, now=now)
    for field in changed:
        setattr(calendar, field, wanted[field])
    calendar.row_version += 1
    with unique(name_taken(location, calendar.name)):
        session.flush()
    _note(session, calendar, changed, change, actor, now)
    return change


def _wanted(calendar: Calendar, edit: CalendarEdit) -> Mapping[str, Any]:
    """Every field as it shall be, checked together: a number belongs to the place where it is called."""
    where = meeting_location_named(edit.get("meeting_location", calendar.meeting_location))
    # The number of the old place says nothing about the new one.
    before = calendar.meeting_detail if where == calendar.meeting_location else None
    copy = edit.get("copy_to_host", calendar.copy_to_host)
    minutes = edit.get("default_minutes", calendar.default_minutes)
    with checked():
        name = checks.text("name", edit.get("name", calendar.name))
        detail = checked_detail(where, edit.get("meeting_detail", before)) if _says_where(edit) else before
    check_minutes(minutes)
    host = checked_host(edit.get("host_email", calendar.host_email), copy_to_host=copy)
    return {
        "name": name,
        "meeting_location": where,
        "meeting_detail": detail,
        "default_minutes": minutes,
        "copy_to_host": copy,
        "host_email": host,
    }


def _says_where(edit: CalendarEdit) -> bool:
    """Numbers were not always asked for: one that is missing from before must not keep a calendar from a new name."""
    return "meeting_location" in edit or "meeting_detail" in edit


def _note(
    session: Session, calendar: Calendar, changed: list[str], change: CalendarChange, actor: str, now: datetime
) -> None:
    moved = "meeting_location" in changed
    about: dict[str, Any] = {"location_id": calendar.location_id, "calendar_id": calendar.id, "fields": changed}
    if moved:
        about |= {"meeting_location": str(calendar.meeting_location), **vars(change)}
    note(session, "calendar_meets_elsewhere" if moved else "calendar_edited", at=now, actor=actor, **about)
