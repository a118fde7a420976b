"""The pool of one location as programs see it: its accounts, why they cannot serve, and its seats."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.read.accounts_now import with_accounts
from core.db.read.upcoming import busy_until


@dataclass(frozen=True)
class AccountFacts:
    """An account and its derived state; *reason* says why it cannot serve, *busy_until* when it should be free."""

    id: int
    seat_id: int
    email: str
    state: str
    lease_state: str | None
    reason: str | None
    appointment_id: int | None
    idle_since: datetime
    busy_until: datetime | None = None


@dataclass(frozen=True)
class Pool:
    """*free_seats* of the *issued_seats* have no connected account."""

    accounts: Sequence[AccountFacts]
    issued_seats: int
    free_seats: int


# What is connected has no reason; the period says why it was drained, disconnected or has to be connected anew.
ACCOUNTS = with_accounts("""
SELECT a.id, a.seat_id, a.email, a.state, a.lease_state, a.appointment_id, a.idle_since,
       CASE a.state WHEN 'quarantined' THEN a.bench_reason
                    WHEN 'draining' THEN c.reason WHEN 'needs_reauth' THEN c.reason END AS reason
FROM accounts_now AS a
LEFT JOIN connection_periods AS c ON c.account_id = a.id AND c.to_at IS NULL
WHERE a.location_id = :location AND a.state <> 'disconnected'
ORDER BY a.email
LIMIT :limit
""")

SEATS = sa.text("""
SELECT count(*) AS issued, count(*) FILTER (WHERE a.id IS NULL) AS free
FROM seats AS s
LEFT JOIN accounts AS a ON a.seat_id = s.id AND a.connection <> 'disconnected'
WHERE s.location_id = :location AND s.taken_back_at IS NULL
""")


def pool_of(session: Session, location_id: int, *, now: datetime, cooldown: timedelta, limit: int) -> Pool:
    """The first *limit* accounts that are not disconnected, by address, and how many seats there are."""
    rows = session.execute(ACCOUNTS, {"now": now, "location": location_id, "limit": limit}).mappings()
    until = busy_until(session, location_id, now=now, cooldown=cooldown)
    accounts = [AccountFacts(**row) for row in rows]
    seats = session.execute(SEATS, {"location": location_id}).one()
    return Pool([_with_end(each, until.get(each.id), now) for each in accounts], seats.issued, seats.free)


def _with_end(account: AccountFacts, until: datetime | None, now: datetime) -> AccountFacts:
    return replace(account, busy_until=until) if until is not None and until > now else account
