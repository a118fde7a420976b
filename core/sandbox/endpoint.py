"""Serves one wire operation: latency, faults, sign-in, rate limits, the operation itself, and the answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from core.sandbox.faults import Effect
from core.sandbox.wire import (
    Call,
    OAuthError,
    Operation,
    Reply,
    ZoomError,
    authenticate,
    bearer_grant,
    read_call,
    require_scope,
)

if TYPE_CHECKING:
    from core.sandbox.world import World

_GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Endpoint:
    """One operation as an ASGI application."""

    def __init__(self, world: World, operation: Operation) -> None:
        self._world = world
        self._operation = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = await read_call(scope, receive)
        await self._travel()
        effect = self._world.faults.take(call.method, call.path, self._user_id(call))
        reply = self._answer(call) if effect is None else await self._misbehave(effect, call, scope, receive)
        await self._travel()
        self._world.stats.count(self._operation.route, str(reply.status) if reply else "lost")
        if reply is not None:
            await reply.send(send)

    async def _travel(self) -> None:
        """Half of the latency lies before the change takes effect and half after it, as on a network."""
        if self._world.config.latency_ms:
            await asyncio.sleep(self._world.config.latency_ms / 2000)

    def _user_id(self, call: Call) -> str | None:
        """Whose call it is, as far as its token tells; used to aim faults."""
        grant = bearer_grant(self._world, call)
        if grant is None and self._operation.label is None:
            form = call.form()
            if code := self._world.codes.get(form.get("code", "")):
                return code.user_id
            grant = self._world.grant_by_refresh_token.get(form.get("refresh_token", ""))
            grant = grant or self._world.grant_by_access_token.get(form.get("token", ""))
        return grant.user_id if grant else None

    def _answer(self, call: Call) -> Reply:
        """Run the operation. What it changed is stored before this returns, hence before anybody is answered."""
        headers: dict[str, str] = {}
        try:
            if self._operation.label is not None:
                grant = authenticate(self._world, call)
                headers = self._take_allowance(call)
                require_scope(grant, self._operation.scopes)
            reply = self._operation.handler(self._world, call)
        except (ZoomError, OAuthError) as error:
            reply = error.reply
        self._world.store.flush()
        reply.headers = headers | reply.headers
        return reply

    def _take_allowance(self, call: Call) -> dict[str, str]:
        """Count the call against its Zoom account's limit and return the headers that tell.

        Raises ZoomError 429 when the second is used up.
        """
        world, label = self._world, self._operation.label
        assert label is not None and call.user is not None
        now = world.now()
        world.stats.count_arrival(label, now)
        limit = (world.config.rate_limits or {}).get(label)
        if limit is None:
            return {}
        allowance = world.limiter.take(call.user.account_id, label, limit, now)
        headers = {
            "X-RateLimit-Category": label,
            "X-RateLimit-Limit": str(allowance.limit),
            "X-RateLimit-Remaining": str(allowance.remaining),
        }
        if not allowance.granted:
            refusal = {"X-RateLimit-Type": "QPS", "X-RateLimit-Reset": str(allowance.reset)}
            message = "You have reached the maximum per-second rate limit for this API. Try again later."
            raise ZoomError(429, 429, message, headers=headers | refusal)
        return headers

    async def _misbehave(self, effect: Effect, call: Call, scope: Scope, receive: Receive) -> Reply | None:
        """Do what the fault says. None means that the connection was ended without an answer."""
        if effect.slow is not None:
            await asyncio.sleep(effect.slow / 1000)
            return self._answer(call)
        if effect.drop_settings is not None:
            call.drop_settings = effect.drop_settings
            return self._answer(call)
        if effect.when == "after" or effect.lose_reply:
            self._answer(call)
        if effect.reset or effect.lose_reply:
            await _cut(scope, receive, abruptly=effect.reset)
            return None
        if effect.timeout is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_gone(receive), effect.timeout)
            await _cut(scope, receive, abruptly=False)
            return None
        return self._forged(effect)

    def _forged(self, effect: Effect) -> Reply:
        headers = dict(effect.headers)
        if effect.retry_after is not None:
            headers["Retry-After"] = self._retry_after(effect.retry_after)
        if effect.html:
            return Reply(effect.status or 502, _GATEWAY_PAGE, headers, "text/html")
        status = effect.status or 500
        default = {"code": status, "message": "Too many requests." if status == 429 else "Internal server error."}
        return Reply(status, default if effect.body is None else effect.body, headers)

    def _retry_after(self, value: float | str) -> str:
        """Zoom's `Retry-After` is a moment in ISO 8601, not seconds (Zoom API reference, Rate limits)."""
        if isinstance(value, str):
            return value
        moment = datetime.fromtimestamp(self._world.now(), UTC) + timedelta(seconds=value)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


async def _gone(receive: Receive) -> None:
    """Wait until the caller has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut(scope: Scope, receive: Receive, *, abruptly: bool) -> None:
    """End the connection without an answer: with a reset, or as if the peer had closed it."""
    transport: asyncio.Transport = scope["extensions"]["sandbox.transport"]
    if abruptly and not transport.is_closing():
        no_lingering = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_lingering)
    transport.abort()
    await _gone(receive)
