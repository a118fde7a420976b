"""What went wrong, as people see it: a sentence, what to do next, and an id under which the log knows more.

A trace helps nobody who reads a page. The log names what kind of error it was and where; what people typed and whom it
concerned is not written there.
"""

import secrets
import traceback

import streamlit as st
import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from console.look import plain
from core.errors import ZoomError, ZoomPoolError

IDS = "trouble_ids"
REMEMBERED = 20
GONE = (OperationalError, InterfaceError, NoConnectionLeft)
log = structlog.get_logger(__name__)


def show(error: Exception) -> None:
    """Say what happened and what to do. The same trouble keeps its id for the whole visit."""
    title, next_step, icon = _said(error)
    known: dict[str, str] = st.session_state.setdefault(IDS, {})
    # Two of a kind that arose in two places are two faults, and what Zoom said twice is two answers.
    arose = [(each.filename, each.lineno) for each in traceback.extract_tb(error.__traceback__)]
    same = f"{type(error).__name__} {title} {arose if _is_ours(error) else getattr(error, 'tracking_id', '')}"
    if same not in known:
        known[same] = secrets.token_hex(4)
        _note(error, known[same])
        for oldest in list(known)[:-REMEMBERED]:
            del known[oldest]
    with st.container(key=f"trouble_{known[same]}" if _is_ours(error) else None):
        st.error(
            f"{plain(next_step)}  \n:small[Error {known[same]}]".lstrip(),
            title=plain(title),
            icon=f":material/{icon}:",
        )


def show_unexpected(error: Exception) -> bool:
    """For whatever no page has foreseen, in callbacks too. Streamlit is told that it has been shown."""
    show(error)
    return True


def _said(error: Exception) -> tuple[str, str, str]:
    """What happened, what to do next, and the icon."""
    if isinstance(error, ZoomPoolError):
        return error.message, error.next_step, "error"
    if isinstance(error, GONE):
        step = "The page tries again by itself. If this lasts, look whether PostgreSQL runs and what DATABASE_URL says."
        return "The database does not answer.", step, "cloud_off"
    if isinstance(error, ProgrammingError):
        step = "Run zoompool migrate, then reload this page."
        return "The database has another version than the console.", step, "database_off"
    step = "Reload the page. If it happens again, give the number below to whoever looks after this installation."
    return "Something went wrong that nobody had thought of.", step, "bug_report"


def _is_ours(error: Exception) -> bool:
    """Whether it is a fault of the product itself, and no answer of its own."""
    return not isinstance(error, (ZoomPoolError, *GONE, ProgrammingError))


def _note(error: Exception, error_id: str) -> None:
    if _is_ours(error):
        log.error("page_failed", error_id=error_id, error=type(error).__name__, trace=_trace(error))
        return
    last = traceback.extract_tb(error.__traceback__)[-1:]
    facts = {"tracking_id": error.tracking_id} if isinstance(error, ZoomError) else {}
    cause = getattr(error, "orig", None)
    log.warning(
        "page_said_no",
        error_id=error_id,
        error=type(cause or error).__name__,
        where=" ".join(f"{each.filename.rpartition('/')[2]}:{each.lineno} {each.name}" for each in last),
        **facts,
    )


def _trace(error: BaseException) -> str:
    """Where it arose and what it arose from, without their messages: in those may stand what somebody typed."""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = _trace(earlier) if earlier else ""
    return f"{before}{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}\n"
