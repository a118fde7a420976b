"""Draining accounts: disconnected as soon as nothing is left that only they can do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import ConnectionPeriod
from core.db.sql import statements
from core.domain.states import Connection
from core.services.accounts import locked_account
from core.services.connection_end import duties_of, end_connection
from core.services.revoke import Revoked, revoke_owed
from core.services.timeline import SYSTEM
from core.zoom.oauth import ZoomOAuth
from core.zoom.vault import TokenVault

AT_ONCE = 100


@dataclass(frozen=True)
class Drained:
    """An account that has finished and is disconnected."""

    account_id: int
    email: str


def finish_drains(
    sessions: sessionmaker[Session],
    oauth: ZoomOAuth,
    vault: TokenVault,
    *,
    clock: Callable[[], datetime],
    run_id: str | None,
    deletes_finished: bool = True,
) -> list[Drained | Revoked]:
    """Disconnect the draining accounts that have finished, and revoke what is to be revoked.

    *deletes_finished*: whether meetings are deleted once they are over, so that an account waits for that.
    """
    with sessions() as session:
        given = {"deletes_finished": deletes_finished, "limit": AT_ONCE}
        accounts = list(session.scalars(statements("connection")["drained"], given))
    drained = []
    for account_id in accounts:
        with sessions.begin() as session:
            if done := _finish(session, account_id, deletes_finished=deletes_finished, run_id=run_id, now=clock()):
                drained.append(done)
    return [*drained, *revoke_owed(sessions, oauth, vault, clock=clock, run_id=run_id)]


def anything_to_disconnect(session: Session, *, now: datetime, deletes_finished: bool = True) -> bool:
    """Whether a draining account has finished, or tokens are to be revoked."""
    sql = statements("connection")
    given = {"now": now, "deletes_finished": deletes_finished, "limit": 1}
    return bool(session.scalar(sql["revokes_due"], given)) or session.scalar(sql["drained"], given) is not None


def _finish(
    session: Session, account_id: int, *, deletes_finished: bool, run_id: str | None, now: datetime
) -> Drained | None:
    account = locked_account(session, account_id)
    # Asked again under the lock: somebody may have reconnected it, and a recording may have turned up.
    if account.connection != Connection.DRAINING or duties_of(session, account_id, deletes_finished=deletes_finished):
        return None
    # The reason that the person gave when it began to drain.
    reason = session.scalar(
        sa.select(ConnectionPeriod.reason)
        .where(ConnectionPeriod.account_id == account_id, ConnectionPeriod.status == Connection.DRAINING)
        .order_by(ConnectionPeriod.id.desc())
    )
    end_connection(session, account, actor=SYSTEM, reason=reason, now=now, run_id=run_id)
    return Drained(account_id, account.email)
