"""Hours of the pool that are over for good are counted once and kept, so that a month of them is shown at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.read.occupancy import COLUMNS, with_occupancy

HOUR = 3600
# What Zoom tells late changes the times of a lease for hours; a lease that is open still may change them for days.
SETTLED = timedelta(days=1)
AGAIN = timedelta(days=3)
PORTION = timedelta(days=7)

FIRST = sa.text("""
SELECT date_trunc('hour', least((SELECT min(reserved_at) FROM leases), (SELECT min(from_at) FROM connection_periods)))
""")
LAST = sa.text("SELECT max(from_at) + INTERVAL '1 hour' FROM pool_hours WHERE scope = 0")
_NAMES = ", ".join(COLUMNS)
KEEP = with_occupancy(f"""
INSERT INTO pool_hours AS k (scope, from_at, peak, {_NAMES})
SELECT scope, from_at, peak, {_NAMES} FROM occupancy
ON CONFLICT (scope, from_at) DO UPDATE
SET (peak, {_NAMES}) = (excluded.peak, {", ".join(f"excluded.{name}" for name in COLUMNS)})
WHERE (k.peak, {", ".join(f"k.{name}" for name in COLUMNS)})
      IS DISTINCT FROM (excluded.peak, {", ".join(f"excluded.{name}" for name in COLUMNS)})
""")  # noqa: S608 - the columns are ours


@dataclass(frozen=True)
class KeptHours:
    """From when until when hours were counted (None: there was nothing to count), and how many are new or changed."""

    since: datetime | None
    until: datetime | None
    hours: int


def keep_history(
    sessions: sessionmaker[Session], *, clock: Callable[[], datetime], until: datetime | None = None
) -> KeptHours:
    """Count what is older than a day and not kept yet, and the three days before it once more.

    A week at a time, each in a transaction of its own; after *until* no further week is begun, and the next call goes
    on. What is younger is counted live by whoever shows it.
    """
    with sessions() as session:
        first, last = session.execute(FIRST).scalar(), session.execute(LAST).scalar()
        begin = max(first, last - AGAIN) if first and last else first
    end = (clock() - SETTLED).replace(minute=0, second=0, microsecond=0)
    if begin is None or begin >= end:
        return KeptHours(None, None, 0)
    hours, at = 0, begin
    while at < end and (until is None or clock() < until):
        hours += _keep(sessions, at, min(at + PORTION, end), now=clock())
        at = min(at + PORTION, end)
    return KeptHours(begin, at, hours)


def _keep(sessions: sessionmaker[Session], since: datetime, until: datetime, *, now: datetime) -> int:
    hours = 0
    with sessions.begin() as session:
        for apart in (True, False):
            values = {"since": since, "until": until, "seconds": HOUR, "now": now, "location": None, "apart": apart}
            result = session.execute(KEEP, values)
            assert isinstance(result, sa.CursorResult)
            hours += result.rowcount
    return hours
