"""What people do with their own hands, each with a reason that stays on the timeline.

`zoompool appointments move` and `retry`, `accounts free`, `locations pause` and `resume`, `pause` and `resume` for all.
"""

from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.accounts import accounts
from core.commands.appointments import appointments
from core.commands.locations import locations
from core.commands.output import ACTOR, AsJson, InLocation, say
from core.services.book import find_appointment
from core.services.free import free_now
from core.services.locations import find_location
from core.services.move import move
from core.services.pause import pause_allocation, resume_allocation
from core.services.retry import retry_link
from core.wiring import wiring

Reason = Annotated[str, typer.Option("--reason", help="Why; it stays on the timeline.")]
Role = Annotated[str, typer.Option("--role", help="As what: operations, support, engineer ...")]


@appointments.command("move")
def move_one(
    external_id: str,
    location: InLocation,
    reason: Reason,
    to: Annotated[
        str | None, typer.Option(help="The account; the one that has been idle the longest unless given.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also while Zoom does not say whether people are inside.")
    ] = False,
    role: Role = "operations",
    as_json: AsJson = False,
) -> None:
    """Move an appointment to another account, before its meeting. The client is sent the new link."""
    parts = wiring()
    done = move(
        parts.sessions,
        parts.zoom,
        parts.vault,
        location=location,
        external_id=external_id,
        to_email=to,
        actor=ACTOR,
        role=role,
        reason=reason,
        hours=parts.hours,
        clock=utcnow,
        force=force,
    )
    facts = {
        "external_id": done.external_id,
        "was_on": done.was_on,
        "is_on": done.is_on,
        "link_ready": done.link_ready,
    }
    say(done.sentence, facts, as_json=as_json)


@appointments.command("retry")
def retry_one(external_id: str, location: InLocation, role: Role = "engineer", as_json: AsJson = False) -> None:
    """Try a failed link once more, in a run of its own."""
    with wiring().sessions.begin() as session:
        appointment = find_appointment(session, find_location(session, location), external_id)
        done = retry_link(session, appointment.id, actor=ACTOR, role=role, now=utcnow())
    say(done.sentence, {"external_id": done.external_id, "asked": done.asked}, as_json=as_json)


@accounts.command("free")
def free_one(
    email: str, location: InLocation, reason: Reason, role: Role = "operations", as_json: AsJson = False
) -> None:
    """Free an account whose meeting is over, without waiting for its recording or its cooldown."""
    parts = wiring()
    done = free_now(
        parts.sessions,
        parts.zoom,
        location=location,
        email=email,
        actor=ACTOR,
        role=role,
        reason=reason,
        clock=utcnow,
    )
    say(done.sentence, {"email": done.email, "free": done.free}, as_json=as_json)


@locations.command("pause")
def pause_one(name: str, reason: Reason, role: Role = "operations", as_json: AsJson = False) -> None:
    """Lease no account of a location until it is resumed; opened links stay."""
    _pause(name, reason, role, as_json=as_json)


@locations.command("resume")
def resume_one(name: str, reason: Reason, role: Role = "operations", as_json: AsJson = False) -> None:
    """Lease the accounts of a location again."""
    _resume(name, reason, role, as_json=as_json)


def pause_all(reason: Reason, role: Role = "operations", as_json: AsJson = False) -> None:
    """Lease no account of any location until it is resumed; opened links stay."""
    _pause(None, reason, role, as_json=as_json)


def resume_all(reason: Reason, role: Role = "operations", as_json: AsJson = False) -> None:
    """Lease accounts again, of every location that is not paused itself."""
    _resume(None, reason, role, as_json=as_json)


def _pause(name: str | None, reason: str, role: str, *, as_json: bool) -> None:
    with wiring().sessions.begin() as session:
        place = find_location(session, name) if name else None
        done = pause_allocation(session, location=place, actor=ACTOR, role=role, reason=reason, now=utcnow())
        where = place.name if place else "every location"
    say(
        f"Allocation of {where} is paused." if done else f"Allocation of {where} was paused already.",
        {"location": name, "paused": True, "changed": done},
        as_json=as_json,
    )


def _resume(name: str | None, reason: str, role: str, *, as_json: bool) -> None:
    with wiring().sessions.begin() as session:
        place = find_location(session, name) if name else None
        done = resume_allocation(session, location=place, actor=ACTOR, role=role, reason=reason, now=utcnow())
        where = place.name if place else "every location that is not paused itself"
    say(
        f"Allocation of {where} goes on." if done else f"Allocation of {where} was not paused.",
        {"location": name, "paused": False, "changed": done},
        as_json=as_json,
    )
