"""Grants of accounts that nobody uses: Zoom ends a refresh token after ninety days, so it is exchanged before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Account, Grant
from core.domain.states import Connection
from core.services.timeline import SYSTEM, note
from core.services.tokens import Tokens

IDLE = timedelta(days=30)
AT_ONCE = 500


@dataclass(frozen=True)
class KeptAlive:
    """What came of one grant: `renewed`, or `failed` with a sentence; a dead one is marked on its account."""

    account_id: int
    email: str
    outcome: str
    detail: str = ""


def refresh_idle_grants(
    sessions: sessionmaker[Session],
    tokens: Tokens,
    *,
    clock: Callable[[], datetime],
    run_id: str | None,
    idle: timedelta = IDLE,
) -> list[KeptAlive]:
    """Renew every grant that was not renewed for *idle*. What fails has sixty more days to be tried again in."""
    now = clock()
    with sessions() as session:
        accounts = list(session.scalars(_idle(now - idle).order_by(Account.id).limit(AT_ONCE)))
    fresh = tokens.refresh_older([account.id for account in accounts], than=now - idle, now=now)
    with sessions.begin() as session:
        for account in accounts:
            if account.id in fresh.ready:
                about: dict[str, Any] = {"location_id": account.location_id, "account_id": account.id, "run_id": run_id}
                note(session, "grant_renewed", at=clock(), actor=SYSTEM, **about)
    return [
        KeptAlive(account.id, account.email, "renewed")
        if account.id in fresh.ready
        else KeptAlive(account.id, account.email, "failed", str(fresh.failed.get(account.id, "No grant any more.")))
        for account in accounts
    ]


def anything_to_keep_alive(session: Session, *, now: datetime, idle: timedelta = IDLE) -> bool:
    """Whether any grant was not renewed for *idle*."""
    return session.scalar(_idle(now - idle).limit(1)) is not None


def _idle(since: datetime) -> sa.Select[Account]:
    return (
        sa.select(Account)
        .join(Grant, Grant.account_id == Account.id)
        .where(Account.connection.in_((Connection.CONNECTED, Connection.DRAINING)))
        .where(Grant.ended_at.is_(None), Grant.refresh_token.is_not(None), Grant.refreshed_at <= since)
    )
