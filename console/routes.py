"""The addresses of the web process that are not pages. They run beside the pages, or alone, under any ASGI server."""

import re

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Lifespan

from console.api.app import create_api
from console.api.problems import SEE_ALL, Problem
from console.health import healthz
from console.middleware import LimitBody, SecurityHeaders
from console.sign_in import ReturnTo
from console.watchdog import watching
from console.webhooks import ZoomEvents
from console.zoom_oauth import callback, start
from core import logs
from core.settings_reading import read_settings

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def not_found(request: Request) -> JSONResponse:
    """Programs get a 404 they understand; without this, an unknown address would be answered with a page."""
    return JSONResponse({"error": f"There is nothing at {request.url.path}."}, status_code=404)


def no_such_address(request: Request) -> Response:
    """The same beside the API, in its own manner."""
    return Problem(404, "no_such_address", f"There is nothing at {request.url.path}.", next_step=SEE_ALL).answer()


def whole(route: Mount | Route) -> Mount | Route:
    """*route*, for addresses with a line break (`%0A`) too: Starlette lets those through, to end as a page."""
    route.path_regex = re.compile(route.path_regex.pattern, re.DOTALL)
    return route


NOWHERE = whole(Route("/{rest:path}", not_found, methods=METHODS))
NOT_THE_API = whole(Route("/{rest:path}", no_such_address, methods=METHODS))
ROUTES: list[BaseRoute] = [
    Route("/healthz", healthz),
    whole(Mount("/oauth", routes=[Route("/zoom/start", start), Route("/zoom/callback", callback), NOWHERE])),
    whole(Mount("/api/v1", app=create_api())),
    whole(Mount("/api", routes=[NOT_THE_API])),
    whole(Mount("/webhooks", routes=[Route("/zoom", ZoomEvents), NOWHERE])),
    *(Route(prefix, not_found, methods=METHODS) for prefix in ("/oauth", "/webhooks")),
    Route("/api", no_such_address, methods=METHODS),
]
MIDDLEWARE = [Middleware(ReturnTo), Middleware(SecurityHeaders), Middleware(LimitBody)]


def routes_app(lifespan: Lifespan[Starlette] | None = None) -> Starlette:
    """The routes without the pages."""
    return Starlette(routes=ROUTES, middleware=MIDDLEWARE, lifespan=lifespan)


def create_routes_app() -> Starlette:
    """The routes as a process of their own: `uvicorn --factory console.routes:create_routes_app`.

    Raises:
        ConfigurationError: a setting is missing or wrong.
    """
    logs.configure(read_settings().log_format)
    return routes_app(watching)
