"""What every page shares: its heading, the panel that refreshes itself, and errors as sentences."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

import streamlit as st
from sqlalchemy.exc import ProgrammingError

from console import age, trouble
from console.moments import named_clock
from console.who import own, person, still_the_same
from core.clock import utcnow
from core.db.read.pool import LocationItem
from core.errors import NotAllowed, ZoomPoolError
from core.settings import get_settings

EVERYWHERE = "All locations"
REFRESH_SECONDS = 10


@contextmanager
def explained() -> Iterator[None]:
    """Show what went wrong as a sentence with a next step; what nobody foresaw is left to `trouble.show_unexpected`."""
    try:
        yield
    except (ZoomPoolError, *trouble.GONE, ProgrammingError) as error:
        trouble.show(error)


def location_choice(
    title: str,
    places: Sequence[LocationItem],
    *,
    key: str,
    beside: Callable[[LocationItem | None], None] | None = None,
    refreshes: bool = True,
) -> LocationItem | None:
    """The heading of a page with the choice of a location, kept in its address as *key*; None stands for all.

    Whoever is confined to some locations chooses among those and never gets None.

    *beside* draws what belongs to the chosen location next to the choice; *refreshes*: the page draws itself anew.
    """
    by_name = {place.name: place for place in own(places)}
    everywhere = [] if (limited := person().locations is not None) else [EVERYWHERE]
    if limited and not by_name:
        raise NotAllowed(
            "No location is yours yet, so there is nothing to show.",
            next_step="Ask an admin to add your locations.",
        )
    with heading(title, refreshes=refreshes):
        name = st.selectbox(
            "Location", [*everywhere, *by_name], key=key, bind="query-params", width=240, label_visibility="collapsed"
        )
        chosen = by_name.get(name or EVERYWHERE)
        if beside is not None:
            beside(chosen)
    return chosen


@contextmanager
def heading(title: str, *, refreshes: bool = True) -> Iterator[None]:
    """The first row of a page: its title, then what is drawn inside; where the page *refreshes* itself also how old it
    is, and the switch."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="heading"):
        st.title(title, anchor=False, width="content")
        st.space("stretch")
        yield
        if refreshes:
            live_switch()


def live_switch() -> None:
    """How old the page is, and whether it draws itself anew; that is kept in its address."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content", wrap=False):
        age.age(_page())
        st.toggle("Live", value=True, key="live", bind="query-params", help="Refresh by itself")


def zone_of(place: LocationItem | None, places: Sequence[LocationItem]) -> str:
    """Whose clock is shown: that of the chosen location, of all where they share one, else UTC."""
    if place is not None:
        return place.zone
    zones = {each.zone for each in places}
    return zones.pop() if len(zones) == 1 else "UTC"


def live(panel: Callable[[], None], *, every: int = REFRESH_SECONDS) -> None:
    """Draw *panel*, and draw it anew every few seconds as long as the page is open and *Live* is on."""

    def refreshed() -> None:
        with explained():
            still_the_same()
            panel()

    st.fragment(refreshed, run_every=every if _is_live() else None)()


def freshness(zone: str, *, every: int = REFRESH_SECONDS) -> None:
    """Tell the heading when the panel was read. Where in the panel this stands makes no difference."""
    now = utcnow()
    shown = named_clock(now, zone, seconds=True)
    age.read_at(now, shown=shown, every=every if _is_live() else None, page=_page())


def _page() -> str:
    """Which page this is: what another one read is not its own."""
    return urlsplit(st.context.url or "").path


def _is_live() -> bool:
    return bool(st.session_state.get("live", True))


def pagination(found: int, rows: int, what: str, *, key: str, of: object = None) -> int:
    """Which page of *found* things is to be shown, *rows* on each; kept in the address. Nothing where one holds all.

    *of*: what was chosen to be listed. Another choice begins at its first page.
    """
    pages = max(1, -(-found // rows))
    kept = f"{key}_of"
    if st.session_state.get(kept, of) != of:
        st.session_state[key] = 1
    st.session_state[kept] = of
    if pages == 1 and key not in st.query_params:
        return 1
    # Where all fit on one page it is drawn once more, for only the widget itself can take its page out of the address.
    with st.container(horizontal=True, vertical_alignment="center"):
        told = st.empty()
        page = st.pagination(pages, key=key, bind="query-params")
        if found:
            told.caption(f"{(page - 1) * rows + 1} to {min(page * rows, found)} of {found:,} {what}")
    return page


def empty(icon: str, what: str, next_step: str) -> None:
    """An empty list that says why it is empty and what fills it."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f":material/{icon}: **{what}**", text_alignment="center", width="stretch")
        st.caption(next_step, text_alignment="center", width="stretch")


def no_location() -> None:
    """What every page says before there is a first location."""
    empty("storefront", "There is no location yet.", "Add one on the page Locations, or with `zoompool locations add`.")


def sandbox_badge() -> None:
    """Nobody may take the practice Zoom for the real one: a mark on every page, with the way to its own page."""
    settings = get_settings()
    if settings.mode != "sandbox":
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="sandbox_badge"):
        st.markdown(
            ":orange-badge[:material/science: SANDBOX] :gray[A practice Zoom and a practice mailbox: nothing leaves.]"
        )
        st.space("stretch")
        practice = f"[Practice Zoom](http://127.0.0.1:{settings.sandbox_port}/)"
        st.markdown(f"{practice} &nbsp;·&nbsp; [Dagster]({settings.dagster_url})", width="content")
