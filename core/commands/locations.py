"""`zoompool locations`: the tenants."""

from datetime import timedelta
from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.output import ACTOR, AsJson, say, show
from core.errors import InvalidInput
from core.services.location_edit import LocationEdit, edit_location
from core.services.locations import add_location, find_location, list_locations
from core.wiring import wiring

locations = typer.Typer(help="Tenants that own calendars and a pool of accounts.", no_args_is_help=True)
DEFAULT = "default"


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


@locations.command("set")
def set_location(
    name: str,
    new_name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    zone: Annotated[str | None, typer.Option(help="IANA time zone, e.g. Europe/Berlin.")] = None,
    sender_name: Annotated[str | None, typer.Option(help="The name mails come from.")] = None,
    hold_minutes: Annotated[
        str | None, typer.Option(help="How long an account waits for its recording; 'default': the installation's.")
    ] = None,
    suspended: Annotated[
        bool | None, typer.Option("--suspend/--activate", help="Suspended, it gets no new connections or links.")
    ] = None,
    confirm_bookings: Annotated[bool | None, typer.Option(help="Mail a confirmation at booking.")] = None,
    refuse_when_short: Annotated[bool | None, typer.Option(help="Take no booking without an account left.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change a location. What is not named stays as it is."""
    given = {
        "name": new_name,
        "zone": zone,
        "sender_name": sender_name,
        "status": None if suspended is None else "suspended" if suspended else "active",
        "confirm_bookings": confirm_bookings,
        "refuse_when_short": refuse_when_short,
    }
    edit = LocationEdit(**{field: value for field, value in given.items() if value is not None})  # type: ignore[typeddict-item]
    if hold_minutes is not None:
        edit["recording_hold_limit"] = _hold(hold_minutes)
    with wiring().sessions.begin() as session:
        location = find_location(session, name)
        changed = edit_location(session, location, edit, actor=ACTOR, now=utcnow())
    what = ", ".join(field.replace("_", " ") for field in changed)
    said = f"Location {location.name} has changed: {what}." if changed else f"Location {location.name} is like that."
    say(said, {"location": location.name, "status": location.status, "changed": changed}, as_json=as_json)


@locations.command("list")
def list_all_locations(as_json: AsJson = False) -> None:
    """List the locations."""
    with wiring().sessions() as session:
        rows = [{"location": each.name, "zone": each.zone, "status": each.status} for each in list_locations(session)]
    show(rows, as_json=as_json, empty="There is no location yet. Add one: zoompool locations add NAME --zone ZONE.")


def _hold(given: str) -> timedelta | None:
    if given == DEFAULT:
        return None
    try:
        return timedelta(minutes=int(given))
    except (ValueError, OverflowError):
        raise InvalidInput("hold_minutes", f"{given!r} is neither a number of minutes nor '{DEFAULT}'.") from None
