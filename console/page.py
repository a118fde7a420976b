"""What every page shares: its heading, the panel that refreshes itself, and errors as sentences."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st
import structlog
from sqlalchemy.exc import OperationalError, ProgrammingError

from core.clock import utcnow
from core.errors import ZoomPoolError
from core.settings import get_settings
from console.moments import clock

REFRESH_SECONDS = 10
log = structlog.get_logger(__name__)


@contextmanager
def explained() -> Iterator[None]:
    """Show what went wrong as a sentence with a next step; a trace helps nobody who reads a page."""
    try:
        yield
    except ZoomPoolError as error:
        st.error(error.next_step, title=error.message, icon=":material/error:")
    except OperationalError as error:
        log.error("page_without_database", error=type(error.orig).__name__)
        st.error(
            "The page tries again by itself. If this lasts, look whether PostgreSQL runs and what DATABASE_URL says.",
            title="The database does not answer.",
            icon=":material/cloud_off:",
        )
    except ProgrammingError as error:
        log.error("page_without_schema", error=type(error.orig).__name__)
        st.error(
            "Run zoompool migrate, then reload this page.",
            title="The database has another version than the console.",
            icon=":material/database_off:",
        )


def live(panel: Callable[[], None], *, on: bool) -> None:
    """Draw *panel* and, if *on*, draw it anew every few seconds as long as the page is open."""

    def refreshed() -> None:
        with explained():
            panel()

    st.fragment(refreshed, run_every=REFRESH_SECONDS if on else None)()


def freshness(zone: str, *, on: bool) -> None:
    """Say how old the panel is, in the words of a clock."""
    now = utcnow()
    every = f" · every {REFRESH_SECONDS} s" if on else " · paused"
    mark = ":green[●]" if on else ":gray[●]"
    st.caption(f"{mark} Updated {clock(now, zone, seconds=True)} {now.tzname() if zone == 'UTC' else zone}{every}")


def empty(icon: str, what: str, next_step: str) -> None:
    """An empty list that says why it is empty and what fills it."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f":material/{icon}: **{what}**", text_alignment="center", width="stretch")
        st.caption(next_step, text_alignment="center", width="stretch")


def sandbox_badge() -> None:
    """Nobody may take the practice Zoom for the real one: a mark on every page, with the way to its own page."""
    settings = get_settings()
    if settings.mode != "sandbox":
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="sandbox_badge"):
        st.markdown(":orange-badge[:material/science: SANDBOX] :gray[A practice Zoom and a practice mailbox: nothing leaves.]")
        st.space("stretch")
        st.markdown(
            f"[Practice Zoom](http://127.0.0.1:{settings.sandbox_port}/) &nbsp;·&nbsp; [Dagster]({settings.dagster_url})",
            width="content",
        )
