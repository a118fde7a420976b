"""Who had which account when: the bars of the pool page's picture."""

from collections.abc import Sequence
from datetime import datetime, timedelta
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
SELECT a.email AS account, ph.state, ph.external_id, part.planned,
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

    Each has `account` (its e-mail), `state`, `external_id`, `from_at`, `to_at` and whether it is `planned`.
    """
    values = {"accounts": list(accounts), "now": now, "since": since, "until": until, "cooldown": cooldown}
    return [dict(row) for row in session.execute(PHASES, values).mappings()]
