"""The end of a connection: what it still has to do, and the transaction that ends it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.db.models import Account
from core.db.sql import statements
from core.domain.states import Connection
from core.services.connection_periods import begin_period
from core.services.grants import lock_grant
from core.services.timeline import note


@dataclass(frozen=True)
class Duties:
    """What only this connection can still do, as counts."""

    leases: int
    deletions: int
    recordings: int
    finished: int

    def __bool__(self) -> bool:
        return bool(self.leases or self.deletions or self.recordings or self.finished)


def duties_of(session: Session, account_id: int, *, deletes_finished: bool) -> Duties:
    """What the account still has to do. *deletes_finished*: whether meetings are deleted once they are over."""
    given = {"account_id": account_id, "deletes_finished": deletes_finished}
    return Duties(**session.execute(statements("connection")["duties"], given).mappings().one())


def begin_draining(
    session: Session, account: Account, *, actor: str, role: str, reason: str | None, now: datetime
) -> None:
    """Grant *account*, which the caller has locked, to nobody any more; what it has begun it finishes."""
    if account.connection != Connection.DRAINING:
        _change(session, account, Connection.DRAINING, actor=actor, reason=reason, now=now)
        _note(session, account, "account_draining", actor, now, role=role, reason=reason)


def end_connection(
    session: Session,
    account: Account,
    *,
    actor: str,
    now: datetime,
    reason: str | None = None,
    **detail: Any,
) -> int | None:
    """End the connection of *account*, which the caller has locked; the grant that is to be revoked, if there is one.

    Its tokens are kept, encrypted, for the revoke alone. Recordings that were sought are given up, deletions rest: both
    are taken up again when the account is reconnected.
    """
    sql = statements("connection")
    grant = lock_grant(session, account.id)
    if grant is not None:
        grant.ended_at = now
        if grant.refresh_token is None:
            grant.access_token = None  # found dead before: there is nothing to revoke
        else:
            grant.revoke_at = now
    about = {"account_id": account.id, "now": now}
    session.execute(sql["give_up_recordings"], about)
    session.execute(sql["rest_deletions"], about)
    account.busy_elsewhere_since = account.busy_elsewhere_with = None
    _change(session, account, Connection.DISCONNECTED, actor=actor, reason=reason, now=now)
    _note(session, account, "account_disconnected", actor, now, reason=reason, **detail)
    return grant.id if grant is not None and grant.revoke_at is not None else None


def _change(
    session: Session, account: Account, connection: Connection, *, actor: str, reason: str | None, now: datetime
) -> None:
    account.connection = connection
    account.row_version += 1
    begin_period(session, account, at=now, actor=actor, reason=reason)


def _note(session: Session, account: Account, kind: str, actor: str, now: datetime, **detail: Any) -> None:
    about: dict[str, Any] = {"location_id": account.location_id, "account_id": account.id}
    note(session, kind, at=now, actor=actor, **about, **detail)
