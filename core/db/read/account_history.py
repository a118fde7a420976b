"""Who had which account when: the bars of the pool page's picture, and all that happened to one account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

# A lease has a time for each state it went through; each state lasts until the next one that has a time, the last one
# until now. What lies after now is *planned*.
PHASES = sa.text("""
WITH phases AS (
    SELECT l.account_id, p.external_id, s.state, s.from_at,
           CASE
               WHEN s.to_at IS NOT NULL THEN s.to_at
               WHEN l.state = s.state AND s.state = 'cooldown' THEN l.cooldown_until
               ELSE CAST(:now AS timestamptz)
           END AS to_at
    FROM leases AS l
    JOIN appointments AS p ON p.id = l.appointment_id
    CROSS JOIN LATERAL (VALUES
        ('reserved', l.reserved_at, coalesce(l.ready_at, l.closing_at, l.released_at)),
        ('ready', l.ready_at, coalesce(l.live_at, l.ended_at, l.cooldown_at, l.closing_at, l.released_at)),
        ('live', l.live_at, coalesce(l.ended_at, l.cooldown_at, l.closing_at, l.released_at)),
        ('processing', l.ended_at, coalesce(l.cooldown_at, l.closing_at, l.released_at)),
        ('cooldown', l.cooldown_at, coalesce(l.closing_at, l.released_at)),
        ('closing', l.closing_at, l.released_at)
    ) AS s (state, from_at, to_at)
    WHERE l.account_id = ANY (:accounts) AND l.reserved_at > CAST(:since AS timestamptz) - interval '1 day'
      AND (l.released_at IS NULL OR l.released_at > :since) AND s.from_at IS NOT NULL
    UNION ALL
    -- What an account in use still has before it.
    SELECT l.account_id, p.external_id, s.state, s.from_at, s.to_at
    FROM leases AS l
    JOIN appointments AS p ON p.id = l.appointment_id
    CROSS JOIN LATERAL (VALUES
        ('ready', CAST(:now AS timestamptz), CASE WHEN l.state <> 'live' THEN p.starts_at END),
        ('live', greatest(CASE WHEN l.state <> 'live' THEN p.starts_at END, :now), p.ends_at),
        ('cooldown', greatest(p.ends_at, :now), greatest(p.ends_at, :now) + :cooldown)
    ) AS s (state, from_at, to_at)
    WHERE l.account_id = ANY (:accounts) AND l.released_at IS NULL AND l.state IN ('reserved', 'ready', 'live')
    UNION ALL
    SELECT c.account_id, NULL, c.status, c.from_at, coalesce(c.to_at, CAST(:now AS timestamptz))
    FROM connection_periods AS c
    WHERE c.account_id = ANY (:accounts) AND c.status <> 'connected' AND (c.to_at IS NULL OR c.to_at > :since)
)
SELECT a.id AS account_id, a.location_id, a.email AS account, ph.state, ph.external_id, part.planned,
       greatest(part.from_at, :since) AS from_at, least(part.to_at, :until) AS to_at
FROM phases AS ph
JOIN accounts AS a ON a.id = ph.account_id
CROSS JOIN LATERAL (VALUES
    (ph.from_at, least(ph.to_at, :now), false),
    (greatest(ph.from_at, :now), ph.to_at, true)
) AS part (from_at, to_at, planned)
WHERE part.from_at < part.to_at AND part.to_at > :since AND part.from_at < :until
ORDER BY a.email, part.from_at
""")


def phases(
    session: Session,
    accounts: Sequence[int],
    *,
    now: datetime,
    since: datetime,
    until: datetime,
    cooldown: timedelta,
) -> list[dict[str, Any]]:
    """One bar per state that *accounts* were in between *since* and *until*.

    Each has `account_id`, `location_id`, `account` (its e-mail), `state`, `external_id`, `from_at`, `to_at` and whether
    it is `planned`.
    """
    values = {"accounts": list(accounts), "now": now, "since": since, "until": until, "cooldown": cooldown}
    return [dict(row) for row in session.execute(PHASES, values).mappings()]


@dataclass(frozen=True)
class AccountEvent:
    """A line of an account's timeline. *external_id* is the appointment it was about, if it was about one.

    A `lease_granted` carries the evidence why this account was chosen: `idle_since` and `free_accounts` in *detail*.
    """

    at: datetime
    kind: str
    actor: str
    external_id: str | None
    detail: Mapping[str, Any]
    run_id: str | None
    tracking_id: str | None


EVENTS = sa.text("""
SELECT e.at, e.kind, e.actor, p.external_id, e.detail, e.run_id, e.tracking_id
FROM events AS e
LEFT JOIN appointments AS p ON p.id = e.appointment_id
WHERE e.account_id = :account
ORDER BY e.at DESC, e.id DESC
LIMIT :limit
""")


def events(session: Session, account_id: int, *, limit: int = 100) -> list[AccountEvent]:
    """What happened to an account, the latest first."""
    rows = session.execute(EVENTS, {"account": account_id, "limit": limit}).mappings()
    return [AccountEvent(**row) for row in rows]


@dataclass(frozen=True)
class Trouble:
    """A time in which an account could not be used; *to_at* is None while it lasts and nobody said until when."""

    status: str
    reason: str | None
    actor: str
    from_at: datetime
    to_at: datetime | None


TROUBLES = sa.text("""
SELECT status, reason, actor, from_at, to_at FROM connection_periods
WHERE account_id = :account AND status IN ('needs_reauth', 'quarantined', 'busy_elsewhere')
  AND from_at <= :now AND (to_at IS NULL OR to_at > :since)
ORDER BY from_at DESC, id DESC
LIMIT :limit
""")

# The days are UTC's, as Zoom counts them. Older ones are purged after a week.
CREATED = sa.text("""
SELECT d.day, coalesce(b.creates, 0) AS creates
FROM accounts AS a
CROSS JOIN LATERAL (SELECT CAST(:today AS date) - n AS day FROM generate_series(0, :days - 1) AS n) AS d
LEFT JOIN zoom_budget AS b ON b.zoom_user_id = a.zoom_user_id AND b.utc_day = d.day
WHERE a.id = :account
ORDER BY d.day
""")


def troubles(session: Session, account_id: int, *, now: datetime, since: datetime, limit: int = 10) -> list[Trouble]:
    """When an account could not be used since then, and why; the latest first."""
    given = {"account": account_id, "now": now, "since": since, "limit": limit}
    return [Trouble(**row) for row in session.execute(TROUBLES, given).mappings()]


def creates_by_day(session: Session, account_id: int, *, now: datetime, days: int) -> list[tuple[date, int]]:
    """How many meetings were made on an account's Zoom user on each of the last UTC days, today's last."""
    given = {"account": account_id, "today": now.astimezone(UTC).date(), "days": days}
    return [(row.day, row.creates) for row in session.execute(CREATED, given)]
