"""The Pool page's first tab: how many accounts are free, what comes next, and who waits for what."""

from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import pandas as pd
import streamlit as st

from console import words
from console.account_chart import account_chart
from console.copying import copied
from console.database import sessions
from console.look import ACCOUNT, IN_CHARTS, LINK, address, plain
from console.moments import bare_clock, clock, day, length, until, zone_name
from console.page import empty, freshness
from console.pool_charts import bars as bars_chart
from console.widgets import copy_button
from core.clock import utcnow
from core.db.read import account_history, pool, upcoming
from core.domain.states import Link
from core.settings import get_settings
from core.wiring import wiring

APPOINTMENTS = 20
ACCOUNTS = 24  # in the list
DRAWN = 20  # in the timeline
LOCATIONS = 6
SHOWN = ("live", "ready", "reserved", "processing", "cooldown", "closing", "idle", "busy_elsewhere", "quarantined",
         "needs_reauth", "draining")  # fmt: skip
HISTORY = timedelta(minutes=60)
AHEAD = timedelta(minutes=75)
Color = Literal["gray", "green", "orange", "red"]


def now_panel(place: pool.LocationItem | None, zone: str) -> None:
    """Everything that changes by itself, read in one go."""
    now, settings = utcnow(), get_settings()
    location = place.id if place else None
    with sessions()() as session:
        figures = pool.counts(session, location, now=now, hours=wiring().hours)
        accounts = pool.accounts(session, location, now=now, limit=ACCOUNTS)
        coming = upcoming.next_appointments(session, location, now=now, limit=APPOINTMENTS)
        waits = upcoming.estimates(session, coming, now=now, cooldown=settings.cooldown)
        states = pool.by_state(session, location, now=now)
        tight = pool.by_location(session, now=now, hours=wiring().hours, limit=LOCATIONS) if place is None else []
        drawn = pool.accounts(session, location, now=now, limit=DRAWN, in_use_first=True)
        since, ahead = now - HISTORY, now + AHEAD
        bars = account_history.phases(
            session, [each.id for each in drawn], now=now, since=since, until=ahead, cooldown=settings.cooldown
        )
    freshness(zone)
    standstill(place)
    failures(figures)
    key_figures(figures, coming, now, settings.lead_time)
    if accounts:
        pool_now(states, tight)
        with st.container(border=True):
            more = f"; {len(drawn)} of {figures.accounts}, those in use first" if figures.accounts > len(drawn) else ""
            about = f"the last hour and what is planned (paler); free where empty{more}"
            st.markdown(f"**Accounts over time** :gray[· {about}]")
            emails = sorted(each.email for each in drawn)
            account_chart(bars, emails, zone, now=now, since=since, until=ahead, everywhere=place is None)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        appointment_list(coming, waits, now, everywhere=place is None)
    with right:
        account_list(accounts, figures.accounts, now, everywhere=place is None)


def pool_now(states: dict[str, int], tight: list[pool.LocationCounts]) -> None:
    """The accounts by state; and where several locations are shown, those with the least left."""
    if len(tight) < 2:
        states_now(states)
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        states_now(states)
    with right, st.container(border=True, height="stretch", gap="xsmall", key="rows_tight"):
        st.markdown("**Tightest locations** :gray[· where somebody waits or the fewest are free]")
        for each in tight:
            location_row(each)


def states_now(states: dict[str, int]) -> None:
    """One bar per state, with its number and share."""
    known, total = [state for state in SHOWN if states.get(state)], sum(states.values())
    labels = [f"{states[state]:,} · {states[state] / total:.0%}" for state in known]
    names = [ACCOUNT[state].word for state in known]
    rows = pd.DataFrame({"What": names, "value": [states[state] for state in known], "Label": labels})
    taken = total - states.get("idle", 0)
    with st.container(border=True, height="stretch"):
        st.markdown("**Accounts by state** :gray[· now]")
        bars_chart(rows, [IN_CHARTS[name] for name in names], alt="Accounts by state, now.")
        st.caption(f"{taken:,} of {total:,} accounts cannot be given to anybody now: in use, or out of the pool.")


def location_row(each: pool.LocationCounts) -> None:
    """A location with its numbers; its name leads to its own pool."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        if st.button(
            f"**{plain(each.name)}**", key=f"open_{each.id}", type="tertiary", on_click=_choose, args=[each.name]
        ):
            st.rerun()
        st.space("stretch")
        marks = [f":orange-badge[:material/hourglass_empty: {each.waiting} waiting]"] if each.waiting else []
        marks += [f":red-badge[:material/error: {each.attention}]"] if each.attention else []
        color = "green" if each.idle else "gray"
        free = f":{color}-badge[{each.idle} of {each.accounts} free]"
        st.markdown(" ".join([*marks, free]), width="content")


def _choose(location: str) -> None:
    st.session_state["location"] = location


def standstill(place: pool.LocationItem | None) -> None:
    """Say when nothing will be opened here although everything looks well."""
    if place and place.status == "suspended":
        st.warning(
            words.reason("location_suspended").next_step, title=f"{plain(place.name)} is suspended: no new links."
        )


def failures(figures: pool.PoolCounts) -> None:
    """Say that links failed and will not come by themselves."""
    if figures.failed:
        title = "One link failed." if figures.failed == 1 else f"{figures.failed} links failed."
        st.error("A person has to look: the appointment says why and what to do.", title=title, icon=":material/error:")


def key_figures(figures: pool.PoolCounts, coming: list[upcoming.Upcoming], now: datetime, lead_time: timedelta) -> None:
    """Five figures, each with the sentence that makes it mean something."""
    due = figures.next_start - lead_time if figures.next_start else None
    needs = "see Accounts" if figures.attention else "all are well"
    with st.grid(5, min_column_width=150):
        metric("Free now", f"{figures.idle} / {figures.accounts}", _share(figures), "green" if figures.idle else "gray")
        metric("In use", figures.leased, "by appointments")
        metric("Need attention", figures.attention, needs, "red" if figures.attention else "green")
        waiting = "no account is free" if figures.waiting else "nobody waits"
        metric("Waiting", figures.waiting, waiting, "orange" if figures.waiting else "green")
        metric("Next link due", until(due, now=now) if due else "None", _next_start(figures, now))


def metric(label: str, value: object, note: str, color: Color = "gray") -> None:
    """One figure in a frame, with a note below it."""
    st.metric(label, str(value), note, delta_color=color, delta_arrow="off", border=True, height="stretch")


def _share(figures: pool.PoolCounts) -> str:
    if not figures.accounts:
        return "none connected"
    return f"{figures.idle * 100 // figures.accounts}% free"


def _next_start(figures: pool.PoolCounts, now: datetime) -> str:
    return f"starts {until(figures.next_start, now=now)}" if figures.next_start else "nothing is booked"


def appointment_list(
    coming: list[upcoming.Upcoming], waits: dict[int, datetime | None], now: datetime, *, everywhere: bool
) -> None:
    """The next appointments, one line each."""
    st.subheader("Next appointments", anchor=False)
    if not coming:
        empty(
            "event_available", "No appointment in the next seven days.", "Book one with `zoompool appointments book`."
        )
        return
    with st.container(border=True, gap="xsmall", key="rows_next"):
        for each in coming:
            appointment_row(each, waits.get(each.id), now, everywhere=everywhere)


def appointment_row(each: upcoming.Upcoming, wait: datetime | None, now: datetime, *, everywhere: bool) -> None:
    """Start, what, where it stands, and its link to copy."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"**{bare_clock(each.starts_at, each.zone)}** :small[:gray[{zone_name(each.starts_at, each.zone)}]]  \n"
            f":small[:gray[{_when(each, now)}]]",
            width=112,
        )
        with st.container(width="stretch", gap=None):
            # With its location, because the booking system's ids count within one.
            wanted = {"id": each.external_id, "location_id": str(each.location_id)}
            label = f":primary[**{plain(each.external_id)}**]"
            st.page_link("app_pages/appointment.py", label=label, icon="", help="", query_params=wanted)
            st.markdown(f":small[:gray[{plain(_where(each, everywhere=everywhere))}]]")
            if each.link in (Link.WAITING, Link.FAILED):
                st.markdown(f":small[{plain(why_none(each, wait, now))}]")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", wrap=False):
            st.markdown(LINK[Link(each.link)].pill, width="content")
            if each.join_url:
                copy_button(
                    each.join_url,
                    key=f"copy_{each.id}",
                    description=f"Copy the join link of {each.external_id}",
                    on_copied=partial(copied, each.id, each.location_id, "link"),
                )


def why_none(each: upcoming.Upcoming, wait: datetime | None, now: datetime) -> str:
    """Why this appointment has no link, and when it may get one."""
    return words.no_link(
        each.reason, waits=each.link == Link.WAITING, place=each.place, wait=wait, zone=each.zone, now=now
    )


def _when(each: upcoming.Upcoming, now: datetime) -> str:
    if each.starts_at <= now - timedelta(minutes=1):
        return f"started {until(each.starts_at, now=now)}"
    near = each.starts_at - now < timedelta(hours=6)
    return until(each.starts_at, now=now) if near else day(each.starts_at, each.zone, now=now)


def _where(each: upcoming.Upcoming, *, everywhere: bool) -> str:
    parts = [each.location] if everywhere else []
    parts.append(each.calendar)
    if each.account:
        parts.append(each.account.partition("@")[0])
    return " · ".join(parts)


def account_list(accounts: list[pool.PoolAccount], connected: int, now: datetime, *, everywhere: bool) -> None:
    """The accounts, those that need a person first."""
    st.subheader("Accounts", anchor=False)
    if not accounts:
        empty("link", "No account is connected.", "Open Connections and connect a seat.")
        return
    with st.container(border=True, gap="xsmall", key="rows_accounts"):
        for each in accounts:
            account_row(each, now, everywhere=everywhere)
    if connected > len(accounts):
        st.caption(f"{len(accounts)} of {connected} accounts. Choose a location to see its own.")


def account_row(each: pool.PoolAccount, now: datetime, *, everywhere: bool) -> None:
    """An account, its state and what it is doing."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        where = f"{each.location} · " if everywhere else ""
        st.markdown(f"{address(each.email)}  \n:small[:gray[{plain(where + doing(each, now))}]]", width="stretch")
        pills = [ACCOUNT[each.state].pill]
        if each.lease_state and each.lease_state != each.state:
            pills.append(ACCOUNT[each.lease_state].pill)
        st.markdown(" ".join(pills), width="content")


def doing(each: pool.PoolAccount, now: datetime) -> str:
    """What an account is used for and when it is free again."""
    if each.state == "quarantined":
        end = f"until {clock(each.benched_until, each.zone)}" if each.benched_until else "until somebody releases it"
        return f"{words.reason(each.bench_reason).what} Out of the pool {end}."
    if each.state == "needs_reauth":
        return "Zoom no longer accepts our access: reconnect it."
    if each.state == "busy_elsewhere" and each.busy_elsewhere_since:
        return f"In a meeting of its own since {clock(each.busy_elsewhere_since, each.zone)}."
    if each.lease_state == "cooldown" and each.cooldown_until:
        return f"{each.external_id} · free {until(each.cooldown_until, now=now)}"
    if each.lease_state == "processing":
        return f"{each.external_id} · free when Zoom has the recording"
    if each.lease_state == "closing" or each.state == "closing":
        return f"{each.external_id or 'An old meeting'} · free when Zoom confirms that it is gone"
    if each.ends_at:
        over = (
            f"over its end by {length(now - each.ends_at)}"
            if each.ends_at < now
            else f"until {clock(each.ends_at, each.zone)}"
        )
        return f"{each.external_id} · {over}"
    return f"Idle for {length(now - each.idle_since)}"
