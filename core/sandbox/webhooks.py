"""Signed events on their way to the subscriber, and how they go astray on command (Zoom: Webhooks).

An event is emitted in the step that causes it and sent by a task of its own once that step is stored. What is pending
does not survive the process.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from core.sandbox.http_post import Connections
from core.sandbox.records import JSON
from core.sandbox.webhook_delivery import Delivery, deliver
from core.sandbox.wire import encode

if TYPE_CHECKING:
    from core.sandbox.world import World

MAX_AT_ONCE = 16
ORDERS = ("fifo", "reverse", "shuffle")
_EFFECTS = ("lose", "late", "double", "hold")


class BadRule(ValueError):
    """A rule or a release that cannot be understood; the message says why."""


@dataclass
class Rule:
    """What happens to events whose name *event* matches; *times* counts down, None means for ever."""

    id: str
    event: re.Pattern[str]
    effect: str
    seconds: float
    copies: int
    times: int | None
    hits: int = 0


@dataclass
class Webhooks:
    """Every delivery since the last clearing, the rules that are set, and what sending needs."""

    deliveries: list[Delivery] = field(default_factory=list)
    rules: dict[str, Rule] = field(default_factory=dict)
    connections: Connections = field(default_factory=Connections)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_AT_ONCE))
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _rule_ids: count[int] = field(default_factory=lambda: count(1))

    def add_rule(self, event: str, effect: str, seconds: float, copies: int, times: int | None) -> Rule:
        """Make events misbehave. Raises BadRule."""
        if effect not in _EFFECTS:
            raise BadRule(f"an effect is one of {', '.join(_EFFECTS)}")
        if times is not None and times < 1:
            raise BadRule("times is a whole number from 1, or null for ever")
        try:
            pattern = re.compile(event)
        except re.error as error:
            raise BadRule(f"{event!r} is no regular expression: {error}") from error
        rule = Rule(str(next(self._rule_ids)), pattern, effect, seconds, copies, times)
        self.rules[rule.id] = rule
        return rule

    def take_rule(self, event: str) -> Rule | None:
        """The first rule that matches, which is thereby used once."""
        rule = next((rule for rule in self.rules.values() if rule.event.search(event)), None)
        if rule is not None:
            rule.hits += 1
            if rule.times is not None:
                rule.times -= 1
                if rule.times <= 0:
                    del self.rules[rule.id]
        return rule

    def new(self, event: str, subject: str, body: bytes, state: str) -> Delivery:
        """A delivery, remembered."""
        delivery = Delivery(next(self._numbers), event, subject, body, state)
        self.deliveries.append(delivery)
        return delivery

    def clear(self) -> None:
        """Forget all deliveries; what is pending or held never leaves."""
        for task in self.tasks:
            task.cancel()
        self.deliveries.clear()

    def close(self) -> None:
        """Clear, and hang up."""
        self.clear()
        self.connections.close()


def emit(world: World, event: str, payload: JSON, top: JSON | None = None) -> None:
    """Tell the subscriber, if there is one. *top* stands beside the payload."""
    if not world.config.webhook_url:
        return
    body = encode({"event": event, "event_ts": int(world.now() * 1000), "payload": payload} | (top or {}))
    subject = str(payload.get("object", payload).get("uuid", ""))
    rule = world.webhooks.take_rule(event)
    effect = rule.effect if rule else ""
    if effect == "lose":
        world.webhooks.new(event, subject, body, "lost")
        return
    held = world.config.webhooks_hold or effect == "hold"
    for _ in range(rule.copies if rule and effect == "double" else 1):
        delivery = world.webhooks.new(event, subject, body, "held" if held else "pending")
        if not held:
            _send(world, delivery, after=rule.seconds if rule and effect == "late" else 0)


def release(world: World, order: str, copies: int, seed: int | None) -> int:
    """Let the held events go, one after the other in *order*, each *copies* times. Returns how many leave.

    Raises BadRule.
    """
    if order not in ORDERS:
        raise BadRule(f"an order is one of {', '.join(ORDERS)}")
    held = [delivery for delivery in world.webhooks.deliveries if delivery.state == "held"]
    leaving = held + [
        world.webhooks.new(delivery.event, delivery.subject, delivery.body, "pending")
        for delivery in held
        for _ in range(copies - 1)
    ]
    if order == "reverse":
        leaving.reverse()
    elif order == "shuffle":
        random.Random(seed).shuffle(leaving)
    _send_in_turn(world, leaving)
    return len(leaving)


def _send_in_turn(world: World, deliveries: Iterable[Delivery]) -> None:
    for delivery in deliveries:
        delivery.state = "pending"
        _send(world, delivery, in_turn=True)


def _send(world: World, delivery: Delivery, *, after: float = 0, in_turn: bool = False) -> None:
    """Send in the background. Locks are fair, so what waits for its turn leaves in the order of these calls."""
    webhooks = world.webhooks
    gate: Any = webhooks.turn if in_turn or world.config.webhooks_in_order else webhooks.slots
    task = asyncio.get_running_loop().create_task(deliver(world, delivery, gate, after))
    webhooks.tasks.add(task)
    task.add_done_callback(webhooks.tasks.discard)
