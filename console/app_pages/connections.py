"""My Connections: which seats are connected to Zoom, how they are, and connecting the others."""

from datetime import datetime, timedelta

import streamlit as st

from console import connection_actions, seat_actions
from console.connect_result import read_refusal
from console.connection_detail import show_account
from console.connection_list import seat_table
from console.connection_words import FREE, NEED_A_PERSON, WORKING
from console.database import sessions
from console.look import plain
from console.moments import named_clock
from console.page import empty, explained, freshness, live, location_choice, no_location, pagination, zone_of
from console.who import offered
from console.zoom_card import zoom_card
from core.clock import utcnow
from core.db.read import connections, pool
from core.db.read.at_risk import appointments_at_risk
from core.domain.roles import Permission
from core.domain.states import Connection
from core.settings import get_settings

ROWS = 20
CHOICES = 50  # free seats to choose from; more are found in the list
LOOK_AHEAD = timedelta(hours=24)
NAMED = 8
EVERY = "All"
RESULT = "connect_result"
SHOWN = {
    EVERY: None,
    "Needs a person": NEED_A_PERSON,
    "Connected": (*WORKING, Connection.DRAINING),
    "Free": FREE,
}


def show() -> None:
    """The whole page: how the last connect ended, the card of Zoom, and the seats."""
    keep_result()
    with sessions()() as session:
        places = pool.locations(session)
    st.caption("Calendar → Settings → Connections")
    place = location_choice(
        "My Connections", places, key="seats_of", beside=seat_actions.issue_button if places else None
    )
    show_result()
    if not places:
        no_location()
        return
    zone = zone_of(place, places)
    wrong_address()
    if not connection_actions.show_chosen() and (account := st.query_params.get(connection_actions.ACCOUNT)):
        show_account(account)
    live(lambda: overview(place, zone))
    live(lambda: seats(place))


def keep_result() -> None:
    """Take the end of a connect out of the address, so that a reload or a bookmark does not tell it again."""
    if refused := st.query_params.pop("refused", None):
        st.session_state[RESULT] = ("refused", *read_refusal(refused, st.context.cookies))
    elif email := st.query_params.pop("connected", "").replace("\0", ""):  # PostgreSQL takes no NUL
        st.session_state[RESULT] = ("connected", email, "", "")


def show_result() -> None:
    """Say how the last connect of this visit ended; success only if the database says so too."""
    outcome, what, next_step, reference = st.session_state.get(RESULT, (None, "", "", ""))
    if outcome == "refused":
        said = f"{plain(next_step)}  \n:small[Reference: {plain(reference)}]" if reference else plain(next_step)
        st.error(said, title=plain(what), icon=":material/link_off:")
        st.button("I have read it", key="result_read", on_click=lambda: st.session_state.pop(RESULT, None))
    elif outcome == "connected":
        with explained(), sessions()() as session:
            if connections.is_connected(session, what):
                st.success(
                    "It takes part from the next appointment on.",
                    title=f"{plain(what)} is connected.",
                    icon=":material/check_circle:",
                )


def overview(place: pool.LocationItem | None, zone: str) -> None:
    """The card of Zoom, and what suffers from accounts that cannot be used."""
    now = utcnow()
    location = place.id if place else None
    with sessions()() as session:
        states = connections.by_state(session, location, now=now)
        free = connections.seats(session, location, now=now, limit=CHOICES, only=FREE)
        created = connections.created_today(session, location, now=now)
    freshness(zone)
    at_risk(location, zone, now)
    active = [line for line in free if line.location_status == "active"]
    zoom_card(states, active, created, place)


def seats(place: pool.LocationItem | None) -> None:
    """The seats, page by page, with a search and a choice of what to show; both are kept in the address."""
    now = utcnow()
    location = place.id if place else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        shown = st.segmented_control(
            "Show", list(SHOWN), default=EVERY, required=True, key="seats_shown", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        st.space("stretch")
        search = st.text_input(
            "Find an address", key="seats_search", bind="query-params", placeholder="Find an address", max_chars=320,
            label_visibility="collapsed", icon=":material/search:", width=260,
        )  # fmt: skip
    only = SHOWN.get(shown or EVERY)
    with sessions()() as session:
        states = connections.by_state(session, location, now=now, search=search)
    found = sum(number for state, number in states.items() if only is None or state in only)
    table = st.container()
    # Below the table, but known before it is read.
    page = pagination(found, ROWS, "seats", key="seats_page", of=(location, shown, search))
    with sessions()() as session:
        lines = connections.seats(
            session, location, now=now, limit=ROWS, skipped=(page - 1) * ROWS, search=search, only=only
        )
    with table:
        if lines:
            seat_table(lines, now, everywhere=place is None)
        else:
            nothing(search, shown or EVERY)


def nothing(search: str, shown: str) -> None:
    """Why the list is empty, and what to do."""
    if search:
        empty("search_off", "No seat here has such an address.", "Write less of it, or show all seats and locations.")
    elif shown == "Needs a person":
        empty("check_circle", "No account needs a person.", "Whenever one does, it stands here with what to do.")
    elif shown != EVERY:
        empty("badge", "There is no such seat.", "Choose All to see every seat that is issued.")
    elif offered(Permission.ISSUE_SEATS):
        empty("badge", "No seat is issued here.", "Press Issue seats, or run `zoompool seats issue`.")
    else:
        empty("badge", "No seat is issued here.", "Ask QuantixOne's support to issue one; then connect it here.")


def at_risk(location: int | None, zone: str, now: datetime) -> None:
    """Say which appointments suffer from the accounts that cannot be used."""
    with sessions()() as session:
        found = appointments_at_risk(
            session, location=location, now=now, until=now + LOOK_AHEAD, cooldown=get_settings().cooldown
        )
    if found:
        named = ", ".join(f"{plain(each.external_id)} ({named_clock(each.starts_at, zone)})" for each in found[:NAMED])
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


show()
