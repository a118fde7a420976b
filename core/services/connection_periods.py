"""The history of each account's connection status, from which charts know past capacity."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Account, ConnectionPeriod
from core.domain.states import Connection

# Until a person releases it. Not PostgreSQL's 'infinity', which no Python datetime can hold.
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
QUARANTINED = "quarantined"
BUSY_ELSEWHERE = "busy_elsewhere"


def begin_period(session: Session, account: Account, *, at: datetime, actor: str, reason: str | None = None) -> None:
    """Close the account's open period at *at* and begin one of what it is now; after a bench that ends, the next too.

    The caller has changed the account and holds its row lock, so two beginnings cannot meet. A period that was planned
    to begin later no longer holds and goes.
    """
    of_account = ConnectionPeriod.account_id == account.id
    session.execute(sa.delete(ConnectionPeriod).where(of_account, ConnectionPeriod.from_at > at))
    session.execute(
        sa.update(ConnectionPeriod)
        .where(of_account, sa.or_(ConnectionPeriod.to_at.is_(None), ConnectionPeriod.to_at > at))
        .values(to_at=at)
    )
    status = _status(account, at)
    ends_at = account.benched_until if status == QUARANTINED and account.benched_until != FOREVER else None
    _add(session, account, status, from_at=at, to_at=ends_at, actor=actor, reason=reason)
    if ends_at is not None:
        _add(session, account, _status(account, ends_at), from_at=ends_at, to_at=None, actor=actor, reason=None)


def _status(account: Account, at: datetime) -> str:
    """A bench, or use by hand, shows only where there is a connection that it keeps from being used."""
    if account.connection not in (Connection.CONNECTED, Connection.DRAINING):
        return account.connection
    if account.benched_until is not None and account.benched_until > at:
        return QUARANTINED
    return BUSY_ELSEWHERE if account.busy_elsewhere_since is not None else account.connection


def _add(
    session: Session,
    account: Account,
    status: str,
    *,
    from_at: datetime,
    to_at: datetime | None,
    actor: str,
    reason: str | None,
) -> None:
    session.add(
        ConnectionPeriod(
            location_id=account.location_id,
            account_id=account.id,
            status=status,
            reason=reason,
            actor=actor,
            from_at=from_at,
            to_at=to_at,
        )
    )
    session.flush()
