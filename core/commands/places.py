"""`zoompool locations`, `calendars` and `seats`: who owns what."""

from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.output import ACTOR, ROLE, AnyLocation, AsJson, AsRole, Because, InLocation, say, show
from core.services.calendars import add_calendar, find_calendar, list_calendars, set_meeting_location
from core.services.locations import add_location, find_location, issue_seat, list_locations, list_seats
from core.services.seats import move_seat, take_back
from core.wiring import wiring

locations = typer.Typer(help="Tenants that own calendars and a pool of accounts.", no_args_is_help=True)
calendars = typer.Typer(help="Where appointments are booked, and where they meet.", no_args_is_help=True)
seats = typer.Typer(help="Licensed Zoom users issued to a location.", no_args_is_help=True)

MeetsOn = Annotated[str, typer.Option("--meeting-location", "-m", help="zoom, phone, google_meet or custom.")]
Detail = Annotated[str | None, typer.Option(help="The phone number or address, where it is not Zoom.")]


@locations.command("add")
def add(
    name: str,
    zone: Annotated[str, typer.Option(help="IANA time zone, e.g. Europe/Berlin.")],
    sender_name: Annotated[str | None, typer.Option(help="The name mails come from; its own unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a location."""
    with wiring().sessions.begin() as session:
        location = add_location(session, name=name, zone=zone, sender_name=sender_name, actor=ACTOR, now=utcnow())
    say(f"Location {location.name} is there.", {"location": location.name, "zone": location.zone}, as_json=as_json)


@locations.command("list")
def list_all_locations(as_json: AsJson = False) -> None:
    """List the locations."""
    with wiring().sessions() as session:
        rows = [{"location": each.name, "zone": each.zone, "status": each.status} for each in list_locations(session)]
    show(rows, as_json=as_json, empty="There is no location yet. Add one: zoompool locations add NAME --zone ZONE.")


@calendars.command("add")
def add_one_calendar(
    name: str,
    location: InLocation,
    meeting_location: MeetsOn = "zoom",
    detail: Detail = None,
    minutes: Annotated[int, typer.Option(help="How long an appointment takes unless said otherwise.")] = 30,
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
            actor=ACTOR,
            now=utcnow(),
        )
    facts = {"calendar": calendar.name, "location": location, "meeting_location": calendar.meeting_location}
    say(f"Calendar {calendar.name} of {location} meets on {calendar.meeting_location}.", facts, as_json=as_json)


@calendars.command("set")
def set_calendar(
    name: str, location: InLocation, meeting_location: MeetsOn, detail: Detail = None, as_json: AsJson = False
) -> None:
    """Let a calendar meet elsewhere. Links that are open stay."""
    with wiring().sessions.begin() as session:
        calendar = find_calendar(session, find_location(session, location), name)
        changed = set_meeting_location(
            session,
            calendar=calendar,
            meeting_location=meeting_location,
            meeting_detail=detail,
            actor=ACTOR,
            now=utcnow(),
        )
    facts = {"calendar": name, "meeting_location": calendar.meeting_location, "appointments_changed": changed}
    say(
        f"Calendar {name} meets on {calendar.meeting_location}; {changed} appointments changed by that.",
        facts,
        as_json=as_json,
    )


@calendars.command("list")
def list_all_calendars(location: InLocation, as_json: AsJson = False) -> None:
    """List the calendars of a location."""
    with wiring().sessions() as session:
        found = list_calendars(session, find_location(session, location))
    rows = [
        {"calendar": each.name, "meeting_location": each.meeting_location, "minutes": each.default_minutes}
        for each in found
    ]
    show(
        rows,
        as_json=as_json,
        empty=f"{location} has no calendar. Add one: zoompool calendars add NAME -l '{location}'.",
    )


@seats.command("issue")
def issue(email: str, location: InLocation, as_json: AsJson = False) -> None:
    """Issue a licensed Zoom user to a location."""
    with wiring().sessions.begin() as session:
        seat = issue_seat(session, location=find_location(session, location), address=email, actor=ACTOR, now=utcnow())
    say(
        f"Seat {seat.email} is issued to {location}. "
        f"Connect it: zoompool accounts connect {seat.email} -l '{location}'.",
        {"seat": seat.email, "location": location},
        as_json=as_json,
    )


@seats.command("take-back")
def take_one_back(
    email: str, location: InLocation, reason: Because = None, role: AsRole = ROLE, as_json: AsJson = False
) -> None:
    """Take a seat back from a location. Its account is disconnected first; in use, it drains."""
    parts = wiring()
    seat = take_back(
        parts.sessions,
        parts.ending,
        location=location,
        email=email,
        actor=ACTOR,
        role=role,
        reason=reason,
        clock=utcnow,
    )
    facts = {"seat": seat.email, "taken_back_at": seat.taken_back_at}
    say(f"Seat {seat.email} is taken back from {location}.", facts, as_json=as_json)


@seats.command("move")
def move_one(
    email: str,
    origin: Annotated[str, typer.Option("--from", help="The location that has it.")],
    target: Annotated[str, typer.Option("--to", help="The location that gets it.")],
    reason: Because = None,
    role: AsRole = ROLE,
    as_json: AsJson = False,
) -> None:
    """Move a seat to another location, where it is connected anew. Its account is disconnected first."""
    parts = wiring()
    seat = move_seat(
        parts.sessions,
        parts.ending,
        email=email,
        origin=origin,
        target=target,
        actor=ACTOR,
        role=role,
        reason=reason,
        clock=utcnow,
    )
    say(
        f"Seat {seat.email} is issued to {target}. Connect it: zoompool accounts connect {seat.email} -l '{target}'.",
        {"seat": seat.email, "location": target},
        as_json=as_json,
    )


@seats.command("list")
def list_issued(location: AnyLocation = None, as_json: AsJson = False) -> None:
    """List the issued seats."""
    with wiring().sessions() as session:
        places = [find_location(session, location)] if location else list_locations(session)
        rows = [
            {"seat": seat.email, "location": place.name, "issued_at": seat.issued_at}
            for place in places
            for seat in list_seats(session, place)
        ]
    show(rows, as_json=as_json, empty="No seat is issued yet. Issue one: zoompool seats issue EMAIL -l LOCATION.")
