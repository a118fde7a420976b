"""Puts the wire, the control commands and the pages together into one ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.sandbox import consent, control, meeting_calls, oauth, pages, past_calls, recording_calls, users
from core.sandbox.endpoint import Endpoint
from core.sandbox.wire import Call, Operation, Reply, ZoomError

if TYPE_CHECKING:
    from core.sandbox.world import World

OPERATIONS = (
    # Recordings first: their paths, which hold UUIDs with slashes, end in what tells them apart.
    *recording_calls.OPERATIONS,
    *past_calls.OPERATIONS,
    *meeting_calls.OPERATIONS,
    *users.OPERATIONS,
    *oauth.OPERATIONS,
)


def create_app(world: World) -> Starlette:
    """The practice Zoom over *world*."""
    wire = [Route(operation.path, Endpoint(world, operation), methods=[operation.method]) for operation in OPERATIONS]
    unknown = Operation("ANY", "/v2/*", _not_recognized)
    return Starlette(
        routes=[
            *wire,
            Route("/v2/{rest:path}", Endpoint(world, unknown)),
            Route("/healthz", _healthz),
            *consent.routes(world),
            *control.routes(world),
            *pages.routes(world),
        ]
    )


def _not_recognized(world: World, call: Call) -> Reply:
    raise ZoomError(404, 2300, "This API endpoint is not recognized.")


async def _healthz(request: Request) -> Response:
    return JSONResponse({"ok": True})
