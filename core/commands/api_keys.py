"""`zoompool api-keys`: what programs call the REST API with."""

from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.output import ACTOR, AsJson, out, say, show
from core.domain.states import Access
from core.services.api_keys import PER_MINUTE, create_api_key, list_api_keys, revoke_api_key
from core.services.locations import find_location
from core.wiring import wiring

api_keys = typer.Typer(help="Keys with which programs call the REST API.", no_args_is_help=True)


@api_keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who will use it; stands on the timeline of all it writes.")],
    access: Annotated[Access, typer.Option(help="What it may do; each includes the ones before it.")] = Access.BOOK,
    location: Annotated[
        list[str] | None, typer.Option("--location", "-l", help="A location it sees; say it again for more.")
    ] = None,
    all_locations: Annotated[
        bool, typer.Option("--all-locations", help="It sees every location, and those added later.")
    ] = False,
    per_minute: Annotated[int, typer.Option(help="Requests it may send in any sixty seconds.")] = PER_MINUTE,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown now and never again."""
    if all_locations == bool(location):
        raise typer.BadParameter("Say either --location, once or more, or --all-locations.")
    with wiring().sessions.begin() as session:
        made = create_api_key(
            session,
            name=name,
            access=access,
            locations=None if all_locations else [find_location(session, each) for each in location or ()],
            per_minute=per_minute,
            actor=ACTOR,
            now=utcnow(),
        )
    facts = {"name": made.key.name, "public_id": made.key.public_id, "access": access, "key": made.secret}
    say(f"Key {made.key.name} may {access}. Keep it now, it is not shown again:", facts, as_json=as_json)
    if not as_json:
        out.print(made.secret, soft_wrap=True, highlight=False, markup=False)


@api_keys.command("list")
def list_all_keys(as_json: AsJson = False) -> None:
    """List the keys, the revoked ones last. No secret is among it."""
    with wiring().sessions() as session:
        rows = [
            {
                "name": key.name,
                "public_id": key.public_id,
                "access": key.access,
                "locations": "all" if locations is None else ", ".join(locations),
                "per_minute": key.per_minute,
                "last_used_at": key.last_used_at,
                "revoked_at": key.revoked_at,
            }
            for key, locations in ((each.key, each.locations) for each in list_api_keys(session))
        ]
    show(rows, as_json=as_json, empty="There is no key yet. Make one: zoompool api-keys create NAME -l LOCATION.")


@api_keys.command("revoke")
def revoke(
    public_id: Annotated[str, typer.Argument(help="Its public part, as the list shows it.")], as_json: AsJson = False
) -> None:
    """Let a key open nothing any more, from its next request on."""
    with wiring().sessions.begin() as session:
        key = revoke_api_key(session, public_id, actor=ACTOR, now=utcnow())
    facts = {"name": key.name, "public_id": key.public_id, "revoked_at": key.revoked_at}
    say(f"Key {key.name} ({key.public_id}) is revoked.", facts, as_json=as_json)
