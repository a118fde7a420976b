"""What the connections page shows: the issued seats page by page, how their accounts are, and what they are worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.read.accounts_now import with_accounts

NOT_CONNECTED = "not_connected"


@dataclass(frozen=True)
class SeatLine:
    """A seat and the account it became; *state* is `not_connected` before that. *reason* says why it is not well.

    *row_version* is the account's as it was read: who acts on what he saw gives it back. *connected_at*, *refreshed_at*
    and *scopes* are those of the access that Zoom grants now, None without one; *probed_at* is when Zoom was last asked
    whether the account can be used. *creates* counts the meetings that were made on it on this UTC day.
    """

    seat_id: int
    account_id: int | None
    row_version: int | None
    location_id: int
    location: str
    zone: str
    location_status: str
    email: str
    issued_at: datetime
    issued_by: str
    state: str
    lease_state: str | None
    reason: str | None
    since: datetime | None
    benched_until: datetime | None
    last_used_at: datetime | None
    connected_at: datetime | None
    refreshed_at: datetime | None
    probed_at: datetime | None
    scopes: str | None
    creates: int


# Parameters: now, location (NULL: all), account and seat (NULL: any), like (NULL: any), only (NULL: all states).
_ISSUED = """
, issued AS (
    SELECT s.id AS seat_id, a.id AS account_id, l.id AS location_id, l.name AS location, l.zone,
           l.status AS location_status, s.email, s.issued_at, s.issued_by,
           coalesce(a.fitness, 'not_connected') AS state, a.lease_state, a.bench_reason, a.benched_until, a.last_used_at
    FROM seats AS s
    JOIN locations AS l ON l.id = s.location_id
    LEFT JOIN accounts_now AS a ON a.seat_id = s.id
    WHERE s.taken_back_at IS NULL AND (CAST(:location AS bigint) IS NULL OR l.id = :location)
      AND (CAST(:like AS text) IS NULL OR s.email LIKE :like)
)
"""

# What needs a person comes first. Only for the lines of one page is looked up what only they show.
_LINES = """
, listed AS (
    SELECT *, row_number() OVER (
        ORDER BY array_position(CAST(ARRAY['needs_reauth', 'quarantined', 'busy_elsewhere', 'draining', 'not_connected',
                                           'connected', 'disconnected'] AS text[]), state),
                 location, location_id, email) AS place
    FROM issued
    WHERE (CAST(:only AS text[]) IS NULL OR state = ANY (:only))
      AND (CAST(:account AS bigint) IS NULL OR account_id = :account)
    ORDER BY place
    OFFSET :skipped LIMIT :limit
)
SELECT p.seat_id, p.account_id, v.row_version, p.location_id, p.location, p.zone, p.location_status, p.email,
       p.issued_at, p.issued_by, p.state, p.lease_state,
       CASE WHEN p.state = 'quarantined' THEN p.bench_reason ELSE c.reason END AS reason,
       coalesce(c.from_at, p.issued_at) AS since, p.benched_until, p.last_used_at,
       g.connected_at, g.refreshed_at, v.probed_at, g.scopes, coalesce(b.creates, 0) AS creates
FROM listed AS p
LEFT JOIN accounts AS v ON v.id = p.account_id
LEFT JOIN grants AS g ON g.account_id = p.account_id AND g.ended_at IS NULL
LEFT JOIN zoom_budget AS b ON b.zoom_user_id = v.zoom_user_id AND b.utc_day = :day
LEFT JOIN LATERAL (
    SELECT reason, from_at FROM connection_periods
    WHERE account_id = p.account_id AND from_at <= :now AND (to_at IS NULL OR to_at > :now)
    ORDER BY from_at DESC LIMIT 1) AS c ON true
ORDER BY p.place
"""

_COUNTS = "SELECT state, count(*) AS seats FROM issued GROUP BY state"

SEATS = with_accounts(_ISSUED + _LINES)
BY_STATE = with_accounts(_ISSUED + _COUNTS)

# Moved from one location to another, a Zoom user has two accounts; the day's budget is the user's.
CREATED = sa.text("""
SELECT coalesce(sum(b.creates), 0)
FROM zoom_budget AS b
WHERE b.utc_day = :day AND EXISTS (
    SELECT FROM accounts AS a
    WHERE a.zoom_user_id = b.zoom_user_id AND a.connection <> 'disconnected'
      AND (CAST(:location AS bigint) IS NULL OR a.location_id = :location))
""")

HOLDS = sa.text("""
SELECT a.id
FROM seats AS s JOIN accounts AS a ON a.seat_id = s.id
WHERE s.email = lower(:email) AND s.taken_back_at IS NULL AND a.connection = 'connected'
""")


def seats(
    session: Session,
    location: int | None,
    *,
    now: datetime,
    limit: int,
    skipped: int = 0,
    search: str = "",
    only: Sequence[str] | None = None,
) -> list[SeatLine]:
    """The issued seats of one location, or of all for None, behind the *skipped* first ones.

    *search*: only addresses that hold it; *only*: those in one of these states.
    """
    given = {"location": location, "like": _like(search), "only": list(only) if only is not None else None}
    return _lines(session, now=now, limit=limit, skipped=skipped, account=None, **given)


def connection(session: Session, account_id: int, *, now: datetime) -> SeatLine | None:
    """The account with that id as the page shows it; None if there is none or its seat was taken back."""
    found = _lines(session, now=now, limit=1, skipped=0, account=account_id, location=None, like=None, only=None)
    return found[0] if found else None


def by_state(session: Session, location: int | None, *, now: datetime, search: str = "") -> dict[str, int]:
    """How many issued seats are in which state."""
    given = {"location": location, "now": now, "like": _like(search)}
    return {row.state: row.seats for row in session.execute(BY_STATE, given)}


def created_today(session: Session, location: int | None, *, now: datetime) -> int:
    """How many meetings were made on this UTC day on the accounts of a location, or of all for None."""
    given = {"location": location, "day": now.astimezone(UTC).date()}
    return int(session.execute(CREATED, given).scalar_one())


def is_connected(session: Session, email: str) -> int | None:
    """The account of the seat with this address if it is connected at this moment."""
    found: int | None = session.execute(HOLDS, {"email": email}).scalar()
    return found


def _lines(session: Session, *, now: datetime, **given: object) -> list[SeatLine]:
    values = {"now": now, "day": now.astimezone(UTC).date(), **given}
    return [SeatLine(**row) for row in session.execute(SEATS, values).mappings()]


def _like(search: str) -> str | None:
    """Addresses are stored in lower case."""
    literal = search.strip().lower().replace("\0", "").encode("utf-8", "ignore").decode()
    literal = literal.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{literal}%" if literal else None
