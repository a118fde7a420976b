"""The Pool page's first tab: who waits and what is wrong, how many accounts are free, what they do and what comes."""

from datetime import timedelta

import streamlit as st

from console import words
from console.database import sessions
from console.look import plain
from console.page import freshness
from console.pool_accounts import account_list, free_next, timeline
from console.pool_appointments import appointment_list, waiting_card
from console.pool_attention import attention_card, failures
from console.pool_data import lately
from console.pool_figures import key_figures
from console.pool_states import states_now, tightest
from core.clock import utcnow
from core.db.read import account_history, attention, pool, upcoming
from core.settings import get_settings
from core.wiring import wiring

APPOINTMENTS = 12
ACCOUNTS = 20
LOCATIONS = 6
WAITING = 6
TROUBLED = 6
HISTORY = timedelta(minutes=60)
AHEAD = timedelta(minutes=75)


def now_panel(place: pool.LocationItem | None, zone: str) -> None:
    """Everything that changes by itself, read in one go."""
    now, settings, hours = utcnow(), get_settings(), wiring().hours
    location, everywhere = place.id if place else None, place is None
    since, ahead = now - HISTORY, now + AHEAD
    with sessions()() as session:
        figures = pool.counts(session, location, now=now, hours=hours)
        accounts = pool.accounts(session, location, now=now, limit=ACCOUNTS)
        coming = upcoming.next_appointments(session, location, now=now, limit=APPOINTMENTS)
        waiting = (
            upcoming.next_appointments(session, location, now=now, limit=WAITING, waiting=True)
            if figures.waiting
            else []
        )
        waits = upcoming.estimates(session, [*coming, *waiting], now=now, cooldown=settings.cooldown)
        troubled = attention.troubled(session, location, now=now, limit=TROUBLED) if figures.attention else []
        states = pool.by_state(session, location, now=now)
        tight = pool.by_location(session, now=now, hours=hours, limit=LOCATIONS) if everywhere else []
        shown = {each.location_id for each in accounts} | {each.id for each in tight}
        busy = upcoming.busy_at(session, shown, now=now, cooldown=settings.cooldown)
        bars = account_history.phases(
            session, [each.id for each in accounts], now=now, since=since, until=ahead, cooldown=settings.cooldown
        )
    before = lately(location)
    freshness(zone)
    standstill(place)
    failures(figures.failed, place)
    waiting_card(waiting, figures.waiting, waits, now, place)
    key_figures(figures, before, place, now, settings.lead_time)
    free_at = {each.account_id: each.busy_until for each in busy if each.busy_until > now}
    if accounts:
        left, right = st.columns([2, 3], gap="small")
        with left:
            states_now(states)
        with right:
            if len(tight) > 1:
                tightest(tight, busy, now)
            else:
                free_next(accounts, free_at, now)
    left, right = st.columns([3, 2], gap="small")
    with left:
        if accounts:
            timeline(accounts, figures.accounts, bars, zone, now=now, since=since, until=ahead, everywhere=everywhere)
        appointment_list(coming, waits, now, place)
    with right:
        attention_card(troubled, figures.attention, now, place)
        account_list(accounts, figures.accounts, free_at, now, place)


def standstill(place: pool.LocationItem | None) -> None:
    """Say when nothing will be opened here although everything looks well."""
    if place and place.status == "suspended":
        st.warning(
            words.reason("location_suspended").next_step, title=f"{plain(place.name)} is suspended: no new links."
        )
