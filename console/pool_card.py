"""A chart of the Pool page in its frame: what it is, what its numbers mean, and the same as a file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pandas as pd
import streamlit as st

from console.look import address
from console.who import offered
from core.db.read.pool import LocationItem
from core.domain.roles import Permission
from core.domain.states import Link

SLOW = 60  # seconds between refreshes: hours and days do not change in ten


@contextmanager
def card(title: str, about: str, *, csv: str, rows: pd.DataFrame) -> Iterator[None]:
    """A frame for one chart, with *rows* to take away as the file *csv*."""
    with st.container(border=True, height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.markdown(f"**{title}** :gray[· {about}]", width="stretch")
            st.download_button(
                "CSV",
                rows.to_csv(index=False),
                file_name=csv,
                mime="text/csv",
                icon=":material/download:",
                type="tertiary",
                key=f"csv_{csv}",
                on_click="ignore",
                help=f"{title} as a table",
            )
        yield


def headed(title: str, link: Callable[[], None]) -> None:
    """A heading with a link at its end to the whole list."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.markdown(title, width="stretch")
        link()


def to_appointments(place: LocationItem | None, link: Link | None, label: str) -> None:
    """A link to the appointments in that state, or to all that come."""
    wanted = ({"link": str(link)} if link else {}) | ({"location": place.name} if place else {})
    _page("appointment", _seen(label), wanted)


def to_connections(place: LocationItem | None, shown: str, label: str) -> None:
    """A link to the seats that are *shown* under that choice, for those who may see them."""
    if offered(Permission.SEE_CONNECTIONS):
        _page("connections", _seen(label), {"seats_shown": shown} | ({"seats_of": place.name} if place else {}))


def to_health(place: LocationItem | None, label: str) -> None:
    """A link to what is wrong."""
    _page("health", _seen(label), {"location": place.name} if place else {})


def to_account(account_id: int, email: str) -> None:
    """The address of an account, which opens it for those who may see it."""
    if offered(Permission.SEE_CONNECTIONS):
        _page("connections", address(email), {"account": str(account_id)})
    else:
        st.markdown(address(email))


def _seen(label: str) -> str:
    return f":primary[:small[{label} :material/arrow_forward:]]"


def _page(page: str, label: str, wanted: dict[str, str]) -> None:
    st.page_link(f"app_pages/{page}.py", label=label, icon="", help="", query_params=wanted)


def number(value: float) -> str:
    """`1,234`, or `12.3` where that is what tells."""
    return f"{value:,.1f}" if 0 < value < 10 and value % 1 else f"{value:,.0f}"


def count(number_of: int, one: str, several: str | None = None) -> str:
    """`1 account`, `1,204 accounts`."""
    return f"{number_of:,} {one if number_of == 1 else several or one + 's'}"
