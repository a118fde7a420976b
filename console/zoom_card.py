"""The card of Zoom on the page of connections: how many seats are connected, and the way to connect another one."""

import streamlit as st

from console.connection_list import start_path
from console.connection_words import FREE, NEED_A_PERSON, WORKING
from console.look import ACCOUNT, plain
from console.seat_actions import issue_button
from console.who import offered
from console.widgets import same_tab_link
from core.db.read.connections import NOT_CONNECTED, SeatLine
from core.db.read.pool import LocationItem
from core.domain.roles import Permission
from core.domain.states import Connection
from core.zoom.budget import DAILY_CREATES


def zoom_card(states: dict[str, int], free: list[SeatLine], created: int, place: LocationItem | None) -> None:
    """*states* counts the seats, *free* are the first of those that can be connected, *created* is today's."""
    issued = sum(states.values())
    with st.container(border=True, key="zoom_card"):
        with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="zoom_head"):
            st.markdown(
                f"### :blue[:material/videocam:] Zoom {_mark(states)}  \n"
                ":small[:gray[Ten minutes before an appointment one of these accounts gets its meeting.]]",
                width="stretch",
            )
            if (place is None or place.status == "active") and offered(Permission.CONNECT):
                _connect(free, states, place)
        if issued:
            _figures(states, issued, created)
        if place is not None and place.status == "suspended":
            st.warning("No new connections and no new links. Links that were sent stay.",
                       title=f"{plain(place.name)} is suspended.")  # fmt: skip


def _mark(states: dict[str, int]) -> str:
    connected = any(states.get(state) for state in WORKING)
    return ACCOUNT[Connection.CONNECTED if connected else NOT_CONNECTED].pill


def _connect(free: list[SeatLine], states: dict[str, int], place: LocationItem | None) -> None:
    """Choose one of the free seats and go to Zoom's consent page, in this tab; or why there is none to choose."""
    if not free:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            st.markdown(f":small[{none_free(states)}]", width="content")
            issue_button(place, key="issue_more")
        return
    by_id = {line.seat_id: line for line in free}

    def name(seat: int) -> str:
        line = by_id.get(seat)
        return "" if line is None else f"{line.email} · {line.location}" if place is None else line.email

    with st.container(horizontal=True, vertical_alignment="center", gap="small", width=420, key="connect_one"):
        chosen = st.selectbox(
            "Seat to connect", list(by_id), format_func=name, key="seat_to_connect", label_visibility="collapsed"
        )
        line = by_id.get(chosen, free[0])
        same_tab_link(
            "Connect",
            start_path(line),
            key="connect_next",
            description=f"Connect {line.email} to Zoom",
            primary=True,
        )


def none_free(states: dict[str, int]) -> str:
    """Why no seat can be chosen, and who can change that."""
    if any(states.get(state) for state in FREE):
        return "The free seats belong to locations that are suspended."
    what = "No issued seat is free." if states else "No seat is issued here."
    if offered(Permission.ISSUE_SEATS):
        return f"{what} Issue another one, then connect it."
    return f"{what} Ask QuantixOne's support to issue another one; then connect it here."


def _figures(states: dict[str, int], issued: int, created: int) -> None:
    connected = sum(states.get(state, 0) for state in WORKING)
    troubled = sum(states.get(state, 0) for state in NEED_A_PERSON)
    free = sum(states.get(state, 0) for state in FREE)
    most = (issued - free) * DAILY_CREATES
    with st.container(horizontal=True, gap="medium"):
        st.metric("Connected", f"{connected:,} of {issued:,}", help="Accounts that take part, of the seats issued")
        st.metric(
            "Need a person",
            f"{troubled:,}",
            help="Access lost, out of the pool, or used by hand",
        )
        st.metric("Seats free", f"{free:,}", help="Issued and not connected: they can be connected at once")
        st.metric(
            "Zoom budget today",
            f"{created:,} of {most:,}" if most else "none",
            help=f"Meetings made since midnight UTC; Zoom allows {DAILY_CREATES} a day and account",
        )
