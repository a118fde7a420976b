"""`zoompool calendars`: where appointments are booked, and where they meet."""

from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.output import ACTOR, AsJson, InLocation, say, show
from core.services.calendar_edit import CalendarEdit, edit_calendar
from core.services.calendars import add_calendar, find_calendar, list_calendars
from core.services.locations import find_location
from core.services.needed_links import CalendarChange
from core.wiring import wiring

calendars = typer.Typer(help="Where appointments are booked, and where they meet.", no_args_is_help=True)

PLACES = "zoom, phone, google_meet or custom."
Detail = Annotated[str | None, typer.Option(help="The phone number or https address, where it is not Zoom.")]
Host = Annotated[str | None, typer.Option(help="The address of the host, for copies.")]


@calendars.command("add")
def add_one_calendar(
    name: str,
    location: InLocation,
    meeting_location: Annotated[str, typer.Option("--meeting-location", "-m", help=PLACES)] = "zoom",
    detail: Detail = None,
    minutes: Annotated[int, typer.Option(help="How long an appointment takes unless said otherwise.")] = 30,
    host_email: Host = None,
    copy_to_host: Annotated[bool, typer.Option(help="The host gets a copy of every mail.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a calendar to a location."""
    with wiring().sessions.begin() as session:
        calendar = add_calendar(
            session,
            location=find_location(session, location),
            name=name,
            meeting_location=meeting_location,
            meeting_detail=detail,
            default_minutes=minutes,
            copy_to_host=copy_to_host,
            host_email=host_email,
            actor=ACTOR,
            now=utcnow(),
        )
    facts = {"calendar": calendar.name, "location": location, "meeting_location": calendar.meeting_location}
    say(f"Calendar {calendar.name} of {location} meets on {calendar.meeting_location}.", facts, as_json=as_json)


@calendars.command("set")
def set_calendar(
    name: str,
    location: InLocation,
    new_name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    meeting_location: Annotated[str | None, typer.Option("--meeting-location", "-m", help=PLACES)] = None,
    detail: Detail = None,
    minutes: Annotated[int | None, typer.Option(help="How long an appointment takes unless said otherwise.")] = None,
    host_email: Host = None,
    copy_to_host: Annotated[bool | None, typer.Option(help="The host gets a copy of every mail.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change a calendar. What is not named stays as it is, and so do links that are open."""
    given = {
        "name": new_name,
        "meeting_location": meeting_location,
        "meeting_detail": detail,
        "default_minutes": minutes,
        "host_email": host_email,
        "copy_to_host": copy_to_host,
    }
    edit = CalendarEdit(**{field: value for field, value in given.items() if value is not None})  # type: ignore[typeddict-item]
    parts = wiring()
    with parts.sessions.begin() as session:
        calendar = find_calendar(session, find_location(session, location), name)
        change = edit_calendar(session, calendar, edit, hours=parts.hours, actor=ACTOR, now=utcnow())
    facts = {"calendar": calendar.name, "meeting_location": calendar.meeting_location, **vars(change)}
    said = f"Calendar {calendar.name} meets on {calendar.meeting_location}."
    say(f"{said} {_told(change)}".rstrip(), facts, as_json=as_json)


@calendars.command("list")
def list_all_calendars(location: InLocation, as_json: AsJson = False) -> None:
    """List the calendars of a location."""
    with wiring().sessions() as session:
        found = list_calendars(session, find_location(session, location))
    rows = [
        {
            "calendar": each.name,
            "meeting_location": each.meeting_location,
            "detail": each.meeting_detail,
            "minutes": each.default_minutes,
            "copy_to": each.host_email if each.copy_to_host else None,
        }
        for each in found
    ]
    show(
        rows,
        as_json=as_json,
        empty=f"{location} has no calendar. Add one: zoompool calendars add NAME -l '{location}'.",
    )


def _told(change: CalendarChange) -> str:
    """What changes for appointments; empty where nothing does."""
    if change.begin_to_need:
        return f"{change.begin_to_need} appointments need a link by that, {change.due_now} of them at once."
    if change.cease_to_need or change.keep_their_link:
        return f"{change.cease_to_need} appointments need no link any more; {change.keep_their_link} keep theirs."
    return ""
