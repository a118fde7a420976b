"""One tick of the lifecycle: all that needs no network, in short transactions, until nothing is left or time is up."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.domain.due import OpeningHours
from core.domain.lifecycle import Rules
from core.services.alerts.keep import KeptAlerts, keep_alerts
from core.services.inbox.apply import apply_inbox, put_aside_first, unpark
from core.services.lifecycle.advance import Moved, advance, lock_for
from core.services.recordings.finished import delete_finished
from core.services.timeline import SYSTEM
from core.zoom.vault import TokenVault

BATCH = 500
# Less than the 60 s that Dagster gives a sensor, and less than its interval: the next tick goes on.
BUDGET = 10.0
# The few rows that a tick reads are in memory: the planner shall fetch them by index, and not read a whole table
# because it takes each for a visit to a disk.
PATIENCE = sa.text("SET LOCAL statement_timeout = '5s'; SET LOCAL random_page_cost = 1.1")


@dataclass
class Ticked:
    """What one tick did."""

    events: Counter[str] = field(default_factory=Counter)
    moved: list[Moved] = field(default_factory=list)
    released: int = 0
    to_delete: int = 0
    alerts: KeptAlerts = field(default_factory=KeptAlerts)

    def __str__(self) -> str:
        """In a few words, for the tick's own line."""
        return (
            f"{sum(self.events.values())} events applied, {len(self.moved)} leases moved, {self.released} accounts "
            f"free again, {self.to_delete} finished meetings to delete, {self.alerts.raised} alerts raised and "
            f"{self.alerts.cleared} cleared."
        )


def tick(
    sessions: sessionmaker[Session],
    *,
    vault: TokenVault,
    rules: Rules,
    hours: OpeningHours,
    delete_when_finished: bool,
    clock: Callable[[], datetime],
) -> Ticked:
    """Apply the inbox, look at leases whose time has come, end passed cooldowns, delete what is finished, and keep the
    alerts true.

    Each step is idempotent and fenced by row locks and states: a tick that is cut off, or two that overlap, do no harm.
    """
    deadline = time.monotonic() + BUDGET
    done = Ticked()
    with _brief(sessions) as session:
        unpark(session, now=clock())
    at_once = BATCH
    while time.monotonic() < deadline:
        try:
            with _brief(sessions) as session:
                applied = apply_inbox(session, vault=vault, rules=rules, now=clock(), limit=at_once)
        except DataError:  # one event holds what no column takes: the others are applied without it
            if at_once > 1:
                at_once = max(at_once // 8, 1)
                continue
            with _brief(sessions) as session:
                put_aside_first(session, now=clock())
            at_once = BATCH
            continue
        done.events += applied.outcomes
        done.moved += applied.moved
        if applied.outcomes.total() < at_once:
            break
    while time.monotonic() < deadline:
        with _brief(sessions) as session:
            looked, moved = look(session, rules=rules, now=clock())
        done.moved += moved
        if looked < BATCH:
            break
    with _brief(sessions) as session:
        done.released = close_passed_cooldowns(session, now=clock())
    with _brief(sessions) as session:
        done.to_delete = delete_finished(session, now=clock(), enabled=delete_when_finished)
    with _brief(sessions) as session:
        done.alerts = keep_alerts(session, hours=hours, now=clock())
    return done


def look(session: Session, *, rules: Rules, now: datetime, limit: int = BATCH) -> tuple[int, list[Moved]]:
    """Decide about the leases whose time has come; how many were looked at, and which moved."""
    due = session.execute(statements("lifecycle")["to_look_at"], {"now": now, "limit": limit}).all()
    if not due:
        return 0, []
    lock_for(session, [row.appointment_id for row in due], [row.id for row in due])
    return len(due), advance(session, [row.id for row in due], rules=rules, now=now)


def close_passed_cooldowns(session: Session, *, now: datetime) -> int:
    """End the leases whose cooldown has passed; how many accounts are free by that."""
    locations = list(session.scalars(statements("lifecycle")["cooling_locations"], {"now": now}))
    if not locations:
        return 0
    given = {"now": now, "locations": locations, "actor": SYSTEM, "run_id": None}
    return len(session.execute(statements("allocate")["close_passed_cooldowns"], given).all())


@contextmanager
def _brief(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """A transaction whose statements may take five seconds each: a sensor's evaluation has sixty."""
    with sessions.begin() as session:
        session.execute(PATIENCE)
        yield session
