"""One event's way to the subscriber: signed, sent, and tried again on Zoom's schedule (Zoom: Webhooks, retries)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.sandbox.records import JSON
from core.sandbox.wire import encode

if TYPE_CHECKING:
    from core.sandbox.world import World

TIMEOUT_SECONDS = 3.0
# Between one try and the next; after the last the event is dropped.
RETRY_AFTER_MINUTES = (5, 20, 60)


@dataclass
class Delivery:
    """One copy of an event. *state* is held, pending, delivered, failed or lost; *subject* the UUID it is about."""

    number: int
    event: str
    subject: str
    body: bytes
    state: str
    tries: int = 0
    last_status: int | None = None
    last_error: str | None = None

    def as_json(self) -> JSON:
        return {
            "number": self.number,
            "event": self.event,
            "uuid": self.subject,
            "state": self.state,
            "tries": self.tries,
            "last_status": self.last_status,
            "last_error": self.last_error,
            "body": self.body.decode(),
        }


async def deliver(world: World, delivery: Delivery, gate: AbstractAsyncContextManager[None], after: float) -> None:
    """Send until it is accepted or all tries are used up; *gate* bounds how many are sent at once."""
    await asyncio.sleep(after)
    for minutes in (*RETRY_AFTER_MINUTES, None):
        async with gate:
            await _try(world, delivery)
        if delivery.last_status is not None and 200 <= delivery.last_status < 300:
            delivery.state = "delivered"
            return
        if minutes is not None:
            await asyncio.sleep(minutes * 60 * world.config.webhook_retry_scale)
    delivery.state = "failed"


async def validate(world: World) -> JSON:
    """Ask the subscriber to prove that it knows the secret (endpoint.url_validation), and judge its answer."""
    token = secrets.token_urlsafe(16)
    asked = {"event": "endpoint.url_validation", "event_ts": int(world.now() * 1000)}
    body = encode(asked | {"payload": {"plainToken": token}})
    try:
        status, answer = await _post(world, body)
    except (OSError, TimeoutError) as error:
        return {"valid": False, "status": None, "answer": str(error) or type(error).__name__}
    secret = world.config.webhook_secret.encode()
    expected = {"plainToken": token, "encryptedToken": hmac.new(secret, token.encode(), hashlib.sha256).hexdigest()}
    text = answer.decode("utf-8", "replace")
    return {"valid": status == 200 and _fits(text, expected), "status": status, "answer": text}


def _fits(text: str, expected: JSON) -> bool:
    """Whether an answer is JSON and holds what is expected."""
    try:
        answer = json.loads(text)
    except ValueError:
        return False
    return isinstance(answer, dict) and expected.items() <= answer.items()


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What `x-zm-signature` holds (Zoom: Verify webhook events)."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()


async def _try(world: World, delivery: Delivery) -> None:
    delivery.tries += 1
    try:
        delivery.last_status, _ = await _post(world, delivery.body)
        delivery.last_error = None
    except (OSError, TimeoutError) as error:
        delivery.last_status, delivery.last_error = None, str(error) or type(error).__name__


async def _post(world: World, body: bytes) -> tuple[int, bytes]:
    """Send signed anew. Raises OSError or TimeoutError."""
    timestamp = str(int(world.now()))
    headers = {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Zoom Marketplace/1.0a",
        "x-zm-request-timestamp": timestamp,
        "x-zm-signature": signature(world.config.webhook_secret, timestamp, body),
        "x-zm-trackingid": f"v=2.0;clid=practice;rid=WEB_{secrets.token_hex(16)}",
    }
    async with asyncio.timeout(TIMEOUT_SECONDS):
        return await world.webhooks.connections.post(world.config.webhook_url, headers, body)
