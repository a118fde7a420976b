"""Whether this process can do its work, for whoever starts and watches it."""

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse

from console import watchdog
from console.database import sessions
from core.db.migrate import is_current
from core.errors import ZoomPoolError

log = structlog.get_logger(__name__)


def healthz(_: Request) -> JSONResponse:
    """`{"ok": true}`, or 503 with the reason in words; with what could not be checked, if anything."""
    database = _what_is_wrong()
    watched = watchdog.watched()
    reasons = [database] if database else list(watched.reasons)
    rest = {"not_checked": list(watched.not_checked)} if watched.not_checked else {}
    if not reasons:
        return JSONResponse({"ok": True, **rest})
    reason = " ".join(reasons)
    log.warning("unhealthy", reason=reason)
    return JSONResponse({"ok": False, "reason": reason, **rest}, status_code=503)


def _what_is_wrong() -> str | None:
    try:
        with sessions()() as session:
            current = is_current(session.connection())
    except ZoomPoolError as error:
        return str(error)
    except SQLAlchemyError as error:
        # The driver's own text can hold the address of the server; the type is enough to know where to look.
        return f"The database does not answer ({type(error).__name__})."
    return None if current else "The database does not have the schema of this version. Run: zoompool migrate"
