"""Access tokens that work: read for a batch, refreshed ahead of their expiry, by one refresher per account.

Why a row lock is held during the refresh: docs/adr/0002-refresh-under-a-row-lock.md.
"""

import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.orm import Session, sessionmaker

from core.db.engine import POOL_SIZE
from core.db.models import Grant
from core.errors import NeedsReauth, TokenRefused, ZoomPoolError, ZoomRateLimited, ZoomUnavailable
from core.services.accounts import mark_needs_reauth
from core.services.grants import live_grants, lock_grant, store_pair
from core.services.timeline import SYSTEM
from core.zoom.client import Credentials
from core.zoom.oauth import TokenPair, ZoomOAuth
from core.zoom.vault import TokenVault

REFRESH_AHEAD = timedelta(minutes=5)
# A token this near to its end is not tried, should the refresh fail for an outage.
LAST_USE = timedelta(seconds=30)
# Each refresh holds one of the process's connections while Zoom answers; the others remain for everybody else.
REFRESHES_AT_ONCE = POOL_SIZE - 3

T = TypeVar("T")


@dataclass(frozen=True)
class AccountCredentials(Credentials):
    """The credentials of one of our accounts, and the grant they come from."""

    account_id: int
    grant_id: int


@dataclass
class Fresh:
    """The outcome for a batch: every account is in one of the two."""

    ready: dict[int, AccountCredentials] = field(default_factory=dict)
    failed: dict[int, ZoomPoolError] = field(default_factory=dict)


class Tokens:
    """The access tokens of all accounts. One per process, used by many threads."""

    def __init__(self, sessions: sessionmaker[Session], vault: TokenVault, oauth: ZoomOAuth) -> None:
        self._sessions = sessions
        self._vault = vault
        self._oauth = oauth
        self._turns = threading.BoundedSemaphore(REFRESHES_AT_ONCE)

    def fresh(self, account_ids: Collection[int], *, now: datetime, actor: str = SYSTEM) -> Fresh:
        """Credentials for *account_ids* that last five minutes at least, read in one query.

        What is about to expire is refreshed, several accounts at once. Failures are given back, not raised: one dead
        grant must not hold up the others. `NeedsReauth` has been recorded on its account.
        """
        with self._sessions() as session:
            grants = {grant.account_id: grant for grant in session.scalars(live_grants(account_ids))}
        fresh = Fresh()
        stale = []
        for account_id in account_ids:
            grant = grants.get(account_id)
            if grant is None:
                fresh.failed[account_id] = _not_connected()
            elif grant.access_expires_at - now > REFRESH_AHEAD:
                _collect(fresh, account_id, partial(self._opened, grant))
            else:
                stale.append(grant)
        self._refresh_all(fresh, stale, lambda held: _is_stale(held, now), now, actor)
        return fresh

    def refresh_older(
        self, account_ids: Collection[int], *, than: datetime, now: datetime, actor: str = SYSTEM
    ) -> Fresh:
        """New pairs for those accounts whose pair is older *than* that, expired or not; failures as in `fresh`."""
        with self._sessions() as session:
            grants = list(session.scalars(live_grants(account_ids)))
        fresh = Fresh()
        self._refresh_all(fresh, grants, lambda held: held.refreshed_at <= than, now, actor)
        return fresh

    def renew(self, credentials: AccountCredentials, *, now: datetime, actor: str = SYSTEM) -> AccountCredentials:
        """Credentials that replace *credentials*, whose token Zoom has refused.

        Raises:
            NeedsReauth: the grant is dead; it has been recorded on the account.
            ZoomUnavailable, ZoomRateLimited: nothing is known of the grant.
        """

        def needs_it(grant: Grant) -> bool:
            return self._opened(grant).access_token == credentials.access_token

        return self._refreshed(credentials.account_id, needs_it, now, actor)

    def using(
        self,
        credentials: AccountCredentials,
        call: Callable[[Credentials], T],
        *,
        now: datetime,
        actor: str = SYSTEM,
    ) -> T:
        """*call* with *credentials*, and once more with new ones if Zoom refuses the token.

        Raises what *call* and `renew` raise, but no `TokenRefused`; `NeedsReauth` has been recorded on the account.
        """
        try:
            try:
                return call(credentials)
            except TokenRefused:
                credentials = self.renew(credentials, now=now, actor=actor)
            return call(credentials)
        except TokenRefused as error:
            dead = NeedsReauth(error.message, status=error.status, code=error.code, tracking_id=error.tracking_id)
            self._record_dead(credentials, dead, "token_refused", now, actor)
            raise dead from error
        except NeedsReauth as error:
            self._record_dead(credentials, error, "permission_missing", now, actor)
            raise

    def _refresh_all(
        self, fresh: Fresh, stale: Iterable[Grant], needs_it: Callable[[Grant], bool], now: datetime, actor: str
    ) -> None:
        def refresh(grant: Grant) -> AccountCredentials:
            try:
                return self._refreshed(grant.account_id, needs_it, now, actor)
            except (ZoomUnavailable, ZoomRateLimited):
                if grant.access_expires_at - now > LAST_USE:
                    return self._opened(grant)
                raise

        stale = list(stale)
        if stale:
            with ThreadPoolExecutor(REFRESHES_AT_ONCE, thread_name_prefix="refresh") as pool:
                futures = {grant.account_id: pool.submit(refresh, grant) for grant in stale}
            for account_id, future in futures.items():
                _collect(fresh, account_id, future.result)

    def _refreshed(
        self, account_id: int, needs_it: Callable[[Grant], bool], now: datetime, actor: str
    ) -> AccountCredentials:
        """Refresh the account's pair, unless somebody else did while we waited for the lock."""
        with self._turns, self._sessions() as session:
            grant = lock_grant(session, account_id)
            if grant is None:
                raise _not_connected()
            if grant.refresh_token is not None and not needs_it(grant):
                return self._opened(grant)
            try:
                pair = self._new_pair(grant)
            except NeedsReauth as error:
                # Told to the others who wait for the lock, so that they do not ask Zoom again.
                grant.refresh_token = None
                dead = error
            else:
                store_pair(grant, pair, self._vault, now)
                # Stored before it is used: Zoom has already forgotten the old pair.
                session.commit()
                return self._opened(grant)
            session.commit()
        self._record_dead(grant, dead, "dead_grant", now, actor)
        raise dead

    def _new_pair(self, grant: Grant) -> TokenPair:
        if grant.refresh_token is None:
            raise NeedsReauth("Zoom has ended the connection to this account.")
        return self._oauth.refresh(self._vault.decrypt(grant.refresh_token))

    def _record_dead(
        self, of: AccountCredentials | Grant, error: NeedsReauth, reason: str, now: datetime, actor: str
    ) -> None:
        # After the grant's lock is gone: whoever locks both, locks the account first.
        grant_id = of.id if isinstance(of, Grant) else of.grant_id
        with self._sessions.begin() as session:
            about: dict[str, Any] = {"grant_id": grant_id, "tracking_id": error.tracking_id}
            mark_needs_reauth(session, of.account_id, reason=reason, actor=actor, now=now, **about)

    def _opened(self, grant: Grant) -> AccountCredentials:
        if grant.access_token is None:
            raise _not_connected()
        access_token = self._vault.decrypt(grant.access_token)
        return AccountCredentials(grant.zoom_account_id, access_token, grant.account_id, grant.id)


def _is_stale(grant: Grant, now: datetime) -> bool:
    return grant.access_expires_at - now <= REFRESH_AHEAD


def _collect(fresh: Fresh, account_id: int, credentials: Callable[[], AccountCredentials]) -> None:
    try:
        fresh.ready[account_id] = credentials()
    except ZoomPoolError as error:
        fresh.failed[account_id] = error


def _not_connected() -> NeedsReauth:
    return NeedsReauth("This account is not connected to Zoom.")
