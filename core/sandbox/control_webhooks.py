"""Commands about the events that are sent, and how they go astray."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from core.sandbox.command import Commands, Refused, value
from core.sandbox.webhook_delivery import validate
from core.sandbox.webhooks import release

if TYPE_CHECKING:
    from core.sandbox.world import World

_STATES = ("pending", "held", "delivered", "failed", "lost")


def _list_deliveries(world: World, request: Request, body: Any) -> Any:
    return [delivery.as_json() for delivery in world.webhooks.deliveries]


def _count_deliveries(world: World, request: Request, body: Any) -> Any:
    counted = Counter(delivery.state for delivery in world.webhooks.deliveries)
    return {state: counted[state] for state in _STATES}


def _clear_deliveries(world: World, request: Request, body: Any) -> Any:
    world.webhooks.clear()
    return {}


def _release(world: World, request: Request, body: Any) -> Any:
    order, copies = value(body, "order", str, "fifo"), value(body, "copies", int, 1)
    return {"released": release(world, order, copies, value(body, "seed", int, None))}


async def _validate(world: World, request: Request, body: Any) -> Any:
    if not world.config.webhook_url:
        raise Refused("there is no webhook_url")
    return await validate(world)


def _add_rule(world: World, request: Request, body: Any) -> Any:
    rule = world.webhooks.add_rule(
        value(body, "event", str, ""),
        value(body, "effect", str, ""),
        value(body, "seconds", float, 0),
        value(body, "copies", int, 2),
        value(body, "times", int, None),
    )
    return {"id": rule.id}


def _list_rules(world: World, request: Request, body: Any) -> Any:
    return [
        {"id": rule.id, "event": rule.event.pattern, "effect": rule.effect, "hits": rule.hits, "times_left": rule.times}
        for rule in world.webhooks.rules.values()
    ]


def _clear_rules(world: World, request: Request, body: Any) -> Any:
    world.webhooks.rules.clear()
    return {}


COMMANDS: Commands = (
    ("GET", "/sandbox/webhooks", _list_deliveries),
    ("GET", "/sandbox/webhooks/count", _count_deliveries),
    ("DELETE", "/sandbox/webhooks", _clear_deliveries),
    ("POST", "/sandbox/webhooks/release", _release),
    ("POST", "/sandbox/webhooks/validate", _validate),
    ("POST", "/sandbox/webhooks/rules", _add_rule),
    ("GET", "/sandbox/webhooks/rules", _list_rules),
    ("DELETE", "/sandbox/webhooks/rules", _clear_rules),
)
