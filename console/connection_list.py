"""The table of seats on the page of connections: one line each, and what a person can do about it."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from console import connection_actions
from console.budget_bar import budget_bar
from console.connection_words import CONNECTABLE, TROUBLED, brief, reconnect_helps, used
from console.look import ACCOUNT, LOCATION, address, plain
from console.who import offered
from console.widgets import same_tab_link
from core.db.read.connections import NOT_CONNECTED, SeatLine
from core.domain.roles import Permission
from core.domain.states import Connection
from core.zoom.oauth import missing_scopes

ADDRESS, STATUS, USED, BUDGET, DO = 215, 112, 104, 108, 168
GAP = 15


def seat_table(lines: Sequence[SeatLine], now: datetime, *, everywhere: bool) -> None:
    """*everywhere*: of several locations, so that each line names its own."""
    with st.container(border=True, gap="xsmall", key="rows_seats"):
        with st.container(horizontal=True, gap="small", key="head_seats"):
            titles = {"Account": ADDRESS, "Status": STATUS, "Last used": USED, "Budget today": BUDGET}
            for title, width in titles.items():
                st.markdown(f":small[:gray[**{title}**]]", width=width)
            st.markdown(":small[:gray[**Health**]]", width="stretch")
        for line in lines:
            seat_row(line, now, everywhere=everywhere)


def seat_row(line: SeatLine, now: datetime, *, everywhere: bool) -> None:
    """A seat, how it is, and what a person can do about it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"line_{line.seat_id}"):
        with st.container(width=ADDRESS, gap=None):
            _name(line)
            if everywhere:
                st.markdown(f":small[:gray[{plain(line.location)}]]")
        st.markdown(_status(line), width=STATUS)
        _figures(line, now)
        color = "red" if line.state in TROUBLED else "gray"
        st.markdown(f":small[:{color}[{plain(brief(line, now))}]]", width="stretch")
        with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small",
                          width=DO, wrap=False, key=f"do_{line.seat_id}"):  # fmt: skip
            connect_link(line)
            connection_actions.menu(line)


def _name(line: SeatLine) -> None:
    """The address; of an account it opens what there is to know about it."""
    if line.account_id is None:
        st.markdown(f":small[{address(line.email)}]")
    elif st.button(address(line.email), key=f"open_{line.account_id}", type="tertiary"):
        connection_actions.open_account(line.account_id)


def _figures(line: SeatLine, now: datetime) -> None:
    """The two narrow columns. On narrow screens, where no heading stands above them, console.css names them by their
    place among the six of a line: a keyed container around each would cost every line two elements more."""
    if line.account_id is None:
        st.markdown("", width=USED + GAP + BUDGET)
        return
    st.markdown(f":small[{_doing(line) or used(line, now)}]", width=USED)
    budget_bar(line.creates, width=BUDGET)


def _status(line: SeatLine) -> str:
    """The connection's status in one pill; a second one only where its location keeps it from being used."""
    suspended = f" {LOCATION['suspended'].pill}" if line.location_status == "suspended" else ""
    return f"{ACCOUNT[line.state].pill}{suspended}"


def _doing(line: SeatLine) -> str:
    """What the account is used for at this moment."""
    if not line.lease_state:
        return ""
    look = ACCOUNT[line.lease_state]
    return f":{look.color}[:material/{look.icon}:] {look.word}"


def pills(line: SeatLine) -> str:
    """The connection's status, and what the account is doing if it is doing something."""
    doing = f" {ACCOUNT[line.lease_state].pill}" if line.lease_state else ""
    suspended = f" {LOCATION['suspended'].pill}" if line.location_status == "suspended" else ""
    return f"{ACCOUNT[line.state].pill}{doing}{suspended}"


def start_path(line: SeatLine) -> str:
    """Where a connect begins; whoever looks at one location comes back to it."""
    return f"/oauth/zoom/start?seat={line.seat_id}{'&here=1' if st.query_params.get('seats_of') else ''}"


def connect_link(line: SeatLine, *, key: str = "connect") -> None:
    """The way to Zoom's consent page, where it leads to something better."""
    lacks = line.state == Connection.CONNECTED and line.scopes is not None and missing_scopes(line.scopes)
    if line.location_status != "active" or not (line.state in CONNECTABLE or reconnect_helps(line) or lacks):
        return
    if not offered(Permission.CONNECT, line.location_id):
        return
    label = "Connect" if line.state in (NOT_CONNECTED, Connection.DISCONNECTED) else "Reconnect"
    same_tab_link(
        label,
        start_path(line),
        key=f"{key}_{line.seat_id}",
        description=f"{label} {line.email}",
        primary=line.state == Connection.NEEDS_REAUTH,
    )
