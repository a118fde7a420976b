"""The list of appointments: fifty at a time, by their start, with what can be done from there."""

from collections.abc import Callable

import streamlit as st

from console.appointment_filters import Asked, clear, filters, given, go, in_words
from console.appointment_table import address_of, appointment_table
from console.copying import copied
from console.database import sessions
from console.look import plain
from console.page import empty, freshness
from console.who import person
from core.clock import utcnow
from core.db.models import Calendar
from core.db.read.appointment_lines import AppointmentLine, lines
from core.db.read.appointment_list import Page, page
from core.domain.checks import FieldError
from core.domain.cursor import Position, decode, encode

AT_ONCE = 50


def search(asked: Asked, calendar: Calendar | None) -> tuple[Page, list[AppointmentLine]]:
    """The page of the list that the address asks for."""
    now = utcnow()
    with sessions()() as session:
        found = page(
            session,
            filters(asked, calendar, person().locations, now=now),
            limit=AT_ONCE,
            after=_after(),
            newest_first=asked.newest_first,
        )
        return found, lines(session, found.ids)


def panel(asked: Asked, calendar: Calendar | None) -> None:
    """The list as it is now."""
    found, rows = search(asked, calendar)
    if not rows and st.query_params.pop("after", None):
        st.rerun()  # nothing is left behind that place, and the list has a beginning
    freshness(asked.zone)
    if not rows:
        _nothing(asked)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.space("stretch")
        _pager(found, len(rows))
    with st.container(border=True, gap=None):
        pressed = appointment_table(rows, key="appointments", now=utcnow())
    if found.incomplete:
        st.caption("More fit these words than were looked at: add a word, a location or a time to see the rest.")
    by_id = {each.id: each for each in rows}
    if pressed.copied is not None:
        copied(pressed.copied, by_id[pressed.copied].location_id, "link")
    if pressed.opened is not None:
        go(address_of(by_id[pressed.opened]))
        st.rerun()


def _after() -> Position | None:
    """Where in the list the address is; one of another list is as none."""
    try:
        return decode(given("after"), in_words()) if given("after") else None
    except FieldError:
        return None


def _pager(found: Page, count: int) -> None:
    """The way to the next fifty; back is the browser's, or all the way."""
    if found.next is None and not given("after"):
        st.caption("1 appointment" if count == 1 else f"{count} appointments", width="content")
        return
    st.caption(f"{count} at a time", width="content")
    _step("First page", "first_page", disabled=not given("after"), to=lambda: st.query_params.pop("after", None))
    after = found.next

    def further() -> None:
        if after is not None:
            st.query_params["after"] = encode(after, in_words())

    _step("Next page", "chevron_right", disabled=after is None, to=further)


def _step(label: str, icon: str, *, disabled: bool, to: Callable[[], object]) -> None:
    if st.button(label, icon=f":material/{icon}:", key=label, disabled=disabled, type="tertiary"):
        to()
        st.rerun()


def _nothing(asked: Asked) -> None:
    """Why the list is empty, and what to do about it."""
    if asked.text:
        empty(
            "search_off",
            f"Nothing fits “{plain(asked.text)}”.",
            "Look for words, or how they begin: of the id, the client's name or the e-mail address.",
        )
    elif asked.narrowed or asked.when != "coming":
        empty("filter_alt_off", "No appointment is like that.", "Choose another time or state, or ask for all.")
    else:
        empty("event_available", "Nothing is booked from now on.", "Press Book, or choose Past to see what was.")
        return
    st.button("Clear the filters", icon=":material/filter_alt_off:", key="clear", on_click=clear)
