"""What the pool was used for in the past, how its links came and how long recordings took."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.read.occupancy import COLUMNS, with_occupancy
from core.domain.history_window import HOUR, HistoryWindow

ALL = 0  # the scope of all locations together

_NAMES = ", ".join(COLUMNS)
LIVE = with_occupancy(f"SELECT from_at, peak, {_NAMES} FROM occupancy ORDER BY from_at")  # noqa: S608

# Hours that are over for good stand in `pool_hours`; together with what is counted live the whole is exact. An hour of
# which nothing is kept was before there was anything.
KEPT_UNTIL = sa.text("SELECT max(from_at) + INTERVAL '1 hour' FROM pool_hours WHERE scope = :scope")
_AVERAGES = ", ".join(f"coalesce(sum({name}), 0) * 3600 / :seconds AS {name}" for name in COLUMNS)
KEPT = sa.text(f"""
SELECT from_at, coalesce(max(peak), 0) AS peak, {_AVERAGES}
FROM (
    SELECT n, CAST(:since AS timestamptz) + make_interval(secs => n * :seconds) AS from_at
    FROM generate_series(0, CAST(date_part('epoch', CAST(:until AS timestamptz) - :since) AS int) / :seconds - 1) AS n
) AS grid
LEFT JOIN (
    SELECT floor(date_part('epoch', from_at - CAST(:since AS timestamptz)) / :seconds)::int AS n, peak, {_NAMES}
    FROM pool_hours WHERE scope = :scope AND from_at >= :since AND from_at < :until) AS hours USING (n)
GROUP BY from_at
ORDER BY from_at
""")  # noqa: S608 - the columns are ours


def occupancy(session: Session, location: int | None, window: HistoryWindow, *, now: datetime) -> list[dict[str, Any]]:
    """Bucket by bucket: `from_at`, the `peak` of accounts in use, and of each of `COLUMNS` how many on average."""
    scope = location or ALL
    split = window.since
    if window.seconds >= HOUR and (kept := session.execute(KEPT_UNTIL, {"scope": scope}).scalar()) is not None:
        step = timedelta(seconds=window.seconds)
        split = max(split, min(kept, window.until) - (min(kept, window.until) - window.since) % step)
    about = {"scope": scope, "location": location, "seconds": window.seconds, "now": now, "apart": False}
    rows: list[Any] = []
    if split > window.since:
        rows += session.execute(KEPT, about | {"since": window.since, "until": split}).mappings()
    if split < window.until:
        rows += session.execute(LIVE, about | {"since": split, "until": window.until}).mappings()
    return [dict(row) for row in rows]


# What was put aside and never mended counts as failed, not as missed for nobody's fault; what is put aside now, too.
# Who was back in line when his time passed was missed: no account was free.
LINKS = sa.text("""
SELECT CASE WHEN due_at >= :since THEN CAST(due_at AT TIME ZONE :zone AS date) END AS day, outcome, cause,
       CAST(sum(links) AS bigint) AS links
FROM (
    -- By the index alone, and together what became due together: a local day is reckoned once for each moment.
    SELECT r.due_at, r.outcome, r.cause, count(*) AS links
    FROM appointment_revisions AS r
    WHERE r.outcome IN ('on_time', 'late') AND r.due_at >= :before AND r.due_at < :until
      AND (CAST(:location AS bigint) IS NULL OR r.location_id = :location)
    GROUP BY r.due_at, r.outcome, r.cause
    UNION ALL
    SELECT r.due_at,
           -- A value and no EXISTS, for which all appointments would be read.
           CASE WHEN r.cause <> 'capacity'
                     AND (SELECT a.isolation > 0 FROM appointments AS a WHERE a.id = r.appointment_id)
                THEN 'failed' ELSE r.outcome END, r.cause, 1
    FROM appointment_revisions AS r
    WHERE r.outcome = 'missed' AND r.due_at >= :before AND r.due_at < :until
      AND (CAST(:location AS bigint) IS NULL OR r.location_id = :location)
    UNION ALL
    SELECT a.starts_at - CAST(:lead AS interval), 'failed',
           CASE WHEN a.reason IN ('zoom_unavailable', 'rate_limited', 'zoom_rejected') THEN 'zoom' ELSE 'us' END, 1
    FROM appointments AS a
    WHERE a.status = 'booked' AND a.link = 'failed' AND a.starts_at >= CAST(:before AS timestamptz) + :lead
      AND a.starts_at < CAST(:until AS timestamptz) + :lead
      AND (CAST(:location AS bigint) IS NULL OR a.location_id = :location)) AS judged
GROUP BY day, outcome, cause
ORDER BY day, outcome, cause
""")


@dataclass(frozen=True)
class LinkCount:
    """How many links of a local *day* (None: of the whole stretch before) came how, and why not on time."""

    day: date | None
    outcome: str
    cause: str | None
    links: int


def link_counts(
    session: Session, location: int | None, window: HistoryWindow, *, zone: str, lead: timedelta
) -> list[LinkCount]:
    """The links that became due within *window*, by day; and those of the stretch before it, in sum."""
    values = _values(location, window, zone) | {"lead": lead}
    return [LinkCount(**row) for row in session.execute(LINKS, values).mappings()]


# From the end of a meeting until its recording was there, however long the account was kept for it.
WAITS = sa.text("""
SELECT day, current, count(*) AS recordings,
       CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) AS float8) AS median,
       CAST(percentile_cont(0.95) WITHIN GROUP (ORDER BY minutes) AS float8) AS p95
FROM (
    SELECT CASE WHEN sought_since >= :since THEN CAST(sought_since AT TIME ZONE :zone AS date) END AS day,
           sought_since >= :since AS current,
           greatest(date_part('epoch', final_at - sought_since) / 60, 0) AS minutes
    FROM recordings
    WHERE outcome = 'attached' AND sought_since >= :before AND sought_since < :until
      AND (CAST(:location AS bigint) IS NULL OR location_id = :location)) AS waited
GROUP BY GROUPING SETS ((current), (current, day))
HAVING grouping(day) = 1 OR day IS NOT NULL
ORDER BY current, day
""")
OVERDUE = sa.text("""
SELECT count(*) AS recordings, min(sought_since) AS since FROM recordings
WHERE outcome = 'sought' AND sought_since < CAST(:now AS timestamptz) - INTERVAL '1 hour'
  AND (CAST(:location AS bigint) IS NULL OR location_id = :location)
""")


@dataclass(frozen=True)
class RecordingWait:
    """How many minutes recordings took to come, of a local *day* or of a whole stretch (None): *current* or before."""

    day: date | None
    current: bool
    recordings: int
    median: float
    p95: float


@dataclass(frozen=True)
class Overdue:
    """Recordings that are sought for more than an hour, the oldest *since* then."""

    recordings: int
    since: datetime | None


def recording_waits(session: Session, location: int | None, window: HistoryWindow, *, zone: str) -> list[RecordingWait]:
    """Of the recordings of meetings that ended within *window*: by day, in all, and those of the stretch before."""
    rows = session.execute(WAITS, _values(location, window, zone)).mappings()
    return [RecordingWait(**row) for row in rows]


def overdue_recordings(session: Session, location: int | None, *, now: datetime) -> Overdue:
    """What Zoom has not delivered yet."""
    return Overdue(**session.execute(OVERDUE, {"location": location, "now": now}).mappings().one())


def _values(location: int | None, window: HistoryWindow, zone: str) -> dict[str, Any]:
    edges = {"since": window.since, "until": window.until, "before": window.before}
    return {"location": location, "zone": zone, **edges}
