"""`zoompool accounts` and `keys`: connections and what protects them."""

from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.output import ACTOR, AnyLocation, AsJson, InLocation, say, show
from core.services.accounts import list_accounts
from core.services.connect import begin_connect
from core.services.locations import find_location, find_seat
from core.wiring import wiring

accounts = typer.Typer(help="Seats that are or were connected.", no_args_is_help=True)


@accounts.command("connect")
def connect(
    email: Annotated[str, typer.Argument(help="The address of an issued seat.")],
    location: InLocation,
    as_json: AsJson = False,
) -> None:
    """Print the address where a person lets us use this seat. It works once, for ten minutes."""
    parts = wiring()
    with parts.sessions.begin() as session:
        place = find_location(session, location)
        seat = find_seat(session, place, email)
        address = begin_connect(
            session, parts.oauth, parts.vault, location_id=place.id, seat_id=seat.id, actor=ACTOR, now=utcnow()
        )
    say(
        f"Open this address, sign in to Zoom as {seat.email} and allow access:\n{address}",
        {"seat": seat.email, "address": address},
        as_json=as_json,
    )


@accounts.command("list")
def list_connected(location: AnyLocation = None, as_json: AsJson = False) -> None:
    """List the accounts with what they are doing."""
    parts = wiring()
    with parts.sessions() as session:
        place = find_location(session, location).id if location else None
        lines = list_accounts(session, now=utcnow(), cooldown=parts.settings.cooldown, location_id=place)
    rows = [
        {
            "email": line.email,
            "location": line.location,
            "state": line.state,
            "lease_state": line.lease_state,
            "idle_since": line.idle_since,
            "busy_until": line.busy_until,
        }
        for line in lines
    ]
    show(
        rows,
        as_json=as_json,
        empty="No account is connected. Connect one: zoompool accounts connect EMAIL -l LOCATION.",
    )
