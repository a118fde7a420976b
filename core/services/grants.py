"""The rows that hold our grants: reading, locking and replacing them.

Lock order: account before grant. A refresher locks a grant and then nothing else.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.db.models import Account, Grant
from core.errors import ZoomUnavailable
from core.zoom.oauth import TokenPair
from core.zoom.vault import TokenVault

# Longer than Zoom's time-outs together (core.zoom.wire), shorter than the limit that ends an idle transaction.
WAIT_FOR_REFRESHER = sa.text(
    "SELECT set_config('lock_timeout', '20s', true), set_config('statement_timeout', '25s', true)"
)


def live_grants(account_ids: Collection[int]) -> sa.Select[Grant]:
    """The grants that are in force for these accounts, at most one each."""
    return sa.select(Grant).where(Grant.account_id.in_(account_ids), Grant.ended_at.is_(None))


def lock_grant(session: Session, account_id: int) -> Grant | None:
    """The account's live grant, if any, locked and read after the lock; waits for a refresher to finish.

    Raises:
        ZoomUnavailable: it did not finish in twenty seconds.
    """
    session.execute(WAIT_FOR_REFRESHER)
    statement = live_grants([account_id]).with_for_update(key_share=True)
    try:
        # Asked twice: who waited while the account was reconnected gets no row, and sees the new one only with a new
        # statement.
        return session.scalar(statement) or session.scalar(statement)
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        raise ZoomUnavailable(
            "Another refresh of this account's connection does not finish.", next_step="It is tried again by itself."
        ) from error


def replace_grant(session: Session, account: Account, pair: TokenPair, vault: TokenVault, now: datetime) -> Grant:
    """Give *account*, which the caller has locked, a new grant; the one it had ends and its tokens are forgotten."""
    if old := lock_grant(session, account.id):
        old.ended_at = now
        old.access_token = old.refresh_token = None
        session.flush()  # the index of live grants has to lose the old one before it gets the new one
    grant = Grant(
        location_id=account.location_id,
        account_id=account.id,
        zoom_account_id=account.zoom_account_id,
        zoom_user_id=account.zoom_user_id,
        connected_at=now,
    )
    store_pair(grant, pair, vault, now)
    session.add(grant)
    session.flush()
    return grant


def store_pair(grant: Grant, pair: TokenPair, vault: TokenVault, now: datetime) -> None:
    """Put a new pair into *grant*, encrypted."""
    grant.access_token = vault.encrypt(pair.access_token)
    grant.refresh_token = vault.encrypt(pair.refresh_token)
    grant.scopes = pair.scopes
    grant.access_expires_at = now + pair.lifetime
    grant.refreshed_at = now
