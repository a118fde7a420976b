"""The last hours and the next ones in small numbers: who waited for an account, and how many links become due."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

# Those whose links were judged; who waits still is not among them, and is counted by whoever asks. Who was missed has
# waited until nobody would have opened the link any more. Their own index knows them by the time they became due, and
# nobody waits in line for longer than lead time and late limit together.
WAITED = sa.text("""
WITH waited AS MATERIALIZED (
    SELECT waiting_since AS from_at,
           least(coalesce(link_ready_at, least(starts_at + CAST(:late AS interval), ends_at)), :now) AS to_at
    FROM appointment_revisions
    WHERE outcome IN ('on_time', 'late', 'missed')
      AND due_at >= CAST(:since AS timestamptz) - CAST(:lead AS interval) - CAST(:late AS interval)
      AND due_at < :now AND waiting_since IS NOT NULL AND waiting_since < :now
      AND (CAST(:location AS bigint) IS NULL OR location_id = :location)
)
SELECT n, count(w.from_at) AS waiting, coalesce(max(w.to_at - w.from_at), INTERVAL '0') AS longest
FROM generate_series(0, CAST(:buckets AS int) - 1) AS n
CROSS JOIN LATERAL (SELECT CAST(:since AS timestamptz) + make_interval(secs => n * :seconds) AS at) AS b
LEFT JOIN waited AS w ON w.from_at < b.at + make_interval(secs => :seconds) AND w.to_at > b.at
GROUP BY n
ORDER BY n
""")
# In the terms of the index of all that has no link yet.
DUE = sa.text("""
SELECT floor(date_part('epoch', starts_at - CAST(:lead AS interval) - :now) / :seconds)::int AS n, count(*) AS links
FROM appointments
WHERE status = 'booked' AND link IN ('not_due', 'waiting', 'opening', 'failed') AND link = 'not_due'
  AND starts_at > CAST(:now AS timestamptz) + :lead
  AND starts_at < CAST(:now AS timestamptz) + :lead + make_interval(secs => :seconds * :buckets)
  AND (CAST(:location AS bigint) IS NULL OR location_id = :location)
GROUP BY n
""")


@dataclass(frozen=True)
class Waited:
    """How many waited for an account in each bucket, and the *longest* wait among them."""

    waiting: list[int]
    longest: timedelta


def waited(
    session: Session,
    location: int | None,
    *,
    now: datetime,
    lead: timedelta,
    late: timedelta,
    seconds: int,
    buckets: int,
) -> Waited:
    """Of the *buckets* of so many *seconds* before *now*; links open from *lead* before a start to *late* after it."""
    since = now - timedelta(seconds=seconds * buckets)
    about = {"location": location, "now": now, "since": since, "seconds": seconds, "buckets": buckets}
    rows = session.execute(WAITED, about | {"lead": lead, "late": late}).all()
    return Waited([row.waiting for row in rows], max(row.longest for row in rows))


def becoming_due(
    session: Session, location: int | None, *, now: datetime, lead: timedelta, seconds: int, buckets: int
) -> list[int]:
    """How many links become due in each of the *buckets* of so many *seconds* after *now*."""
    about = {"location": location, "now": now, "lead": lead, "seconds": seconds, "buckets": buckets}
    found = {row.n: row.links for row in session.execute(DUE, about)}
    return [found.get(number, 0) for number in range(buckets)]
