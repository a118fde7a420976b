"""One queue per Zoom account and rate-limit label, shared by all threads and processes through `zoom_limits`."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.types import UtcDateTime
from core.errors import ZoomRateLimited

# Calls per second and Zoom account, by plan and label (Zoom API reference, Rate limits).
RATES: Mapping[str, Mapping[str, int]] = {
    "pro": {"Light": 30, "Medium": 20},
    "business": {"Light": 80, "Medium": 60},
}
# Zoom counts when a call arrives, we when it leaves; what the network bunches together must not exceed the limit.
HEADROOM = 0.95
# Longer than a run's own calls ever queue up; beyond it waiting in line only holds a thread.
PATIENCE = timedelta(seconds=10)

# One statement is one reservation. Its commit need not reach the disk: what a crash forgets is in the past by then.
_RESERVE = sa.text("""
    WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO zoom_limits AS held (zoom_account_id, label, next_at)
    SELECT :zoom_account_id, :label, clock_timestamp() + :interval FROM quick
    ON CONFLICT (zoom_account_id, label) DO UPDATE
    SET next_at = greatest(held.next_at, clock_timestamp()) + :interval
    WHERE held.next_at <= clock_timestamp() + :patience
    RETURNING extract(epoch FROM next_at - :interval - clock_timestamp())::float8
""")
_PENALISE = sa.text("""
    INSERT INTO zoom_limits AS held (zoom_account_id, label, next_at) VALUES (:zoom_account_id, :label, :until)
    ON CONFLICT (zoom_account_id, label) DO UPDATE SET next_at = greatest(held.next_at, excluded.next_at)
""").bindparams(sa.bindparam("until", type_=UtcDateTime()))
_NEXT = sa.text("SELECT next_at FROM zoom_limits WHERE zoom_account_id = :zoom_account_id AND label = :label").columns(
    next_at=UtcDateTime()
)


class Limiter:
    """Spaces calls evenly: a bucket that lets bursts through was measured to exceed the limit it stands for."""

    def __init__(self, sessions: sessionmaker[Session], rates: Mapping[str, int]) -> None:
        # Autocommit: a reservation is a single statement, and its row lock must be gone before anybody sleeps.
        self._engine: sa.Engine = sessions.kw["bind"].execution_options(isolation_level="AUTOCOMMIT")
        self._intervals = {label: timedelta(seconds=1 / (rate * HEADROOM)) for label, rate in rates.items()}

    def reserve(self, zoom_account_id: str, label: str) -> float:
        """Take the next place in line and return the seconds to wait for it; the caller sleeps, holding nothing.

        Raises:
            ZoomRateLimited: the line is longer than ten seconds, or Zoom has closed it until `retry_at`.
        """
        line = {"zoom_account_id": zoom_account_id, "label": label}
        with self._engine.connect() as connection:
            wait = connection.scalar(_RESERVE, {**line, "interval": self._intervals[label], "patience": PATIENCE})
            if wait is not None:
                return max(float(wait), 0.0)
            raise ZoomRateLimited(
                "The limit of calls to Zoom is used up for now.",
                next_step="It is tried again by itself.",
                retry_at=connection.scalar(_NEXT, line),
            )

    def penalise(self, zoom_account_id: str, label: str, until: datetime) -> None:
        """Let nobody call before *until*: Zoom has said so to one of us."""
        with self._engine.connect() as connection:
            connection.execute(_PENALISE, {"zoom_account_id": zoom_account_id, "label": label, "until": until})
