"""Demand from what is booked against accounts, of one location or of all at once: the curve, and where it is short.

The same rule as `core.db.read.capacity`, which asks for one location with every booking; here one statement answers for
hundreds. All together are shown as one curve, but short is a location by itself: nobody borrows an account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.read.in_use import IN_USE
from core.db.read.usual import with_usual
from core.domain.checks import LONGEST

USUALS = with_usual("""
SELECT w.id AS location_id, greatest(coalesce(u.overrun, '0'), '0') AS overrun, coalesce(u.hold, '0') AS hold
FROM unnest(CAST(:locations AS bigint[])) AS w (id) LEFT JOIN usual AS u ON u.location_id = w.id
""")

# Parameters: now, since, until, earliest (a start that may reach into the window), lead, cooldown, locations with their
# tails and overruns, apart, and seconds: at the beginning of each stretch of so many there is a point, too.
_POINTS = f"""
WITH places AS (
    SELECT p.id, p.tail, p.overrun, CASE WHEN :apart THEN p.id ELSE 0 END AS scope
    FROM unnest(CAST(:locations AS bigint[]), CAST(:tails AS interval[]), CAST(:overruns AS interval[]))
         AS p (id, tail, overrun)
), {IN_USE}, spans AS (
    SELECT w.scope, greatest(u.begins_at, :since) AS begins_at, greatest(u.ends_at, :since) AS ends_at
    FROM places AS w JOIN in_use AS u ON u.location_id = w.id
    WHERE u.serves AND u.begins_at < :until
    UNION ALL
    SELECT w.scope, greatest(p.starts_at - CAST(:lead AS interval), :since),
           CASE WHEN p.status = 'completed' THEN greatest(least(p.ends_at + w.tail, :now), :since)
                ELSE p.ends_at + w.tail END
    FROM places AS w
    CROSS JOIN LATERAL (
        SELECT id, revision, status, starts_at, ends_at FROM appointments
        WHERE location_id = w.id AND starts_at < CAST(:until AS timestamptz) + :lead AND ends_at > :since - w.tail
          AND starts_at > :earliest
          AND status IN ('booked', 'completed') AND link <> 'not_needed') AS p
    WHERE NOT EXISTS (SELECT FROM in_use AS u WHERE u.appointment_id = p.id AND u.revision = p.revision)
), serving AS (
    SELECT w.scope,
           greatest(CASE WHEN a.benched_until > :now THEN greatest(a.benched_until, u.ends_at) END, :since) AS at
    FROM places AS w
    JOIN locations AS l ON l.id = w.id AND l.status = 'active'
    JOIN accounts AS a ON a.location_id = l.id AND a.connection = 'connected'
    LEFT JOIN in_use AS u ON u.account_id = a.id
    WHERE a.benched_until IS NULL OR a.benched_until < '9999-01-01'
), points AS (
    SELECT scope, at, lead(at, 1, CAST(:until AS timestamptz)) OVER w AS until,
           CAST(sum(booked) OVER w AS int) AS booked, CAST(sum(accounts) OVER w AS int) AS accounts
    FROM (
        SELECT scope, at, sum(booked) AS booked, sum(accounts) AS accounts
        FROM (
            SELECT scope, begins_at AS at, 1 AS booked, 0 AS accounts FROM spans
            UNION ALL SELECT scope, ends_at, -1, 0 FROM spans
            UNION ALL SELECT scope, at, 0, 1 FROM serving
            UNION ALL
            SELECT DISTINCT p.scope, g.at, 0, 0
            FROM places AS p
            CROSS JOIN generate_series(CAST(:since AS timestamptz), :until, make_interval(secs => :seconds)) AS g (at)
        ) AS e
        WHERE at < :until
        GROUP BY scope, at) AS moments
    WINDOW w AS (PARTITION BY scope ORDER BY at)
)
"""  # noqa: S608 - all of it is ours
# What the curve needs: the most that is booked in a stretch, and the fewest accounts.
CURVE = sa.text(
    _POINTS
    + """
SELECT CAST(:since AS timestamptz) + make_interval(secs => n * :seconds) AS at, max(booked) AS booked,
       min(accounts) AS accounts
FROM points
CROSS JOIN LATERAL (SELECT floor(date_part('epoch', at - CAST(:since AS timestamptz)) / :seconds)::int AS n) AS stretch
GROUP BY n
ORDER BY n
"""
)
# Stretches in which accounts are missing; what touches is one.
SHORT = sa.text(
    _POINTS  # noqa: S608 - all of it is ours
    + """
SELECT l.id AS location_id, l.name AS location, l.zone, min(s.at) AS begins_at, max(s.until) AS ends_at,
       max(s.short_by) AS short_by
FROM (
    SELECT *, sum(apart_from_before) OVER (PARTITION BY scope ORDER BY at) AS stretch
    FROM (
        SELECT scope, at, until, booked - accounts AS short_by,
               CASE WHEN lag(until) OVER (PARTITION BY scope ORDER BY at) = at THEN 0 ELSE 1 END AS apart_from_before
        FROM points WHERE booked > accounts) AS p) AS s
JOIN locations AS l ON l.id = s.scope
GROUP BY l.id, l.name, l.zone, s.stretch
ORDER BY begins_at, short_by DESC, l.name
"""
)
# The locations in the order of how little is left.
FULLEST = sa.text(
    _POINTS  # noqa: S608 - all of it is ours
    + """
SELECT l.id AS location_id, l.name AS location, l.zone, p.booked, p.accounts, p.at
FROM (SELECT DISTINCT ON (scope) * FROM points ORDER BY scope, accounts - booked, at) AS p
JOIN locations AS l ON l.id = p.scope
WHERE p.booked > 0
ORDER BY p.accounts - p.booked, p.booked DESC, l.name
LIMIT :limit
"""
)


@dataclass(frozen=True)
class UsualTail:
    """What an appointment of a location takes of an account after its planned end: its usual overrun and hold."""

    location_id: int
    overrun: timedelta
    hold: timedelta


@dataclass(frozen=True)
class Ahead:
    """Within a stretch from *at*: the most accounts that are *booked* at once, and the fewest *accounts* that serve."""

    at: datetime
    booked: int
    accounts: int


@dataclass(frozen=True)
class ShortAhead:
    """A stretch in which a location misses accounts, *short_by* at its worst."""

    location_id: int
    location: str
    zone: str
    begins_at: datetime
    ends_at: datetime
    short_by: int


@dataclass(frozen=True)
class Fullest:
    """The moment at which a location has the fewest accounts left."""

    location_id: int
    location: str
    zone: str
    booked: int
    accounts: int
    at: datetime


@dataclass(frozen=True)
class Demand:
    """Whose demand is asked for, over which window, and what an appointment takes. *now*: None, when it begins."""

    since: datetime
    until: datetime
    lead: timedelta
    cooldown: timedelta
    usual: Sequence[UsualTail]
    now: datetime | None = None

    def values(self, *, seconds: int | None = None) -> dict[str, object]:
        """As the statements take them: all together in stretches of *seconds*, or each location apart."""
        tails = [each.overrun + each.hold + self.cooldown for each in self.usual]
        return {
            "now": self.now or self.since,
            "since": self.since,
            "until": self.until,
            "earliest": self.since - LONGEST - max(tails, default=timedelta()),
            "lead": self.lead,
            "cooldown": self.cooldown,
            "locations": [each.location_id for each in self.usual],
            "tails": tails,
            "overruns": [each.overrun for each in self.usual],
            "apart": seconds is None,
            "seconds": seconds or (self.until - self.since).total_seconds(),
        }


def usual_tails(session: Session, locations: Sequence[int]) -> list[UsualTail]:
    """What is usual at each of *locations*; without history meetings end on time and recordings are there at once."""
    return [UsualTail(**row) for row in session.execute(USUALS, {"locations": list(locations)}).mappings()]


def demand_curve(session: Session, demand: Demand, *, seconds: int) -> list[Ahead]:
    """Demand against accounts, all together, in stretches of so many *seconds*."""
    rows = session.execute(CURVE, demand.values(seconds=seconds)).mappings()
    return [Ahead(**row) for row in rows]


def short_ahead(session: Session, demand: Demand) -> list[ShortAhead]:
    """Where and when accounts will be missing, the soonest first."""
    return [ShortAhead(**row) for row in session.execute(SHORT, demand.values()).mappings()]


def fullest(session: Session, demand: Demand, *, limit: int) -> list[Fullest]:
    """The locations that have the fewest accounts left at their worst moment."""
    rows = session.execute(FULLEST, demand.values() | {"limit": limit}).mappings()
    return [Fullest(**row) for row in rows]
