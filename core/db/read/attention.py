"""The accounts that a person has to look at: what is wrong with each, why and for how long."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.read.accounts_now import with_accounts


@dataclass(frozen=True)
class Troubled:
    """An account that serves nobody, and will not by itself or not soon. *external_id* is what it is leased to."""

    id: int
    location_id: int
    location: str
    zone: str
    email: str
    state: str
    reason: str | None
    since: datetime | None
    benched_until: datetime | None
    external_id: str | None


# What only a person can end comes first, each kind with the longest before the others.
TROUBLED: sa.TextClause = with_accounts("""
SELECT a.id, a.location_id, l.name AS location, l.zone, a.email, a.state, a.benched_until, p.external_id,
       CASE a.state WHEN 'quarantined' THEN a.bench_reason WHEN 'needs_reauth' THEN c.reason END AS reason,
       coalesce(a.busy_elsewhere_since, c.from_at) AS since
FROM accounts_now AS a
JOIN locations AS l ON l.id = a.location_id
LEFT JOIN connection_periods AS c ON c.account_id = a.id AND c.to_at IS NULL AND c.status = a.state
LEFT JOIN appointments AS p ON p.id = a.appointment_id
WHERE a.state IN ('needs_reauth', 'quarantined', 'busy_elsewhere')
  AND (CAST(:location AS bigint) IS NULL OR a.location_id = :location)
ORDER BY CASE a.state WHEN 'needs_reauth' THEN 0 WHEN 'quarantined' THEN 1 ELSE 2 END, since NULLS LAST, a.email
LIMIT :limit
""")


def troubled(session: Session, location: int | None, *, now: datetime, limit: int) -> list[Troubled]:
    """The first *limit* of them, of one location or of all for None."""
    rows = session.execute(TROUBLED, {"now": now, "location": location, "limit": limit}).mappings()
    return [Troubled(**row) for row in rows]
