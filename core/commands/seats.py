"""`zoompool seats`: the licensed Zoom users that are issued to locations."""

from pathlib import Path
from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.counting import counting
from core.commands.output import ACTOR, ROLE, AnyLocation, AsJson, AsRole, Because, InLocation, err, say, show
from core.domain.seat_list import MOST_BYTES
from core.errors import InvalidInput
from core.services.locations import find_location, issue_seat, list_locations, list_seats
from core.services.seat_import import ImportPlan, import_seats, plan_import
from core.services.seats import move_seat, take_back
from core.wiring import wiring

seats = typer.Typer(help="Licensed Zoom users issued to a location.", no_args_is_help=True)


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


@seats.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="A CSV file with the columns email and location.")],
    location: AnyLocation = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Issue every seat of a list, or none: bad lines are reported all at once, by number."""
    try:
        # One byte more than is read: enough to see that it is too large.
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidInput("file", f"{file} cannot be read: {error.strerror}.") from error
    with wiring().sessions.begin() as session, counting("lines") as progress:
        only = find_location(session, location) if location else None
        plan = plan_import(session, data, location=only, progress=progress)
        if not plan.bad and not dry_run:
            import_seats(session, plan, actor=ACTOR, now=utcnow())
    facts = {"new": len(plan.to_issue), "already": plan.already, "bad": [vars(each) for each in plan.bad]}
    if plan.bad and not as_json:
        for each in plan.bad:
            err.print(str(each), markup=False, highlight=False, soft_wrap=True)
    say(_imported(plan, dry_run=dry_run), {**facts, "imported": not plan.bad and not dry_run}, as_json=as_json)
    if plan.bad:
        raise typer.Exit(1)


def _imported(plan: ImportPlan, *, dry_run: bool) -> str:
    if plan.bad:
        return f"Nothing is imported: {len(plan.bad)} lines are bad. Mend them and import the whole list again."
    would = "would be" if dry_run else "are"
    return f"{len(plan.to_issue)} seats {would} issued; {plan.already} were issued before."


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
