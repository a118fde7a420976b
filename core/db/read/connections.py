"""What the connections page shows: every issued seat, and how its account is."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.read.accounts_now import with_accounts


@dataclass(frozen=True)
class SeatLine:
    """A seat and the account it became; *state* is `not_connected` before that. *reason* says why it is not well.

    *row_version* is the account's as it was read: who acts on what he saw gives it back.
    """

    seat_id: int
    account_id: int | None
    row_version: int | None
    location_id: int
    location: str
    zone: str
    location_status: str
    email: str
    state: str
    lease_state: str | None
    reason: str | None
    since: datetime | None
    benched_until: datetime | None
    last_used_at: datetime | None


# What needs a person comes first within each location.
SEATS = with_accounts("""
SELECT s.id AS seat_id, a.id AS account_id, v.row_version, l.id AS location_id, l.name AS location, l.zone,
       l.status AS location_status, s.email,
       CASE WHEN a.id IS NULL THEN 'not_connected'
            WHEN a.state IN ('needs_reauth', 'quarantined', 'busy_elsewhere', 'draining', 'disconnected') THEN a.state
            ELSE 'connected' END AS state,
       a.lease_state, CASE WHEN a.state = 'quarantined' THEN a.bench_reason ELSE c.reason END AS reason,
       coalesce(c.from_at, s.issued_at) AS since, a.benched_until, a.last_used_at
FROM seats AS s
JOIN locations AS l ON l.id = s.location_id
LEFT JOIN accounts_now AS a ON a.seat_id = s.id
LEFT JOIN accounts AS v ON v.id = a.id
LEFT JOIN LATERAL (
    SELECT reason, from_at FROM connection_periods
    WHERE account_id = a.id AND from_at <= :now AND (to_at IS NULL OR to_at > :now)
    ORDER BY from_at DESC LIMIT 1) AS c ON true
WHERE s.taken_back_at IS NULL AND (CAST(:location AS bigint) IS NULL OR l.id = :location)
ORDER BY l.name, l.id,
         CASE WHEN a.state IN ('needs_reauth', 'quarantined') THEN 0 WHEN a.id IS NULL THEN 1 ELSE 2 END, s.email
LIMIT :limit
""")

ISSUED = sa.text("""
SELECT count(*) FROM seats
WHERE taken_back_at IS NULL AND (CAST(:location AS bigint) IS NULL OR location_id = :location)
""")

HOLDS = sa.text("""
SELECT EXISTS (
    SELECT FROM seats AS s JOIN accounts AS a ON a.seat_id = s.id
    WHERE s.email = lower(:email) AND s.taken_back_at IS NULL AND a.connection = 'connected')
""")


def seats(session: Session, location: int | None, *, now: datetime, limit: int) -> list[SeatLine]:
    """The issued seats of one location, or of all for None, by location."""
    values = {"now": now, "location": location, "limit": limit}
    return [SeatLine(**row) for row in session.execute(SEATS, values).mappings()]


def issued(session: Session, location: int | None) -> int:
    """How many seats are issued."""
    return int(session.execute(ISSUED, {"location": location}).scalar_one())


def is_connected(session: Session, email: str) -> bool:
    """Whether the seat with this address is connected at this moment."""
    return bool(session.execute(HOLDS, {"email": email}).scalar_one())
