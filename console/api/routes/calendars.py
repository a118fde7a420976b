"""Calendars: where appointments are booked, and where they meet."""

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from console.api.caller import Administers, Caller, Reads
from console.api.idempotency import Answer, Once
from console.api.routes.locations import seen_location
from console.api.schemas.base import PathId
from console.api.schemas.calendar import (
    CalendarBody,
    CalendarChanges,
    Calendars,
    ChangedCalendar,
    NewCalendar,
    calendar_body,
    changed_calendar,
)
from console.database import sessions
from core.clock import utcnow
from core.db.models import Calendar
from core.services import calendars
from core.services.calendar_edit import CalendarEdit, edit_calendar
from core.wiring import wiring

router = APIRouter(tags=["Calendars"])


@router.get("/locations/{location_id}/calendars")
def list_calendars(location_id: PathId, caller: Reads) -> Calendars:
    """The calendars of a location, by name."""
    with sessions()() as session:
        location = seen_location(session, location_id, caller)
        return Calendars(items=[calendar_body(each) for each in calendars.list_calendars(session, location)])


@router.post("/locations/{location_id}/calendars", status_code=201, response_model=CalendarBody)
def create_calendar(location_id: PathId, body: NewCalendar, caller: Administers, once: Once) -> Response:
    """Add a calendar to a location."""

    def work(session: Session) -> Answer:
        location = seen_location(session, location_id, caller)
        calendar = calendars.add_calendar(
            session, location=location, **body.model_dump(), actor=caller.actor, now=utcnow()
        )
        session.refresh(calendar)
        return Answer(201, calendar_body(calendar))

    return once.in_one_transaction(work)


@router.get("/calendars/{calendar_id}")
def get_calendar(calendar_id: PathId, caller: Reads) -> CalendarBody:
    """A calendar as it stands."""
    with sessions()() as session:
        return calendar_body(_seen(session, calendar_id, caller))


@router.patch("/calendars/{calendar_id}", response_model=ChangedCalendar)
def update_calendar(calendar_id: PathId, body: CalendarChanges, caller: Administers, once: Once) -> Response:
    """Change a calendar; what is left out stays as it is.

    Away from Zoom, appointments whose link is not made yet get none, and opened links stay. To Zoom, appointments get a
    link ten minutes before their start, or at once where that has begun. The answer says how many of each.
    """

    def work(session: Session) -> Answer:
        calendar = _seen(session, calendar_id, caller)
        change = edit_calendar(
            session,
            calendar,
            CalendarEdit(**body.edit()),  # type: ignore[typeddict-item]
            expected_version=body.expected_version,
            hours=wiring().hours,
            actor=caller.actor,
            now=utcnow(),
        )
        return Answer(200, changed_calendar(calendar, change))

    return once.in_one_transaction(work)


def _seen(session: Session, calendar_id: int, caller: Caller) -> Calendar:
    calendar = session.get(Calendar, calendar_id)
    caller.require(calendar.location_id if calendar else None, "calendar")
    return calendars.calendar_by_id(session, calendar_id)
