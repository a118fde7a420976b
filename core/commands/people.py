"""`zoompool people`: who signs in, and what each may do."""

from typing import Annotated, Any

import typer

from core.clock import utcnow
from core.commands.output import ACTOR, AsJson, say, show
from core.domain.roles import Role, confined
from core.services.locations import find_location
from core.services.people import admins_left, list_people, person_by_id, set_disabled, set_role, sign_out
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
                "locations": _seen(person.role, locations),
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
        name, admins = found.name, admins_left(session)
    if role is None:
        said = f"{name} gets the role of the next sign-in, and has none until then."
    elif role is Role.HOST and not own:
        said = f"{name} is host from now on, and sees nothing yet: give a location with --location."
    else:
        said = f"{name} is {role} from now on."
    _tell(said, {"id": person, "name": name, "role": role}, admins, as_json=as_json)


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
        name, admins = found.name, admins_left(session)
    _tell(f"{name} {said}.", {"id": person, "name": name, "disabled": disabled}, admins, as_json=as_json)


def _seen(role: str | None, locations: tuple[str, ...]) -> str:
    return ", ".join(locations) if confined(Role(role) if role else None) else "all"


def _tell(said: str, facts: dict[str, Any], admins: int, *, as_json: bool) -> None:
    """What was done; and that nobody is left who may everything, which is allowed: this command line is above roles."""
    if not admins:
        said += " No admin is left who can sign in; zoompool people set-role N admin makes one."
    say(said, facts | {"admins": admins}, as_json=as_json)
