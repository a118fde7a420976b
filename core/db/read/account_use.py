"""How much each account was used in a stretch of time, the idle ones first: each costs a licence."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

# As in `core.db.read.occupancy`, no lease is open for a week that is not open still.
USE = sa.text("""
SELECT a.id, a.email, l.name AS location, a.last_used_at, coalesce(u.leases, 0) AS leases, coalesce(u.hours, 0) AS hours
FROM accounts AS a
JOIN locations AS l ON l.id = a.location_id
LEFT JOIN (
    SELECT account_id, count(*) AS leases,
           sum(date_part('epoch', least(over_at, :until) - greatest(reserved_at, :since))) / 3600 AS hours
    FROM (
        SELECT account_id, location_id, reserved_at, coalesce(released_at, :now) AS over_at FROM leases
        WHERE reserved_at >= CAST(:since AS timestamptz) - INTERVAL '7 days' AND reserved_at < :until
          AND (released_at IS NULL OR released_at > :since)) AS o
    WHERE CAST(:location AS bigint) IS NULL OR location_id = :location
    GROUP BY account_id) AS u ON u.account_id = a.id
WHERE a.connection <> 'disconnected' AND (CAST(:location AS bigint) IS NULL OR a.location_id = :location)
ORDER BY hours, a.last_used_at NULLS FIRST, a.email
LIMIT :limit
""")


@dataclass(frozen=True)
class AccountUse:
    """An account with the *leases* it had and the *hours* they took of a stretch; *last_used_at* whenever that was."""

    id: int
    email: str
    location: str
    last_used_at: datetime | None
    leases: int
    hours: float


def least_used(
    session: Session, location: int | None, since: datetime, until: datetime, *, now: datetime, limit: int
) -> list[AccountUse]:
    """The accounts of a location, or of all for None, that were used least."""
    values = {"location": location, "since": since, "until": until, "now": now, "limit": limit}
    return [AccountUse(**row) for row in session.execute(USE, values).mappings()]
