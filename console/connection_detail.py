"""Everything about one account, in a drawer that its address opens: `/connections?account=12`."""

from datetime import datetime, timedelta
from urllib.parse import quote

import streamlit as st

from console import connection_actions, words
from console.account_chart import account_chart
from console.connection_list import connect_link, pills
from console.connection_words import facts, health
from console.database import sessions
from console.look import address, plain
from console.moments import clock, day, zone_name
from console.page import explained
from console.timeline import MARKS
from console.who import require
from core.clock import utcnow
from core.db.read.account_history import AccountEvent, events, phases
from core.db.read.appointment import is_id
from core.db.read.connections import SeatLine, connection
from core.domain.roles import Permission
from core.settings import get_settings

EVENTS = 60
AHEAD = timedelta(hours=2)
SPANS = {"24 hours": timedelta(hours=24), "3 days": timedelta(days=3), "7 days": timedelta(days=7)}


def show_account(given: str) -> None:
    """Open the drawer of the account that the address names, or say that there is none."""
    line = find(given)
    if line is None:
        st.warning(
            "Its seat may have been taken back. Choose another account from the list.",
            title="There is no such account.",
            icon=":material/search_off:",
        )
        return

    def drawer() -> None:
        with explained():
            detail(line)

    st.dialog("Connection", width="medium", position="right", on_dismiss=connection_actions.close_account)(drawer)()


def find(given: str) -> SeatLine | None:
    """The account that the address names, for those who may know of it."""
    if not is_id(given):
        return None
    with sessions()() as session:
        line = connection(session, int(given), now=utcnow())
    who = require(Permission.SEE_CONNECTIONS)
    return line if line is not None and who.sees(line.location_id) else None


def detail(line: SeatLine) -> None:
    """How the account is, what can be done, what it did."""
    now = utcnow()
    where = f"{plain(line.location)} · times in {zone_name(now, line.zone)}"
    st.markdown(f"#### {address(line.email)}\n{pills(line)} :gray[{where}]")
    st.markdown(plain(health(line, now)))
    connection_actions.tell()
    with st.container(horizontal=True, gap="small"):
        connect_link(line, key="detail_connect")
        connection_actions.buttons(line)
    with st.container(border=True, gap="xsmall", key="facts"):
        for label, value in facts(line, now):
            with st.container(horizontal=True, gap="small", wrap=False):
                st.markdown(f":small[:gray[{label}]]", width=130)
                st.markdown(f":small[{plain(value)}]", width="stretch")
    bars(line, now)
    timeline(line, now)


def bars(line: SeatLine, now: datetime) -> None:
    """What the account was used for in the last days."""
    assert line.account_id is not None
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown("**Use** :gray[· free where empty]", width="stretch")
            span = st.segmented_control(
                "How far back", list(SPANS), default="24 hours", key="account_span", label_visibility="collapsed"
            )
        since, until = now - SPANS[span or "24 hours"], now + AHEAD
        with sessions()() as session:
            drawn = phases(
                session, [line.account_id], now=now, since=since, until=until, cooldown=get_settings().cooldown
            )
        account_chart(drawn, [line.email], line.zone, now=now, since=since, until=until)
        if not drawn:
            st.caption(f"It was not used in the last {span or '24 hours'}.")


def timeline(line: SeatLine, now: datetime) -> None:
    """What happened to the account, the latest first, with a heading per day."""
    assert line.account_id is not None
    with sessions()() as session:
        lines = events(session, line.account_id, limit=EVENTS)
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Timeline** :gray[· latest first]")
        if not lines:
            st.caption("Nothing happened yet.")
        shown_day = None
        for each in lines:
            if (its_day := day(each.at, line.zone, now=now)) != shown_day:
                shown_day = its_day
                st.caption(its_day[0].upper() + its_day[1:])
            event_line(each, line.zone)
        if len(lines) == EVENTS:
            st.caption(f"The latest {EVENTS}.")


def event_line(event: AccountEvent, zone: str) -> None:
    """When, what, about which appointment, by whom."""
    color = MARKS.get(event.kind.rsplit("_", 1)[-1], "gray")
    actor = plain(words.actor(event.actor))
    about = f"{appointment_link(event.external_id)} · {actor}" if event.external_id else actor
    with st.container(horizontal=True, gap="small", wrap=False):
        st.markdown(f":small[:gray[{clock(event.at, zone, seconds=True)}]]", width=64)
        st.markdown(f":{color}[●] {plain(told(event, zone))} :small[:gray[· {about}]]", width="stretch")


def appointment_link(external_id: str) -> str:
    """To the appointment's own page."""
    return f"[{plain(external_id)}](/appointment?id={quote(external_id, safe='')})"


def told(event: AccountEvent, zone: str) -> str:
    """The event in words; of a choice, the evidence too."""
    said = words.event(event.kind, event.detail)
    if event.kind != "lease_granted" or "idle_since" not in event.detail:
        return said
    since = clock(datetime.fromisoformat(event.detail["idle_since"]), zone, seconds=True)
    free = event.detail["free_accounts"]
    return f"{said}: idle since {since}, the {f'longest of {free}' if free > 1 else 'only one'} free"
