"""What the minute-level sensor reads, and the bulk run's first step."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.domain.due import ESCALATE_BEFORE_START, OpeningHours
from core.domain.planning import DueWork
from core.services.lease import Granted, Waiting, allocate
from core.services.tidy import tidy

# Four bulk runs begin at the same moment; a location that another one holds is free after one transaction.
PATIENCE_WITH_BUSY_LOCATIONS = 3.0
PAUSE = (0.02, 0.08)


@dataclass(frozen=True)
class Isolated:
    """An appointment that was put aside and waits for a run of its own."""

    appointment_id: int
    location_id: int
    external_id: str
    revision: int
    isolation: int


@dataclass
class Allocated:
    """What a bulk run's allocation came to."""

    granted: list[Granted] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    missed: int = 0


def due_work(session: Session, *, hours: OpeningHours, now: datetime) -> DueWork:
    """What is due and what can be done about it, in one statement that reads only."""
    row = session.execute(statements("due")["due_work"], _window(hours, now)).one()
    return DueWork(row.servable, row.to_mark, row.stalled, row.to_give_up, tuple(row.to_escalate))


def isolated_work(session: Session, *, hours: OpeningHours, now: datetime, limit: int) -> list[Isolated]:
    """The appointments put aside whose run has not begun, earliest start first."""
    given = {"now": now, "horizon": hours.horizon(now), "limit": limit}
    return [Isolated(*row) for row in session.execute(statements("due")["isolated_work"], given)]


def allocate_due(
    sessions: sessionmaker[Session], *, hours: OpeningHours, limit: int, run_id: str, clock: Callable[[], datetime]
) -> Allocated:
    """Tidy up, then lease until *limit* is reached or nothing more can be served; who is short of an account waits."""
    result = Allocated()
    with sessions.begin() as session:
        result.missed = tidy(session, hours=hours, run_id=run_id, now=clock())
    deadline = time.monotonic() + PATIENCE_WITH_BUSY_LOCATIONS
    while True:
        wanted = limit - len(result.granted)
        with sessions.begin() as session:
            allocation = allocate(session, hours=hours, limit=wanted, run_id=run_id, now=clock())
        result.granted += allocation.granted
        result.waiting += allocation.waiting
        if len(result.granted) >= limit or time.monotonic() > deadline:
            return result
        if allocation.granted:
            continue
        with sessions() as session:
            if not due_work(session, hours=hours, now=clock()).servable:
                return result
        time.sleep(random.uniform(*PAUSE))


def _window(hours: OpeningHours, now: datetime) -> dict[str, object]:
    return {
        "now": now,
        "horizon": hours.horizon(now),
        "earliest": hours.earliest(now),
        "escalation_horizon": now + ESCALATE_BEFORE_START,
        "utc_day": now.astimezone(UTC).date(),
    }
