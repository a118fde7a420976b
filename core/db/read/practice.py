"""The appointments whose life goes on, for the page on which it is driven by buttons."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Life:
    """An appointment that is to come, or whose account is not free again yet.

    *rests_until* is set while its account cools down and nothing else is awaited; *account* and *zoom_meeting_id* are
    those of its open lease.
    """

    id: int
    external_id: str
    location_id: int
    location: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    status: str
    link: str
    reason: str | None
    lease_state: str | None
    rests_until: datetime | None
    account: str | None
    zoom_meeting_id: str | None


LIVES = sa.text("""
WITH of_interest AS (
    (SELECT a.id, a.starts_at FROM leases AS l JOIN appointments AS a ON a.id = l.appointment_id
     WHERE l.released_at IS NULL AND (CAST(:only AS bigint[]) IS NULL OR l.location_id = ANY (:only))
     ORDER BY a.starts_at LIMIT :limit)
    UNION
    (SELECT a.id, a.starts_at FROM appointments AS a
     WHERE a.starts_at > CAST(:now AS timestamptz) - INTERVAL '1 day' AND a.ends_at > :now
       AND a.status = 'booked' AND a.link <> 'not_needed'
       AND (CAST(:only AS bigint[]) IS NULL OR a.location_id = ANY (:only))
     ORDER BY a.starts_at, a.id LIMIT :limit)
)
SELECT a.id, a.external_id, a.location_id, o.name AS location, o.zone, a.starts_at, a.ends_at, a.status, a.link, a.reason,
       l.state AS lease_state, CASE WHEN l.state = 'cooldown' AND l.ask_at IS NULL THEN l.cooldown_until END AS rests_until,
       c.email AS account, m.zoom_meeting_id
FROM of_interest AS i
JOIN appointments AS a ON a.id = i.id
JOIN locations AS o ON o.id = a.location_id
LEFT JOIN LATERAL (SELECT id, account_id, state, ask_at, cooldown_until FROM leases
                   WHERE appointment_id = a.id AND released_at IS NULL ORDER BY revision DESC, id DESC LIMIT 1) AS l ON true
LEFT JOIN accounts AS c ON c.id = l.account_id
LEFT JOIN LATERAL (SELECT zoom_meeting_id FROM meetings
                   WHERE lease_id = l.id AND zoom_meeting_id IS NOT NULL ORDER BY id DESC LIMIT 1) AS m ON true
ORDER BY a.starts_at, a.id
LIMIT :limit
""")  # noqa: E501


def lives(session: Session, only: Collection[int] | None, *, now: datetime, limit: int) -> list[Life]:
    """The first of them by start, of the locations *only*, or of all."""
    values = {"only": None if only is None else list(only), "now": now, "limit": limit}
    return [Life(**row) for row in session.execute(LIVES, values).mappings()]
