"""One queue per Zoom account and label, shared by threads and processes."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.errors import ZoomRateLimited
from core.zoom.budget import DAILY_CREATES, spend, spent
from core.zoom.limiter import HEADROOM, PATIENCE, RATES, Limiter

# A second process of the product: reserves and prints for when, on the clock that all of them share.
OTHER_PROCESS = """
import json, sys, time
from core.db.engine import sessions_for
from core.zoom.limiter import Limiter
limiter = Limiter(sessions_for(sys.argv[1]), {"Medium": 100})
print(json.dumps([time.time() + limiter.reserve("pool", "Medium") for _ in range(60)]))
"""


def test_calls_of_two_processes_and_many_threads_are_evenly_spaced(
    database_url: str, sessions: sessionmaker[Session]
) -> None:
    """Together they keep to one rate: nobody gets the same place, and no burst goes through."""
    limiter = Limiter(sessions, {"Medium": 100})
    other = subprocess.Popen([sys.executable, "-c", OTHER_PROCESS, database_url], stdout=subprocess.PIPE, text=True)
    with ThreadPoolExecutor(8) as pool:
        ours = list(pool.map(lambda _: time.time() + limiter.reserve("pool", "Medium"), range(60)))
        while other.poll() is None:
            ours.append(time.time() + limiter.reserve("pool", "Medium"))
            time.sleep(0.02)
    assert other.stdout is not None
    places = sorted([*ours, *json.loads(other.stdout.read())])
    other.stdout.close()

    per_second = [sum(1 for place in places if start <= place < start + 1) for start in places]
    assert max(per_second) <= 100 * HEADROOM + 2  # the two clock readings around a reservation differ a little
    assert len(places) >= 120


def test_an_idle_queue_makes_nobody_wait_and_saves_nothing_up(sessions: sessionmaker[Session]) -> None:
    """After a pause the first call leaves at once, the second not earlier than the interval."""
    limiter = Limiter(sessions, {"Medium": 10})
    assert limiter.reserve("pool", "Medium") == 0
    time.sleep(0.3)

    assert limiter.reserve("pool", "Medium") == 0
    assert limiter.reserve("pool", "Medium") > 0.05


def test_zoom_accounts_and_labels_wait_for_their_own_queue_only(sessions: sessionmaker[Session]) -> None:
    """Limits are Zoom's, per account and label."""
    limiter = Limiter(sessions, {"Light": 1, "Medium": 1})
    limiter.reserve("pool", "Medium")

    assert limiter.reserve("pool", "Medium") > 0.5
    assert limiter.reserve("pool", "Light") == 0
    assert limiter.reserve("other", "Medium") == 0


def test_a_penalty_holds_for_everybody(sessions: sessionmaker[Session]) -> None:
    """A short one is waited for; a long one is told with its end; a shorter one after it changes nothing."""
    limiter = Limiter(sessions, RATES["business"])
    until = utcnow() + timedelta(seconds=3)
    limiter.penalise("pool", "Medium", until)
    assert 2 < limiter.reserve("pool", "Medium") <= 3

    hours = utcnow() + timedelta(hours=2)
    limiter.penalise("pool", "Medium", hours)
    limiter.penalise("pool", "Medium", until)
    with pytest.raises(ZoomRateLimited) as limited:
        limiter.reserve("pool", "Medium")
    assert limited.value.retry_at == hours


def test_a_queue_that_is_too_long_is_refused_and_does_not_grow(sessions: sessionmaker[Session]) -> None:
    """Whoever is refused has taken no place from those who wait."""
    limiter = Limiter(sessions, {"Medium": 1})
    while limiter.reserve("pool", "Medium") < PATIENCE.total_seconds() - 1:
        pass

    for _ in range(5):
        with pytest.raises(ZoomRateLimited) as refused:
            limiter.reserve("pool", "Medium")
        assert refused.value.retry_at is not None
        assert refused.value.retry_at - utcnow() < PATIENCE + timedelta(seconds=2)


def test_a_reservation_holds_no_lock_while_its_caller_sleeps(sessions: sessionmaker[Session]) -> None:
    """It is committed with its own statement."""
    Limiter(sessions, RATES["business"]).reserve("pool", "Medium")

    with sessions() as session:
        assert session.scalar(sa.text("SELECT label FROM zoom_limits FOR UPDATE NOWAIT")) == "Medium"


def test_creates_are_counted_per_user_and_utc_day(sessions: sessionmaker[Session]) -> None:
    """In bulk; a hundred means that the user is spent for the day, and only for the day."""
    today = utcnow().date()
    with sessions.begin() as session:
        spend(session, {"a": 99, "b": 1}, day=today)
        spend(session, {"a": 1, "c": DAILY_CREATES + 5}, day=today)
        spend(session, {}, day=today)

        assert spent(session, ["a", "b", "c", "d"], day=today) == {"a", "c"}
        assert spent(session, ["a"], day=today + timedelta(days=1)) == set()
