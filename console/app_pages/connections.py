"""Connections: which seats are connected, and connecting the others."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

import streamlit as st

from console import connection_actions, seat_actions, words
from console.connect_result import read_refusal
from console.database import sessions
from console.look import ACCOUNT, address, plain
from console.moments import clock, length
from console.page import empty, explained, freshness, live, location_choice
from console.who import offered
from console.widgets import same_tab_link
from core.clock import utcnow
from core.db.read import connections, pool
from core.db.read.at_risk import appointments_at_risk
from core.domain.roles import Permission
from core.domain.states import Connection
from core.settings import get_settings

SEATS = 60
LOOK_AHEAD = timedelta(hours=24)
NAMED = 8
CONNECTABLE = ("not_connected", Connection.NEEDS_REAUTH, Connection.DISCONNECTED)
RECONNECTABLE = ("quarantined", Connection.DRAINING)


def show() -> None:
    """The whole page: how the last connect ended, and the seats."""
    keep_result()
    with sessions()() as session:
        places = pool.locations(session)
    place = location_choice("Connections", places, key="seats_of", beside=seat_actions.issue_button if places else None)
    show_result()
    if not places:
        empty(
            "storefront",
            "There is no location yet.",
            "Add one on the page Locations, or with `zoompool locations add`.",
        )
        return
    live(lambda: panel(place))
    connection_actions.show_chosen()
    seat_actions.ISSUING.show()


def keep_result() -> None:
    """Take the end of a connect out of the address, so that a reload or a bookmark does not tell it again."""
    if refused := st.query_params.get("refused"):
        st.session_state["connect_result"] = ("refused", *read_refusal(refused, st.context.cookies))
    elif email := st.query_params.get("connected"):
        st.session_state["connect_result"] = ("connected", email, "")
    else:
        return
    st.query_params.clear()


def show_result() -> None:
    """Say how the last connect of this visit ended; success only if the database says so too."""
    outcome, what, next_step = st.session_state.get("connect_result", (None, "", ""))
    if outcome == "refused":
        st.error(plain(next_step), title=plain(what), icon=":material/link_off:")
    elif outcome == "connected":
        with explained(), sessions()() as session:
            if connections.is_connected(session, what):
                st.success("It takes part from the next appointment on.", title=f"{plain(what)} is connected.")


def panel(place: pool.LocationItem | None) -> None:
    """The seats by location."""
    now = utcnow()
    location = place.id if place else None
    with sessions()() as session:
        lines = connections.seats(session, location, now=now, limit=SEATS)
        issued = connections.issued(session, location)
    freshness(place.zone if place else "UTC")
    wrong_address()
    at_risk(location, now)
    if not lines:
        empty("badge", "No seat is issued here.", "Press Issue seats, or run `zoompool seats issue`.")
        return
    for name, group in groupby(lines, key=lambda line: line.location):
        location_card(name, list(group), now)
    if issued > len(lines):
        st.caption(f"{len(lines)} of {issued} seats. Choose a location to see its own.")


def at_risk(location: int | None, now: datetime) -> None:
    """Say which appointments suffer from the accounts that cannot be used."""
    with sessions()() as session:
        found = appointments_at_risk(
            session, location=location, now=now, until=now + LOOK_AHEAD, cooldown=get_settings().cooldown
        )
    if found:
        named = ", ".join(f"{plain(each.external_id)} ({clock(each.starts_at, 'UTC')} UTC)" for each in found[:NAMED])
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        title = f"{len(found)} appointment{'s' if len(found) > 1 else ''} of the next 24 hours may have no account."
        st.warning(f"{named}{more}.", title=title, icon=":material/warning:")


def wrong_address() -> None:
    """Zoom sends people back to one address only; whoever opened the console by another has to change over first."""
    base = get_settings().base_url
    if st.context.url and not st.context.url.startswith(f"{base}/"):
        st.warning(
            f"Zoom sends you back to {base}, and this page was opened by another address. "
            f"Open [{base}/connections]({base}/connections) and connect there.",
            title="Connecting does not work from this address.",
        )


def location_card(name: str, lines: Sequence[connections.SeatLine], now: datetime) -> None:
    """One location with its seats."""
    connected = sum(line.state == Connection.CONNECTED for line in lines)
    suspended = "  :red-badge[:material/pause_circle: Suspended]" if lines[0].location_status == "suspended" else ""
    with st.container(border=True, gap="xsmall", key=f"rows_{lines[0].location_id}"):
        st.markdown(f"**{plain(name)}** :gray[· {connected} of {len(lines)} seats connected]{suspended}")
        for line in lines:
            seat_row(line, now)


def seat_row(line: connections.SeatLine, now: datetime) -> None:
    """A seat, how it is, and what a person can do about it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{address(line.email)}  \n:small[:gray[{plain(health(line, now))}]]", width="stretch")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", wrap=False):
            st.markdown(ACCOUNT[line.state].pill, width="content")
            if line.location_status == "active" and line.state in (*CONNECTABLE, *RECONNECTABLE):
                connect_link(line)
            connection_actions.buttons(line)


def connect_link(line: connections.SeatLine) -> None:
    """The way to Zoom's consent page."""
    new = line.state in ("not_connected", Connection.DISCONNECTED)
    if not offered(Permission.CONNECT, line.location_id):
        return
    label = "Connect" if new else "Reconnect"
    same_tab_link(
        label,
        f"/oauth/zoom/start?seat={line.seat_id}",
        key=f"connect_{line.seat_id}",
        description=f"{label} {line.email}",
        primary=line.state in CONNECTABLE,
    )


def health(line: connections.SeatLine, now: datetime) -> str:
    """How an account is, in one sentence."""
    since = f"For {length(now - line.since)}." if line.since else ""
    if line.state == "not_connected":
        return "Issued, and not connected yet. Sign in to Zoom with this address."
    if line.state == Connection.NEEDS_REAUTH:
        return f"{words.reason(line.reason).what} {since} No new links until it is reconnected."
    if line.state == "quarantined":
        why = words.reason(line.reason)
        until = f"Back at {clock(line.benched_until, line.zone)}." if line.benched_until else ""
        return f"{why.what} {why.next_step} {until}"
    if line.state == "busy_elsewhere":
        return "Somebody holds a meeting of his own on it; it is passed by until that ends."
    if line.state == Connection.DRAINING:
        return "Takes no new appointment and is disconnected after its last one."
    if line.state == Connection.DISCONNECTED:
        return f"Disconnected. {since}"
    used = f"Last used {length(now - line.last_used_at)} ago." if line.last_used_at else "Not used yet."
    return f"Healthy. {used}" if not line.lease_state else "Healthy, in use now."


show()
