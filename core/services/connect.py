"""Connecting an account: a person consents at Zoom, we check who that was, and only then keep the grant."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import OAuthState
from core.errors import ConnectRefused, ZoomError, ZoomRateLimited, ZoomUnavailable
from core.services.connect_checks import BEGIN_AGAIN, check_scopes, check_settings, check_user
from core.services.connect_record import Connected, expected_seat, free_seats, keep_grant, let_go
from core.zoom.client import Credentials, ZoomClient
from core.zoom.oauth import ZoomOAuth, challenge_of, new_verifier
from core.zoom.payloads import ZoomUser
from core.zoom.vault import TokenVault

STATE_LIFETIME = timedelta(minutes=10)
T = TypeVar("T")


def begin_connect(
    session: Session,
    oauth: ZoomOAuth,
    vault: TokenVault,
    *,
    location_id: int,
    seat_id: int,
    actor: str,
    now: datetime,
    browser_id: str | None = None,
    return_to: str = "/",
) -> str:
    """The address at Zoom where a person consents to connecting the seat; good once, for ten minutes.

    With *browser_id* only that browser may come back. Without one (an address printed by the command line, to be opened
    anywhere) any may: then too nothing but the seat's own Zoom user can be connected, and only to this location.

    Raises:
        NotFound: the location has no such seat.
        ConnectRefused: the seat was taken back or the location is suspended.
    """
    expected_seat(session, location_id, seat_id)
    state, verifier = secrets.token_urlsafe(32), new_verifier()
    session.execute(sa.delete(OAuthState).where(OAuthState.expires_at < now - STATE_LIFETIME))
    session.add(
        OAuthState(
            state_hash=_hash(state),
            location_id=location_id,
            seat_id=seat_id,
            browser_hash=_hash(browser_id) if browser_id else None,
            code_verifier=vault.encrypt(verifier),
            return_to=return_to,
            actor=actor,
            created_at=now,
            expires_at=now + STATE_LIFETIME,
        )
    )
    return oauth.authorize_url(state, challenge_of(verifier))


def finish_connect(
    sessions: sessionmaker[Session],
    client: ZoomClient,
    oauth: ZoomOAuth,
    vault: TokenVault,
    *,
    state: str,
    now: datetime,
    code: str | None = None,
    error: str | None = None,
    browser_id: str | None = None,
    may: Callable[[OAuthState], object] = lambda _: None,
) -> Connected:
    """What Zoom's redirect brought back: check it and keep the grant.

    Args:
        code, error: as Zoom sent them; one of them.
        browser_id: the caller's browser, which has to be the one that began, if one did.
        may: raises where whoever is back may not finish what was begun, by now.

    Raises:
        ConnectRefused: with a reason for programs and a sentence that says what to do. Nothing was kept, and what was
            granted is revoked.
        ZoomUnavailable, ZoomRateLimited: Zoom did not answer.
    """
    with sessions.begin() as session:
        begun = _take_state(session, state, browser_id, now)
        may(begun)
        expected = expected_seat(session, begun.location_id, begun.seat_id)
        free = free_seats(session, begun.location_id)
    if not code:
        raise _declined(error)
    pair = _ask_zoom(lambda: oauth.exchange(code, vault.decrypt(begun.code_verifier)))
    user: ZoomUser | None = None
    try:
        check_scopes(pair.scopes)
        user = _ask_zoom(lambda: client.me(pair.access_token))
        check_user(user, expected.email, free)
        credentials = Credentials(user.account_id, pair.access_token)
        check_settings(_ask_zoom(lambda: client.my_settings(credentials)))
        return keep_grant(sessions, begun, user, pair, vault, now)
    except Exception:
        let_go(sessions, oauth, vault, pair, user, now)
        raise


def _take_state(session: Session, state: str, browser_id: str | None, now: datetime) -> OAuthState:
    """The connect that *state* stands for, used up from here on."""
    begun = session.get(OAuthState, _hash(state), with_for_update={"key_share": True})
    if begun is None:
        raise ConnectRefused("state_unknown", "This is no connect that began here.", next_step=BEGIN_AGAIN)
    if begun.used_at is not None:
        raise ConnectRefused("state_used", "This address has been used before; it works once.", next_step=BEGIN_AGAIN)
    if begun.expires_at <= now:
        raise ConnectRefused("state_expired", "This took more than ten minutes.", next_step=BEGIN_AGAIN)
    if begun.browser_hash is not None and begun.browser_hash != _hash(browser_id or ""):
        raise ConnectRefused("other_browser", "This connect began in another browser.", next_step=BEGIN_AGAIN)
    begun.used_at = now
    return begun


def _declined(error: str | None) -> ConnectRefused:
    if error == "access_denied":
        return ConnectRefused(
            "denied",
            "The app was not allowed to use the Zoom account, so nothing was connected.",
            next_step="Press Connect again and choose Allow; the account cannot be used without.",
        )
    return ConnectRefused("no_code", f"Zoom did not connect the account ({error or 'no code'}).", next_step=BEGIN_AGAIN)


def _ask_zoom(call: Callable[[], T]) -> T:
    """*call*, its errors in words for the person who waits at the browser."""
    try:
        return call()
    except (ZoomUnavailable, ZoomRateLimited) as error:
        error.next_step = f"Wait a minute. {BEGIN_AGAIN}"
        raise
    except ZoomError as error:
        raise ConnectRefused("zoom_refused", error.message, next_step=BEGIN_AGAIN) from error


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
