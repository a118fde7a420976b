"""What the Pool page's charts show, read and shaped; the pages only draw it.

Kept for half a minute, so that twenty people who look at the same ask the database once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from console.database import sessions
from core.clock import utcnow
from core.db.read import account_use, ahead, pool_history
from core.db.read import lately as read
from core.db.read.occupancy import COLUMNS, LEASED
from core.domain.history_window import HOUR, HistoryWindow, history_window
from core.settings import get_settings

WEEKS = timedelta(days=28)
LATELY = timedelta(hours=6)
STEP, DUE_STEP = 300, 900  # seconds
BUCKETS = LATELY // timedelta(seconds=STEP)
STEPS_AN_HOUR = HOUR // STEP
IDLE = 5  # accounts that were used least
KEPT = {"ttl": 30, "max_entries": 64, "show_spinner": False}


@dataclass(frozen=True)
class History:
    """A stretch of the past. *buckets* and *before* have a row per bucket, *hours* one per hour of at least 28 days."""

    window: HistoryWindow
    buckets: pd.DataFrame
    before: pd.DataFrame
    hours: pd.DataFrame
    links: list[pool_history.LinkCount]
    waits: list[pool_history.RecordingWait]
    overdue: pool_history.Overdue
    least_used: list[account_use.AccountUse]


@dataclass(frozen=True)
class Lately:
    """The last hours in steps of five minutes, the *longest* wait in them, and the links *due* in the next hours."""

    free: list[float]
    in_use: list[float]
    attention: list[float]
    waiting: list[int]
    longest: timedelta
    due: list[int]

    @property
    def due_within_an_hour(self) -> int:
        """Links that become due in the next hour."""
        return sum(self.due[: HOUR // DUE_STEP])


@dataclass(frozen=True)
class Outlook:
    """What is booked against the accounts there are; *used* is what was used in the hours before."""

    since: datetime
    until: datetime
    curve: pd.DataFrame
    used: pd.DataFrame
    short: list[ahead.ShortAhead]
    fullest: list[ahead.Fullest]
    usual: list[ahead.UsualTail]


def lately(location: int | None) -> Lately:
    """How it was in the last hours at a location, or at all for None."""
    return _lately(_database(), location)


@st.cache_data(**KEPT | {"ttl": 60})
def _lately(where: str, location: int | None) -> Lately:
    now, settings = utcnow(), get_settings()
    lead, late = settings.lead_time, settings.late_open_limit
    window = HistoryWindow(now - BUCKETS * timedelta(seconds=STEP), now, STEP)
    with sessions()() as session:
        rows = pool_history.occupancy(session, location, window, now=now)
        waited = read.waited(session, location, now=now, lead=lead, late=late, seconds=STEP, buckets=BUCKETS)
        due = read.becoming_due(
            session, location, now=now, lead=lead, seconds=DUE_STEP, buckets=LATELY // timedelta(seconds=DUE_STEP)
        )
    return Lately(
        [row["connected"] for row in rows],
        [sum(row[state] for state in LEASED) for row in rows],
        [row["busy_elsewhere"] + row["quarantined"] + row["needs_reauth"] for row in rows],
        waited.waiting,
        waited.longest,
        due,
    )


def history(location: int | None, since: datetime, until: datetime, zone: str) -> History:
    """The past of a location, or of all for None. *until* is rounded to the minute, so that others find it kept."""
    minute = until.replace(second=0, microsecond=0)
    return _history(_database(), location, minute - (until - since), minute, zone)


@st.cache_data(**KEPT)
def _history(where: str, location: int | None, since: datetime, until: datetime, zone: str) -> History:
    # The hours kept of all locations together are those of UTC, half an hour from the full hours of some clocks.
    hours_of, now = zone if location is not None else "UTC", utcnow()
    window = history_window(since, until, hours_of)
    long = history_window(min(since, until - WEEKS), until, hours_of)
    with sessions()() as session:
        buckets = _frame(pool_history.occupancy(session, location, window.with_before, now=now), zone, window.seconds)
        hours = pool_history.occupancy(session, location, HistoryWindow(long.since, until, HOUR), now=now)
        links = pool_history.link_counts(session, location, window, zone=zone, lead=get_settings().lead_time)
        waits = pool_history.recording_waits(session, location, window, zone=zone)
        overdue = pool_history.overdue_recordings(session, location, now=now)
        idle = account_use.least_used(session, location, window.since, until, now=now, limit=IDLE)
    current = buckets["at"] >= pd.Timestamp(window.since)
    return History(window, buckets[current], buckets[~current], _frame(hours, zone, HOUR), links, waits, overdue, idle)


def outlook(locations: tuple[int, ...], location: int | None, *, days: int, zone: str) -> Outlook:
    """What comes in the next *days* at one of *locations*, or at all of them for None."""
    return _outlook(_database(), locations if location is None else (location,), location, days, zone)


@st.cache_data(**KEPT)
def _outlook(where: str, locations: tuple[int, ...], location: int | None, days: int, zone: str) -> Outlook:
    settings, now = get_settings(), utcnow()
    seconds = 600 if days == 1 else 1800
    since = now - timedelta(seconds=now.timestamp() % seconds)
    until, past = since + timedelta(days=days), since - timedelta(hours=6 if days == 1 else 24)
    usual = _usual(where, locations)
    demand = ahead.Demand(since, until, settings.lead_time, settings.cooldown, usual, now)
    with sessions()() as session:
        curve = pd.DataFrame([vars(each) for each in ahead.demand_curve(session, demand, seconds=seconds)])
        short = ahead.short_ahead(session, demand)
        full = ahead.fullest(session, demand, limit=8)
        used = _frame(
            pool_history.occupancy(session, location, HistoryWindow(past, since, seconds), now=now), zone, seconds
        )
    curve["to"] = curve["at"] + timedelta(seconds=seconds)
    curve["When"] = _in_words(curve["at"], zone)
    return Outlook(since, until, curve, used, short, full, usual)


@st.cache_data(ttl=600, max_entries=64, show_spinner=False)
def _usual(where: str, locations: tuple[int, ...]) -> list[ahead.UsualTail]:
    with sessions()() as session:
        return ahead.usual_tails(session, locations)


def _frame(rows: list[dict[str, Any]], zone: str, seconds: int) -> pd.DataFrame:
    """A row per bucket: `at`, `to`, its words `When`, the `peak`, accounts by state, and `in_use`, all with a lease."""
    frame = pd.DataFrame(rows, columns=["from_at", "peak", *COLUMNS]).rename(columns={"from_at": "at"})
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    frame["to"] = frame["at"] + timedelta(seconds=seconds)
    frame["in_use"] = frame[list(LEASED)].sum(axis=1)
    frame["When"] = _in_words(frame["at"], zone)
    return frame


def _in_words(times: pd.Series, zone: str) -> pd.Series:
    """`Wed 25 Nov, 14:20 CET`."""
    return times.dt.tz_convert(zone).dt.strftime("%a %d %b, %H:%M %Z")


def _database() -> str:
    """Which database: what was read from another is never shown."""
    return str(sessions().kw["bind"].url.render_as_string(hide_password=True))
