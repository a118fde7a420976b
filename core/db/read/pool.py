"""What the pool page shows: how many accounts are free, who has which, what comes next and who waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.read.accounts_now import with_accounts
from core.domain.due import OpeningHours


@dataclass(frozen=True)
class LocationItem:
    """A location to choose, with what keeps its pool from working, if anything does."""

    id: int
    name: str
    zone: str
    status: str
    paused: bool


@dataclass(frozen=True)
class PoolCounts:
    """The figures at the top. *attention* counts accounts that a person has to look at."""

    accounts: int
    idle: int
    leased: int
    attention: int
    waiting: int
    failed: int
    next_start: datetime | None


@dataclass(frozen=True)
class LocationCounts:
    """The pool of one location in numbers; *states* counts its accounts by their derived state."""

    id: int
    name: str
    accounts: int
    idle: int
    waiting: int
    states: Mapping[str, int]


@dataclass(frozen=True)
class PoolAccount:
    """An account with its derived state and what it is doing; *lease_state* also shows beside a broken connection."""

    id: int
    location_id: int
    location: str
    zone: str
    email: str
    state: str
    lease_state: str | None
    external_id: str | None
    ends_at: datetime | None
    cooldown_until: datetime | None
    idle_since: datetime
    benched_until: datetime | None
    bench_reason: str | None
    busy_elsewhere_since: datetime | None


@dataclass(frozen=True)
class Pause:
    """Since when no account is leased, and why."""

    since: datetime
    reason: str


PAUSED_ALL = sa.text("SELECT allocation_paused_at AS since, allocation_paused_reason AS reason FROM installation")
PAUSED_ONE = sa.text(
    "SELECT allocation_paused_at AS since, allocation_paused_reason AS reason FROM locations WHERE id = :location"
)

LOCATIONS = sa.text("""
SELECT l.id, l.name, l.zone, l.status,
       l.allocation_paused_at IS NOT NULL
           OR EXISTS (SELECT FROM installation AS i WHERE i.allocation_paused_at IS NOT NULL) AS paused
FROM locations AS l
ORDER BY l.name
""")

COUNTS = with_accounts("""
SELECT count(*) FILTER (WHERE state <> 'disconnected') AS accounts,
       count(*) FILTER (WHERE state = 'idle') AS idle,
       count(*) FILTER (WHERE lease_id IS NOT NULL) AS leased,
       count(*) FILTER (WHERE state IN ('needs_reauth', 'quarantined', 'busy_elsewhere')) AS attention,
       (SELECT count(*) FROM appointments AS p
        WHERE p.status = 'booked' AND p.link = 'waiting' AND p.ends_at > :now
          AND p.starts_at BETWEEN :earliest AND :horizon
          AND (CAST(:location AS bigint) IS NULL OR p.location_id = :location)) AS waiting,
       (SELECT count(*) FROM appointments AS p
        WHERE p.status = 'booked' AND p.link = 'failed' AND p.ends_at > :now
          AND p.starts_at BETWEEN :earliest AND :horizon
          AND (CAST(:location AS bigint) IS NULL OR p.location_id = :location)) AS failed,
       (SELECT min(p.starts_at) FROM appointments AS p
        WHERE p.status = 'booked' AND p.link = 'not_due' AND p.starts_at > :now
          AND (CAST(:location AS bigint) IS NULL OR p.location_id = :location)) AS next_start
FROM accounts_now
WHERE CAST(:location AS bigint) IS NULL OR location_id = :location
""")

BY_STATE = with_accounts("""
SELECT state, count(*) AS accounts FROM accounts_now
WHERE state <> 'disconnected' AND (CAST(:location AS bigint) IS NULL OR location_id = :location)
GROUP BY state
""")

# Where somebody waits or the fewest are free comes first.
BY_LOCATION = with_accounts("""
SELECT l.id, l.name, a.accounts, a.idle, coalesce(w.waiting, 0) AS waiting, a.states
FROM locations AS l
JOIN (
    SELECT location_id, CAST(sum(accounts) AS int) AS accounts, jsonb_object_agg(state, accounts) AS states,
           CAST(coalesce(sum(accounts) FILTER (WHERE state = 'idle'), 0) AS int) AS idle
    FROM (SELECT location_id, state, count(*) AS accounts FROM accounts_now
          WHERE state <> 'disconnected' GROUP BY location_id, state) AS s
    GROUP BY location_id) AS a ON a.location_id = l.id
LEFT JOIN (
    SELECT location_id, count(*) AS waiting FROM appointments
    WHERE status = 'booked' AND link = 'waiting' AND ends_at > :now AND starts_at BETWEEN :earliest AND :horizon
    GROUP BY location_id) AS w ON w.location_id = l.id
ORDER BY coalesce(w.waiting, 0) DESC, a.idle::float / a.accounts, a.idle, l.name
LIMIT :limit
""")

# What is in use comes first in the order of its end, then what needs a person, then the free ones, longest idle first.
ACCOUNTS = with_accounts("""
SELECT a.id, a.location_id, l.name AS location, l.zone, a.email, a.state, a.lease_state, p.external_id, p.ends_at,
       a.cooldown_until, a.idle_since, a.benched_until, a.bench_reason, a.busy_elsewhere_since
FROM accounts_now AS a
JOIN locations AS l ON l.id = a.location_id
LEFT JOIN appointments AS p ON p.id = a.appointment_id
WHERE a.state <> 'disconnected' AND (CAST(:location AS bigint) IS NULL OR a.location_id = :location)
ORDER BY CASE WHEN a.lease_id IS NOT NULL THEN 0
              WHEN a.state IN ('needs_reauth', 'quarantined', 'busy_elsewhere') THEN 1 ELSE 2 END,
         CASE WHEN a.lease_id IS NOT NULL THEN coalesce(a.cooldown_until, p.ends_at) ELSE a.idle_since END, a.email
LIMIT :limit
""")


def pause_of(session: Session, location: int | None) -> Pause | None:
    """The pause of that location itself, or of all for None; a location may be paused by either."""
    row = session.execute(PAUSED_ALL if location is None else PAUSED_ONE, {"location": location}).one()
    return Pause(row.since, row.reason or "") if row.since is not None else None


def locations(session: Session) -> list[LocationItem]:
    """Every location, by name."""
    return [LocationItem(**row) for row in session.execute(LOCATIONS).mappings()]


def counts(session: Session, location: int | None, *, now: datetime, hours: OpeningHours) -> PoolCounts:
    """The figures of one location, or of all for None."""
    values = {"now": now, "location": location, "earliest": hours.earliest(now), "horizon": hours.horizon(now)}
    return PoolCounts(**session.execute(COUNTS, values).mappings().one())


def by_state(session: Session, location: int | None, *, now: datetime) -> dict[str, int]:
    """How many accounts are in which state."""
    rows = session.execute(BY_STATE, {"now": now, "location": location})
    return {row.state: row.accounts for row in rows}


def by_location(session: Session, *, now: datetime, hours: OpeningHours, limit: int) -> list[LocationCounts]:
    """The pools of the locations that have accounts, the tightest first."""
    values = {"now": now, "earliest": hours.earliest(now), "horizon": hours.horizon(now), "limit": limit}
    return [LocationCounts(**row) for row in session.execute(BY_LOCATION, values).mappings()]


def accounts(session: Session, location: int | None, *, now: datetime, limit: int) -> list[PoolAccount]:
    """The accounts that are not disconnected, those in use first."""
    values = {"now": now, "location": location, "limit": limit}
    return [PoolAccount(**row) for row in session.execute(ACCOUNTS, values).mappings()]
