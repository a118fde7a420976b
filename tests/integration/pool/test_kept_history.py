"""Hours that are over for good are kept; together with what is counted live the whole stays exact."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import PoolHour
from core.db.read.pool_history import occupancy
from core.domain.history_window import HistoryWindow, history_window
from core.services.keep_history import keep_history
from tests.integration.pool.given import BEGIN, History, Lease, Period, histories, three_accounts, write

LATER = BEGIN + timedelta(days=1, hours=6, minutes=20)
ONE_MEETING = History(
    [Lease(0, 60, {"ready_at": 61, "live_at": 70, "ended_at": 100, "cooldown_at": 110}, 115)],
    [Period(0, "connected", 0, None)],
)


def kept(sessions: sessionmaker[Session]) -> int:
    """How many hours are kept."""
    with sessions() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(PoolHour)) or 0


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories())
def test_what_is_kept_is_what_was_counted(sessions: sessionmaker[Session], history: History) -> None:
    """Of a location and of all, in hours and in three of them, with the seam between kept and live within the day."""
    with sessions.begin() as session:
        for table in ("pool_hours", "connection_periods", "leases", "appointments", "accounts", "seats", "calendars"):
            session.execute(sa.text(f"DELETE FROM {table}"))
        session.execute(sa.text("DELETE FROM locations"))
        location, accounts = three_accounts(session)
        write(session, history, location, accounts)
    windows = [history_window(BEGIN - timedelta(days=days), LATER, "UTC") for days in (8, 20)]
    live = everything(sessions, location, windows)

    assert keep_history(sessions, clock=lambda: LATER).hours > 0
    for before, after in zip(live, everything(sessions, location, windows), strict=True):
        assert before == pytest.approx(after, abs=1e-5)


def everything(sessions: sessionmaker[Session], location: int, windows: list[HistoryWindow]) -> list[dict[str, Any]]:
    """The rows of the location and of all together, times as seconds."""
    with sessions() as session:
        rows = [
            row
            for scope in (location, None)
            for window in windows
            for row in occupancy(session, scope, window, now=LATER)
        ]
    return [row | {"from_at": row["from_at"].timestamp()} for row in rows]


def test_what_is_kept_is_written_once_and_corrected_for_days(sessions: sessionmaker[Session]) -> None:
    """Counting again changes nothing; a lease of which Zoom told late is put right, for three days."""
    with sessions.begin() as session:
        location, accounts = three_accounts(session)
        write(session, ONE_MEETING, location, accounts)

    assert keep_history(sessions, clock=lambda: LATER).hours == kept(sessions)
    assert keep_history(sessions, clock=lambda: LATER).hours == 0
    with sessions.begin() as session:
        session.execute(sa.text("UPDATE leases SET ended_at = ended_at - interval '5 minutes'"))
    assert keep_history(sessions, clock=lambda: LATER).hours == 2, "the hour of the location, and of all"
    later = LATER + timedelta(days=10)
    keep_history(sessions, clock=lambda: later)
    assert keep_history(sessions, clock=lambda: later).since == later.replace(minute=0) - timedelta(days=4)


def test_the_hours_of_a_location_are_those_of_its_own_clock(sessions: sessionmaker[Session]) -> None:
    """Where the clock is half an hour off, so are the hours; those of all together are UTC's."""
    with sessions.begin() as session:
        location, accounts = three_accounts(session, "Asia/Kolkata")
        write(session, ONE_MEETING, location, accounts)
    keep_history(sessions, clock=lambda: LATER)
    with sessions() as session:
        hours = session.execute(sa.select(PoolHour.scope, PoolHour.from_at).where(PoolHour.peak == 1)).all()

    assert sorted(hours) == [
        (0, datetime(2026, 3, 2, 9, tzinfo=UTC)),
        (location, datetime(2026, 3, 2, 8, 30, tzinfo=UTC)),
        (location, datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
    ]


def test_counting_stops_in_time_and_goes_on_the_next_time(sessions: sessionmaker[Session]) -> None:
    """A week at a time: what is not reached yet is counted live meanwhile."""
    with sessions.begin() as session:
        location, accounts = three_accounts(session)
        write(session, ONE_MEETING, location, accounts)
    now = LATER + timedelta(days=20)
    clock = iter([now, now, now, now + timedelta(minutes=2)])
    first = keep_history(sessions, clock=lambda: next(clock), until=now + timedelta(minutes=1))
    second = keep_history(sessions, clock=lambda: now)

    assert first.since and first.until == first.since + timedelta(days=7)
    assert second.since == first.until - timedelta(days=3) and second.until == now.replace(minute=0) - timedelta(days=1)


def test_without_any_history_nothing_is_kept(sessions: sessionmaker[Session]) -> None:
    """A new installation."""
    assert keep_history(sessions, clock=lambda: LATER).hours == 0
