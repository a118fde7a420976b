"""Giving tokens back: a grant that has ended is revoked at Zoom, and its tokens are kept only until that is done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Grant
from core.db.sql import statements
from core.errors import NeedsReauth, ZoomError, ZoomRejected
from core.services.grants import store_pair
from core.services.timeline import SYSTEM, note
from core.zoom.oauth import ZoomOAuth
from core.zoom.vault import TokenVault

TAKEN = timedelta(minutes=2)
AGAIN = timedelta(minutes=5)
# A refresh token lives ninety days at Zoom; after that there is nothing left to revoke.
LIVES = timedelta(days=90)
# An access token nearer to its end is exchanged first: Zoom revokes none that has expired.
LAST_USE = timedelta(seconds=30)
AT_ONCE = 50
OUR_OWN_FAULT = 401


@dataclass(frozen=True)
class Revoked:
    """What came of one grant: `revoked`, `dead` (Zoom knew it no longer), `expired`, or `later` with a sentence."""

    grant_id: int
    account_id: int
    outcome: str
    detail: str = ""


def revoke_owed(
    sessions: sessionmaker[Session],
    oauth: ZoomOAuth,
    vault: TokenVault,
    *,
    clock: Callable[[], datetime],
    run_id: str | None = None,
    only: int | None = None,
) -> list[Revoked]:
    """Revoke the ended grants that are due, or just the grant *only*; what fails is tried again later."""
    now = clock()
    with sessions.begin() as session:
        given = {"now": now, "until": now + TAKEN, "only": only, "limit": AT_ONCE}
        ids = list(session.scalars(statements("connection")["claim_revokes"], given))
        grants = list(session.scalars(sa.select(Grant).where(Grant.id.in_(ids)).order_by(Grant.id)))
    return [_revoke(sessions, oauth, vault, grant, now=clock(), run_id=run_id) for grant in grants]


def _revoke(
    sessions: sessionmaker[Session],
    oauth: ZoomOAuth,
    vault: TokenVault,
    grant: Grant,
    *,
    now: datetime,
    run_id: str | None,
) -> Revoked:
    try:
        if grant.access_token is None or grant.refresh_token is None:
            return _forget(sessions, grant, "dead", now=now, run_id=run_id)
        if now - grant.refreshed_at > LIVES:
            return _forget(sessions, grant, "expired", now=now, run_id=run_id)
        oauth.revoke(_usable_token(sessions, oauth, vault, grant, now))
    except NeedsReauth:
        return _forget(sessions, grant, "dead", now=now, run_id=run_id)
    except ZoomError as error:
        if isinstance(error, ZoomRejected) and error.status != OUR_OWN_FAULT:
            return _forget(sessions, grant, "dead", now=now, run_id=run_id)
        with sessions.begin() as session:
            session.execute(_still_owed(grant).values(revoke_at=now + AGAIN))
        return Revoked(grant.id, grant.account_id, "later", str(error))
    return _forget(sessions, grant, "revoked", now=now, run_id=run_id)


def _usable_token(
    sessions: sessionmaker[Session], oauth: ZoomOAuth, vault: TokenVault, grant: Grant, now: datetime
) -> str:
    assert grant.access_token is not None and grant.refresh_token is not None
    if grant.access_expires_at - now > LAST_USE:
        return vault.decrypt(grant.access_token)
    pair = oauth.refresh(vault.decrypt(grant.refresh_token))
    with sessions.begin() as session:
        # Stored before it is used, as every new pair; unless a new consent has made this grant's tokens worthless.
        stored = session.get(Grant, grant.id, with_for_update={"key_share": True})
        if stored is not None and stored.revoke_at is not None:
            store_pair(stored, pair, vault, now)
    return pair.access_token


def _forget(
    sessions: sessionmaker[Session], grant: Grant, outcome: str, *, now: datetime, run_id: str | None
) -> Revoked:
    with sessions.begin() as session:
        session.execute(_still_owed(grant).values(revoke_at=None, access_token=None, refresh_token=None))
        about: dict[str, Any] = {"location_id": grant.location_id, "account_id": grant.account_id, "run_id": run_id}
        note(session, "tokens_forgotten", at=now, actor=SYSTEM, grant_id=grant.id, outcome=outcome, **about)
    return Revoked(grant.id, grant.account_id, outcome)


def _still_owed(grant: Grant) -> sa.Update:
    return sa.update(Grant).where(Grant.id == grant.id, Grant.revoke_at.is_not(None))
