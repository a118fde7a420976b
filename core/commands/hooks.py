"""`zoompool hooks`: where the booking systems are told what happens."""

from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.output import ACTOR, AnyLocation, AsJson, InLocation, out, say, show
from core.db.read.hooks import deliveries as read_deliveries
from core.db.read.hooks import delivery as read_delivery
from core.db.read.hooks import endpoints as read_endpoints
from core.services.hooks.again import ping as queue_ping
from core.services.hooks.again import resend as queue_again
from core.services.hooks.deliver import deliver_hooks
from core.services.hooks.endpoints import (
    NewSecret,
    add_endpoint,
    change_endpoint,
    endpoint_by_id,
    remove,
    rotate_secret,
)
from core.services.locations import find_location
from core.wiring import wiring

hooks = typer.Typer(help="Outgoing webhooks to the booking systems.", no_args_is_help=True)

EndpointId = Annotated[int, typer.Argument(metavar="ENDPOINT", help="Its number, as the list shows it.")]
Events = Annotated[list[str] | None, typer.Option("--event", "-e", help="An event; say it again for more.")]


@hooks.command("add")
def add(url: str, location: InLocation, event: Events = None, as_json: AsJson = False) -> None:
    """Tell an address what happens at a location. Its secret is shown now and never again."""
    parts = wiring()
    with parts.sessions.begin() as session:
        made = add_endpoint(
            session,
            location=find_location(session, location),
            url=url,
            events=event,
            vault=parts.vault,
            practice=parts.practice,
            actor=ACTOR,
            now=utcnow(),
        )
    _show_secret(made, f"Endpoint {made.endpoint.id} is told", as_json=as_json)


@hooks.command("list")
def list_endpoints(location: AnyLocation = None, as_json: AsJson = False) -> None:
    """List the endpoints, and how they are."""
    with wiring().sessions() as session:
        place = find_location(session, location).id if location else None
        found = read_endpoints(session, location_id=place, now=utcnow())
    rows = [
        {
            "endpoint": each.id,
            "location": each.location,
            "url": each.url,
            "events": "all" if each.events is None else ", ".join(each.events),
            "health": each.health,
            "waiting": each.waiting,
            "dead": each.dead,
            "last_sent": each.last_sent_at,
            "last_reply": each.last_reply,
        }
        for each in found
    ]
    show(rows, as_json=as_json, empty="Nobody is told. Register an address: zoompool hooks add URL -l LOCATION.")


@hooks.command("set")
def change(
    endpoint: EndpointId,
    url: Annotated[str | None, typer.Option(help="Another address.")] = None,
    event: Events = None,
    all_events: Annotated[bool, typer.Option("--all-events", help="All events, those to come as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Change an endpoint's address or events."""
    edit: dict[str, object] = {} if url is None else {"url": url}
    if event or all_events:
        edit["events"] = None if all_events else event
    _change(endpoint, edit, "has changed", as_json=as_json)


@hooks.command("disable")
def disable(endpoint: EndpointId, as_json: AsJson = False) -> None:
    """Tell an endpoint nothing more. What waits for it is dropped, and can be sent again."""
    _change(endpoint, {"disabled": True}, "is disabled", as_json=as_json)


@hooks.command("enable")
def enable(endpoint: EndpointId, as_json: AsJson = False) -> None:
    """Tell a disabled endpoint again, from now on."""
    _change(endpoint, {"disabled": False}, "is enabled", as_json=as_json)


@hooks.command("remove")
def remove_one(endpoint: EndpointId, as_json: AsJson = False) -> None:
    """Forget an endpoint. What it was told stays on record."""
    with wiring().sessions.begin() as session:
        remove(session, endpoint_by_id(session, endpoint), actor=ACTOR, now=utcnow())
    say(f"Endpoint {endpoint} is removed.", {"endpoint": endpoint}, as_json=as_json)


@hooks.command("rotate")
def rotate(endpoint: EndpointId, as_json: AsJson = False) -> None:
    """Make a new secret, shown now and never again. For a day both sign."""
    parts = wiring()
    with parts.sessions.begin() as session:
        found = endpoint_by_id(session, endpoint)
        made = rotate_secret(session, found, vault=parts.vault, actor=ACTOR, now=utcnow())
    _show_secret(made, f"Endpoint {endpoint} has a new secret", as_json=as_json)


@hooks.command("ping")
def ping(endpoint: EndpointId, as_json: AsJson = False) -> None:
    """Send a test event at once and show the answer."""
    with wiring().sessions.begin() as session:
        message = queue_ping(session, endpoint_by_id(session, endpoint), actor=ACTOR, now=utcnow())
    _send_at_once(message, as_json=as_json)


@hooks.command("deliveries")
def list_deliveries(
    endpoint: EndpointId,
    status: Annotated[str | None, typer.Option(help="queued, retrying, in_flight, sent, failed or dropped.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List what an endpoint was told, newest first."""
    with wiring().sessions() as session:
        endpoint_by_id(session, endpoint)
        found = read_deliveries(session, endpoint, status=status, limit=limit)
    rows = [
        {
            "delivery": each.id,
            "event": each.event,
            "appointment": each.appointment,
            "status": each.status,
            "reason": each.reason,
            "reply": each.reply,
            "attempts": each.attempts,
            "created": each.created_at,
            "sent": each.sent_at,
        }
        for each in found
    ]
    show(rows, as_json=as_json, empty="It was told nothing yet.")


@hooks.command("resend")
def resend(
    delivery: Annotated[int, typer.Argument(help="Its number, as the list of deliveries shows it.")],
    as_json: AsJson = False,
) -> None:
    """Send once more what was sent, given up or dropped, at once, under the same id."""
    with wiring().sessions.begin() as session:
        message = queue_again(session, delivery, actor=ACTOR, now=utcnow())
    _send_at_once(message, as_json=as_json)


def _change(endpoint: int, edit: dict[str, object], done: str, *, as_json: bool) -> None:
    parts = wiring()
    with parts.sessions.begin() as session:
        found = endpoint_by_id(session, endpoint)
        changed = change_endpoint(session, found, edit, practice=parts.practice, actor=ACTOR, now=utcnow())
    sentence = f"Endpoint {endpoint} {done}." if changed else f"Endpoint {endpoint} is like that already."
    say(sentence, {"endpoint": endpoint, "changed": changed}, as_json=as_json)


def _show_secret(made: NewSecret, done: str, *, as_json: bool) -> None:
    facts = {"endpoint": made.endpoint.id, "url": made.endpoint.url, "secret": made.secret}
    say(f"{done}. It signs with this secret; keep it now, it is not shown again:", facts, as_json=as_json)
    if not as_json:
        out.print(made.secret, soft_wrap=True, highlight=False, markup=False)


def _send_at_once(message: int, *, as_json: bool) -> None:
    parts = wiring()
    deliver_hooks(parts.sessions, parts.hook_sender, clock=utcnow, only=message)
    with parts.sessions() as session:
        found = read_delivery(session, message)
    assert found is not None
    facts = {"delivery": message, "status": found.status, "reply": found.reply}
    say(f"Delivery {message}: {found.status}. {found.reply or ''}".rstrip(), facts, as_json=as_json)
    if found.status != "sent":
        raise typer.Exit(1)
