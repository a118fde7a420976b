"""Everything about one account, in a drawer that its address opens: `/connections?account=12`."""

from datetime import datetime, timedelta
from urllib.parse import quote

import streamlit as st

from console import connection_actions, words
from console.account_chart import account_chart
from console.budget_bar import budget_bar
from console.connection_list import connect_link, pills
from console.connection_loss import as_list, finishes_first
from console.connection_words import facts, health
from console.database import sessions
from console.look import ACCOUNT, address, plain
from console.moments import clock, day, length, zone_name
from console.page import live
from console.timeline import MARKS
from console.who import require
from core.clock import utcnow
from core.db.read.account_history import AccountEvent, Trouble, creates_by_day, events, phases, troubles
from core.db.read.appointment import is_id
from core.db.read.connections import SeatLine, connection
from core.domain.roles import Permission
from core.domain.states import Connection
from core.settings import get_settings
from core.zoom.budget import DAILY_CREATES

EVENTS = 60
LABEL = 130
BUDGET_DAYS = 7  # as long as they are kept
TROUBLES_SINCE = timedelta(days=30)
AHEAD = timedelta(hours=2)
SPANS = {"24 hours": timedelta(hours=24), "3 days": timedelta(days=3), "7 days": timedelta(days=7)}


def show_account(given: str) -> None:
    """Open the drawer of the account that the address names, or say that there is none. It draws itself anew."""
    if find(given) is None:
        none_such()
        return

    def drawer() -> None:
        if (line := find(given)) is None:
            none_such()
        else:
            detail(line)

    st.dialog("Connection", width="medium", position="right", on_dismiss=connection_actions.close_account)(
        lambda: live(drawer)
    )()


def none_such() -> None:
    """Say so; also to those who may not know of it."""
    st.warning(
        "Its seat may have been taken back. Choose another account from the list.",
        title="There is no such account.",
        icon=":material/search_off:",
    )


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
    if line.state == Connection.DRAINING:
        what_is_left(line)
    with st.container(horizontal=True, gap="small"):
        connect_link(line, key="detail_connect")
        connection_actions.buttons(line)
    with st.container(border=True, gap="xsmall", key="facts"):
        for label, value in facts(line, now):
            with st.container(horizontal=True, gap="small", wrap=False):
                st.markdown(f":small[:gray[{label}]]", width=LABEL)
                st.markdown(f":small[{plain(value)}]", width="stretch")
    bars(line, now)
    budget_card(line, now)
    troubles_card(line, now)
    timeline(line, now)


def what_is_left(line: SeatLine) -> None:
    """What a draining account waits for, which may take minutes after its last meeting."""
    waits = as_list(finishes_first(line)) or "Nothing is left: within half a minute."
    st.info(waits, title="It is disconnected after", icon=":material/logout:")


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


def budget_card(line: SeatLine, now: datetime) -> None:
    """How much of Zoom's daily limit each of the last days took."""
    assert line.account_id is not None
    with sessions()() as session:
        days = creates_by_day(session, line.account_id, now=now, days=BUDGET_DAYS)
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**API budget** :gray[· meetings made per UTC day, of {DAILY_CREATES} that Zoom allows]")
        for each, creates in reversed(days):
            name = "Today" if each == days[-1][0] else f"{each:%a} {each.day} {each:%b}"
            with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
                st.markdown(f":small[:gray[{name}]]", width=LABEL)
                budget_bar(creates, worded=True)


def troubles_card(line: SeatLine, now: datetime) -> None:
    """When the account could not be used, and why."""
    assert line.account_id is not None
    with sessions()() as session:
        found = troubles(session, line.account_id, now=now, since=now - TROUBLES_SINCE)
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**Troubles** :gray[· of the last {TROUBLES_SINCE.days} days, latest first]")
        if not found:
            st.caption("None.")
        for each in found:
            trouble_line(each, line.zone, now)


def trouble_line(each: Trouble, zone: str, now: datetime) -> None:
    """What it was, since when and how long, and why."""
    began = f"{day(each.from_at, zone, now=now)} {clock(each.from_at, zone)}"
    over = each.to_at is not None and each.to_at <= now
    lasted = f"for {length(each.to_at - each.from_at)}" if over else f"for {length(now - each.from_at)} so far"
    why = f" :small[:gray[· {plain(words.reason(each.reason).what)}]]" if each.reason else ""
    st.markdown(f"{ACCOUNT[each.status].pill} :small[{began}, {lasted}]{why}")


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
