"""Connecting a seat: to Zoom's consent page and back.

Routes, not a page: a page would run the exchange anew on every click and leave the code in the browser's history.
"""

import re
import secrets
from urllib.parse import urlsplit

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console import connect_result
from console.who import Person, allowed_to, person_of
from core.clock import utcnow
from core.db.models import Location, OAuthState, Seat
from core.db.read.appointment import is_id
from core.domain.roles import Permission
from core.errors import ConnectRefused, NotFound, ZoomPoolError
from core.services.connect import begin_connect, finish_connect
from core.settings import get_settings
from core.wiring import wiring

BROWSER = "connect_browser"
BROWSER_SECONDS = 3600
FROM_HERE = "Open Connections and press Connect there."
log = structlog.get_logger(__name__)


def start(request: Request) -> Response:
    """Send the browser to Zoom's consent page for one seat, and remember that it was this browser."""
    browser = request.cookies.get(BROWSER) or secrets.token_urlsafe(32)
    try:
        _require_own_page(request)
        answer = RedirectResponse(_consent_page(request, browser), status_code=303)
    except (ZoomPoolError, SQLAlchemyError) as error:
        return _refusal(error)
    answer.set_cookie(
        BROWSER,
        browser,
        max_age=BROWSER_SECONDS,
        path="/oauth/zoom",
        httponly=True,
        samesite="lax",  # "strict" would keep it from Zoom's redirect back to us
        secure=_https(),
    )
    return answer


def callback(request: Request) -> Response:
    """Take what Zoom sent the browser back with, connect the account, and show on the page how it ended."""
    query, parts = request.query_params, wiring()
    error = query.get("error", "")
    try:
        who = person_of(request.cookies)
        connected = finish_connect(
            parts.sessions,
            parts.zoom.client,
            parts.oauth,
            parts.vault,
            state=query.get("state", ""),
            code=query.get("code"),
            error=error if re.fullmatch(r"\w{1,64}", error) else None,
            browser_id=request.cookies.get(BROWSER),
            now=utcnow(),
            may=lambda begun: _may_finish(who, begun),
        )
    except (ZoomPoolError, SQLAlchemyError) as refused:
        return _refusal(refused)
    return connect_result.connected(connected.email, connected.return_to)


def _consent_page(request: Request, browser: str) -> str:
    who, parts = person_of(request.cookies), wiring()
    seat_id = request.query_params.get("seat", "")
    with parts.sessions.begin() as session:
        seat = session.get(Seat, int(seat_id)) if is_id(seat_id) else None
        if seat is None:
            raise NotFound("There is no such seat.", next_step=FROM_HERE)
        allowed_to(who, Permission.CONNECT, seat.location_id)
        here = session.get_one(Location, seat.location_id).name if "here" in request.query_params else None
        return begin_connect(
            session,
            parts.oauth,
            parts.vault,
            location_id=seat.location_id,
            seat_id=seat.id,
            browser_id=browser,
            actor=who.actor,
            return_to=connect_result.page_of(here) if here else connect_result.PAGE,
            now=utcnow(),
        )


def _may_finish(who: Person, begun: OAuthState) -> None:
    """The role may be lost since, and somebody else may have signed in: the timeline names who began."""
    allowed_to(who, Permission.CONNECT, begun.location_id)
    if begun.browser_hash is not None and begun.actor.rpartition(" (")[0] != who.name:
        raise ConnectRefused("other_person", "Somebody else began this connect, in this browser.", next_step=FROM_HERE)


def _require_own_page(request: Request) -> None:
    """Refuse a connect that another site's link or form begins in a person's browser.

    Browsers say where a request comes from in Sec-Fetch-Site; `none` is an address typed or opened from a terminal.
    Those that do not send it send a Referer.
    """
    site = request.headers.get("sec-fetch-site")
    referer = urlsplit(request.headers.get("referer", ""))
    own = site in ("same-origin", "none") if site else f"{referer.scheme}://{referer.netloc}" == get_settings().base_url
    if not own:
        raise ConnectRefused("foreign_page", "This connect was not begun on our own page.", next_step=FROM_HERE)


def _refusal(error: ZoomPoolError | SQLAlchemyError) -> Response:
    """Back to the page with a sentence that says what happened and what to do."""
    if isinstance(error, ConnectRefused):
        reason, message, next_step = error.reason, error.message, error.next_step
    elif isinstance(error, ZoomPoolError):
        reason, message, next_step = "failed", error.message, error.next_step
    else:
        reason, message, next_step = "database", "The database does not answer.", "Wait a minute, then connect again."
    reference = getattr(error, "tracking_id", None) or secrets.token_hex(4)
    log.warning("connect_refused", reason=reason, error=type(error).__name__, reference=reference)
    return connect_result.refused(reason, message, next_step, reference=f"{reason} {reference}", secure=_https())


def _https() -> bool:
    return get_settings().base_url.startswith("https://")
