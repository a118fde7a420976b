"""`zoompool people`: who signs in, and what each may do."""

from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.output import ACTOR, AsJson, say, show
from core.domain.roles import Role
from core.services.locations import find_location
from core.services.people import list_people, person_by_id, set_disabled, set_role, sign_out
from core.wiring import wiring

people = typer.Typer(help="People who sign in, and what they may do.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="The person's number, as the list shows it.", min=1, max=2**63 - 1)]


@people.command("list")
def list_all_people(as_json: AsJson = False) -> None:
    """List everybody who ever signed in."""
    with wiring().sessions() as session:
        rows = [
            {
                "id": person.id,
                "name": person.name,
                "email": person.email,
                "role": person.role,
                "from": "by hand" if person.role_by_hand else "claim",
                "locations": ", ".join(locations),
                "last_seen_at": person.last_seen_at,
                "disabled_at": person.disabled_at,
            }
            for person, locations in list_people(session)
        ]
    show(rows, as_json=as_json, empty="Nobody has signed in yet.")


@people.command("set-role")
def change_role(
    person: Number,
    role: Annotated[Role | None, typer.Argument(help="The role; without it that of the next sign-in.")] = None,
    location: Annotated[
        list[str] | None, typer.Option("--location", "-l", help="A host's own location; say it again for more.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a person a role that no sign-in changes, from the next run of any page on."""
    with wiring().sessions.begin() as session:
        found = person_by_id(session, person)
        own = [find_location(session, each) for each in location or ()]
        set_role(session, found, role, own, actor=ACTOR, now=utcnow())
        name = found.name
    said = f"{name} is {role} from now on." if role else f"{name} gets the role of the next sign-in."
    say(said, {"id": person, "name": name, "role": role}, as_json=as_json)


@people.command("disable")
def disable(person: Number, as_json: AsJson = False) -> None:
    """Let a person in no more, from the next run of any page on."""
    _set(person, True, "is not let in any more", as_json=as_json)


@people.command("enable")
def enable(person: Number, as_json: AsJson = False) -> None:
    """Let a person in again."""
    _set(person, False, "is let in again", as_json=as_json)


@people.command("sign-out")
def sign_out_everywhere(person: Number, as_json: AsJson = False) -> None:
    """End a person's sign-ins in every browser."""
    with wiring().sessions.begin() as session:
        found = person_by_id(session, person)
        sign_out(session, found, actor=ACTOR, now=utcnow())
        name = found.name
    say(f"{name} has to sign in again.", {"id": person, "name": name}, as_json=as_json)


def _set(person: int, disabled: bool, said: str, *, as_json: bool) -> None:
    with wiring().sessions.begin() as session:
        found = person_by_id(session, person)
        set_disabled(session, found, disabled, actor=ACTOR, now=utcnow())
        name = found.name
    say(f"{name} {said}.", {"id": person, "name": name, "disabled": disabled}, as_json=as_json)
