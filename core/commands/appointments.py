"""`zoompool appointments`."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.appointment_list import list_them
from core.commands.output import ACTOR, AsJson, InLocation, say, unless
from core.commands.starts import InZone, StartsAt, moment
from core.domain.local_time import abbreviation, on_the_wall
from core.services.book import book, find_appointment
from core.services.booking import Booking
from core.services.calendars import find_calendar
from core.services.cancel import cancel
from core.services.change_client import change_client
from core.services.locations import find_location
from core.services.reschedule import reschedule
from core.wiring import wiring

appointments = typer.Typer(help="What clients booked.", no_args_is_help=True)

EndMeeting = Annotated[bool, typer.Option("--end-meeting", help="If people are inside, end their meeting.")]


@appointments.command("book")
def book_one(
    external_id: Annotated[str, typer.Argument(help="Your own id; booking it again changes nothing.")],
    location: InLocation,
    calendar: Annotated[str, typer.Option("--calendar", "-c", help="The name of the calendar.")],
    starts_at: StartsAt,
    client_name: Annotated[str, typer.Option(help="Who comes.")],
    client_email: Annotated[str, typer.Option(help="Where the link goes.")],
    client_zone: Annotated[
        str | None, typer.Option(help="The client's time zone; the location's unless given.")
    ] = None,
    zone: InZone = None,
    minutes: Annotated[int | None, typer.Option(help="How long; the calendar's default unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Book an appointment. Its link is made ten minutes before it starts."""
    parts = wiring()
    now = utcnow()
    with parts.sessions.begin() as session:
        place = find_location(session, location)
        where = find_calendar(session, place, calendar)
        start = moment(starts_at, zone, location_zone=place.zone, now=now)
        booking = Booking(
            external_id=external_id,
            client_name=client_name,
            client_email=client_email,
            client_zone=client_zone or place.zone,
            starts_at=start,
            ends_at=start + timedelta(minutes=where.default_minutes if minutes is None else minutes),
        )
        booked = book(
            session,
            booking,
            location=place,
            calendar=where,
            hours=parts.hours,
            cooldown=parts.settings.cooldown,
            actor=ACTOR,
            now=now,
        )
    say(
        f"Appointment {booked.external_id} is booked for {_in_both(booked.starts_at, zone or place.zone)}.",
        {"external_id": booked.external_id, "starts_at": booked.starts_at, "link_state": booked.link},
        as_json=as_json,
    )


@appointments.command("cancel")
def cancel_one(
    external_id: str, location: InLocation, end_meeting: EndMeeting = False, as_json: AsJson = False
) -> None:
    """Cancel an appointment, delete its meeting on Zoom and free the account."""
    parts = wiring()
    with unless("--end-meeting", "end it"):
        done = cancel(
            parts.sessions,
            parts.zoom,
            location=location,
            external_id=external_id,
            actor=ACTOR,
            clock=utcnow,
            end_meeting=end_meeting,
        )
    was = "was cancelled already" if done.was_cancelled_before else "is cancelled"
    facts = {"external_id": done.external_id, "status": "cancelled", "account_free": done.account.free}
    say(f"Appointment {done.external_id} {was}. {done.account.why_not_free}".rstrip(), facts, as_json=as_json)


@appointments.command("reschedule")
def reschedule_one(
    external_id: str,
    location: InLocation,
    starts_at: StartsAt,
    zone: InZone = None,
    minutes: Annotated[int | None, typer.Option(help="How long; as long as before unless given.")] = None,
    end_meeting: EndMeeting = False,
    as_json: AsJson = False,
) -> None:
    """Move an appointment to another time. It gets a new link ten minutes before its new start."""
    parts = wiring()
    with parts.sessions() as session:
        place = find_location(session, location)
        booked = find_appointment(session, place, external_id)
    start = moment(starts_at, zone, location_zone=place.zone, now=utcnow())
    length = booked.ends_at - booked.starts_at if minutes is None else timedelta(minutes=minutes)
    with unless("--end-meeting", "end it"):
        done = reschedule(
            parts.sessions,
            parts.zoom,
            location=location,
            external_id=external_id,
            starts_at=start,
            ends_at=start + length,
            actor=ACTOR,
            hours=parts.hours,
            clock=utcnow,
            end_meeting=end_meeting,
        )
    facts = {
        "external_id": done.external_id,
        "changed": done.changed,
        "revision": done.revision,
        "starts_at": done.starts_at,
        "ends_at": done.ends_at,
        "account_free": done.account.free,
    }
    say(f"{done.sentence} {done.account.why_not_free}".rstrip(), facts, as_json=as_json)


appointments.command("list")(list_them)


@appointments.command("change-client")
def change_one_client(
    external_id: str,
    location: InLocation,
    client_name: Annotated[str | None, typer.Option(help="Who comes.")] = None,
    client_email: Annotated[str | None, typer.Option(help="Where mail goes; what has not left follows.")] = None,
    client_zone: Annotated[str | None, typer.Option(help="The client's time zone.")] = None,
    as_json: AsJson = False,
) -> None:
    """Correct who the client is. What was sent can be sent again: zoompool messages resend."""
    with wiring().sessions.begin() as session:
        booked = find_appointment(session, find_location(session, location), external_id)
        done = change_client(
            session,
            booked.id,
            client_name=client_name,
            client_email=client_email,
            client_zone=client_zone,
            actor=ACTOR,
            now=utcnow(),
        )
    offer = "".join(f" Send it again: zoompool messages resend {each.message_id} ({each.kind})." for each in done.offer)
    facts = {
        "external_id": external_id,
        "changed": list(done.fields),
        "following": done.following,
        "resendable": [each.message_id for each in done.offer],
    }
    say(done.sentence + offer, facts, as_json=as_json)


def _in_both(at: datetime, zone: str) -> str:
    """As it was meant, and as everything else is told: `2026-10-25 02:30 CEST (00:30 UTC)`."""
    return f"{on_the_wall(at, zone):%Y-%m-%d %H:%M} {abbreviation(at, zone)} ({at:%H:%M} UTC)"
