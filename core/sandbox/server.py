"""Runs the practice Zoom: HTTP and SMTP on one event loop, in one process."""

from __future__ import annotations

import asyncio
import json
import socket

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from core.sandbox import autopilot, mailbox
from core.sandbox.app import create_app
from core.sandbox.config import Config, Options
from core.sandbox.store import Store
from core.sandbox.world import World

SHUTDOWN_SECONDS = 1
KEEP_ALIVE_SECONDS = 75


class CuttableProtocol(HttpToolsProtocol):
    """Hands the connection to the application, which ASGI alone would not, so that a fault can cut it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"sandbox.transport": self.transport}  # type: ignore[dict-item]


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError when the port is in use."""
    listener = socket.create_server((host, port), backlog=1024)
    listener.set_inheritable(False)
    return listener


def serve(options: Options, config: Config, state: str, http: socket.socket, smtp: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM. Prints one line of JSON with both ports when ready."""
    world = World(options, Store(state), config)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(world),
            http=CuttableProtocol,
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )
    try:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(_serve(world, server, http, smtp))
    finally:
        world.store.close()


async def _serve(world: World, server: uvicorn.Server, http: socket.socket, smtp: socket.socket) -> None:
    mail_server = await mailbox.listen(world, smtp)
    clock = asyncio.create_task(autopilot.run(world))
    ready = {"http_port": http.getsockname()[1], "smtp_port": smtp.getsockname()[1]}
    print(json.dumps(ready), flush=True)  # The sockets listen already: whoever connects from here on is served.
    try:
        await server.serve(sockets=[http])
    finally:
        clock.cancel()
        world.webhooks.close()
        mail_server.close()
