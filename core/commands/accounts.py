"""`zoompool accounts` and `keys`: connections and what protects them."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.output import ACTOR, ROLE, AnyLocation, AsJson, AsRole, Because, InLocation, say, show, unless
from core.db.read.account_history import AccountEvent, events
from core.services.accounts import find_account, list_accounts
from core.services.connect import begin_connect
from core.services.disconnect import Disconnected, disconnect
from core.services.locations import find_location, find_seat
from core.services.quarantine import quarantine, release
from core.wiring import wiring

accounts = typer.Typer(help="Seats that are or were connected.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The address of the account.")]


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


@accounts.command("disconnect")
def disconnect_one(
    email: Email,
    location: InLocation,
    reason: Because = None,
    now: Annotated[bool, typer.Option("--now", help="Although it has something left to do; says what breaks.")] = False,
    confirm: Annotated[
        str | None, typer.Option(help="With --now: the appointment that has it, else the address.")
    ] = None,
    even_live: Annotated[bool, typer.Option(help="With --now: although people are in its meeting.")] = False,
    role: AsRole = ROLE,
    as_json: AsJson = False,
) -> None:
    """Disconnect an account: at rest at once, in use after its last meeting, deletion and recording."""
    parts = wiring()
    with unless("--even-live", "disconnect it all the same: its recording is lost then"):
        done = disconnect(
            parts.sessions,
            parts.ending,
            location=location,
            email=email,
            actor=ACTOR,
            role=role,
            reason=reason,
            clock=utcnow,
            at_once=now,
            confirm=confirm,
            even_live=even_live,
        )
    facts = {"email": done.email, "connection": done.connection, "revoked": done.revoked}
    say(_what_came_of_it(done), facts, as_json=as_json)


def _what_came_of_it(done: Disconnected) -> str:
    if done.connection == "draining":
        return f"{done.email} gets nothing new and is disconnected after its last meeting, deletion and recording."
    broke = " ".join(["", *done.broke.sentences]) if done.broke else ""
    if done.revoked:
        return f"{done.email} is disconnected.{broke}"
    return (
        f"{done.email} is disconnected.{broke} Zoom has not confirmed yet that its access has ended; it is asked again."
    )


@accounts.command("quarantine")
def quarantine_one(
    email: Email,
    location: InLocation,
    reason: Annotated[str, typer.Option(help="Why; people read it beside the account.")],
    hours: Annotated[float | None, typer.Option(help="For how long; until somebody releases it unless given.")] = None,
    role: AsRole = ROLE,
    as_json: AsJson = False,
) -> None:
    """Take an account out of the pool. What it has begun it finishes."""
    until = utcnow() + timedelta(hours=hours) if hours is not None else None
    with wiring().sessions.begin() as session:
        account = quarantine(
            session, location=location, email=email, reason=reason, until=until, actor=ACTOR, role=role, now=utcnow()
        )
    when = f"until {until:%a %d %b %H:%M} UTC" if until else "until somebody releases it"
    say(f"{account.email} is out of the pool {when}.", {"email": account.email, "until": until}, as_json=as_json)


@accounts.command("release")
def release_one(
    email: Email, location: InLocation, reason: Because = None, role: AsRole = ROLE, as_json: AsJson = False
) -> None:
    """Put an account back into the pool that was taken out, by a person or for a fault."""
    with wiring().sessions.begin() as session:
        was_out = release(session, location=location, email=email, reason=reason, actor=ACTOR, role=role, now=utcnow())
    sentence = f"{email} is back in the pool." if was_out else f"{email} was not out of the pool."
    say(sentence, {"email": email, "released": was_out}, as_json=as_json)


@accounts.command("show")
def show_one(
    email: Email,
    location: InLocation,
    limit: Annotated[int, typer.Option(help="At most so many lines.", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what happened to an account, the latest first, and why it was chosen for each appointment."""
    with wiring().sessions() as session:
        lines = events(session, find_account(session, location, email).id, limit=limit)
    rows = [
        {
            "at": line.at,
            "what": line.kind,
            "appointment": line.external_id,
            "by": line.actor,
            "why": line.detail if as_json else _why(line),
        }
        for line in lines
    ]
    show(rows, as_json=as_json, empty="Nothing has happened to it yet.")


def _why(line: AccountEvent) -> str | None:
    """The evidence of a choice, or the reason that is recorded."""
    if line.kind == "lease_granted" and "idle_since" in line.detail:
        since = datetime.fromisoformat(line.detail["idle_since"])
        free = line.detail["free_accounts"]
        return f"idle since {since:%d %b %H:%M:%S} UTC, the {f'longest of {free}' if free > 1 else 'only one'} free"
    reason = line.detail.get("reason")
    return str(reason) if reason else None
