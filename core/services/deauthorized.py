"""Zoom's word that a user has removed the app: his tokens are forgotten at once, and a person has to reconnect."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Grant
from core.domain.states import Connection
from core.services.accounts import locked_account
from core.services.connection_periods import begin_period
from core.services.timeline import SYSTEM, note


def deauthorized(session: Session, *, zoom_account_id: str, zoom_user_id: str, at: datetime, now: datetime) -> bool:
    """Forget every token of this Zoom user and mark his account; whether that changed an account.

    A grant that was given after *at* is another one: the event was late, and somebody had reconnected meanwhile. An
    account that was disconnected before stays so; only what was kept in order to revoke it goes.
    """
    of_user = sa.and_(
        Grant.zoom_account_id == zoom_account_id, Grant.zoom_user_id == zoom_user_id, Grant.connected_at <= at
    )
    account_id = session.scalar(sa.select(Grant.account_id).where(of_user, Grant.ended_at.is_(None)))
    # Account before grant, as everywhere. A refresher holds the grant while Zoom answers: at most seconds.
    account = locked_account(session, account_id) if account_id is not None else None
    ended = set(
        session.scalars(
            sa.update(Grant)
            .where(of_user, sa.or_(Grant.ended_at.is_(None), Grant.revoke_at.is_not(None)))
            .values(
                ended_at=sa.func.coalesce(Grant.ended_at, now), access_token=None, refresh_token=None, revoke_at=None
            )
            .returning(Grant.account_id)
        )
    )
    if account is None or account.id not in ended or account.connection == Connection.DISCONNECTED:
        return False
    if account.connection != Connection.NEEDS_REAUTH:
        account.connection = Connection.NEEDS_REAUTH
        account.row_version += 1
    begin_period(session, account, at=now, actor=SYSTEM, reason="deauthorized")
    about: dict[str, Any] = {"location_id": account.location_id, "account_id": account.id}
    note(session, "account_needs_reauth", at=now, actor=SYSTEM, reason="deauthorized", **about)
    return True
