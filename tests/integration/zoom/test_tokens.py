"""Tokens stay fresh: one refresher per account, whatever Zoom does."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import ConnectionPeriod, Event, Grant
from core.errors import ConfigurationError, NeedsReauth, TokenRefused, ZoomRejected, ZoomUnavailable
from core.services import grants
from core.services.tokens import AccountCredentials, Tokens
from core.wiring import Wiring
from core.zoom import wire
from core.zoom.client import Credentials
from core.zoom.vault import TokenVault
from tests.integration.zoom.conftest import EMAIL
from tests.world import World

TOKEN = {"method": "POST", "path_regex": "/oauth/token$"}


def refreshes(world: World) -> int:
    """How often Zoom was asked for tokens."""
    return sum(world.sandbox.stats()["answers"].get("POST /oauth/token", {}).values())


def who(world: World) -> Callable[[Credentials], str]:
    """A call that needs a working token: who am I?"""
    return lambda credentials: world.parts.zoom.client.me(credentials.access_token).email


def later(**after: float) -> datetime:
    """A time to come; the access token lasts an hour."""
    return utcnow() + timedelta(**after)


def test_a_token_that_lasts_is_used_as_it_is(world: World, credentials: AccountCredentials) -> None:
    """One query, no call."""
    assert who(world)(credentials) == EMAIL
    assert refreshes(world) == 0


def test_a_token_is_refreshed_five_minutes_before_it_ends(world: World, credentials: AccountCredentials) -> None:
    """And the new pair is stored: the next reader gets it without a call."""
    tokens, account_id = world.parts.zoom.tokens, credentials.account_id

    renewed = tokens.fresh([account_id], now=later(minutes=56)).ready[account_id]

    assert renewed.access_token != credentials.access_token
    assert who(world)(renewed) == EMAIL
    assert tokens.fresh([account_id], now=later(minutes=56)).ready[account_id] == renewed
    assert refreshes(world) == 1


def test_twenty_callers_of_an_expired_token_make_one_refresh(world: World, credentials: AccountCredentials) -> None:
    """From two processes' worth of pools, at the same moment: a second refresh would look like a dead grant."""
    world.sandbox.expire_access_tokens()
    world.sandbox.configure(latency_ms=150)
    second = Wiring(world.parts.settings).zoom.tokens
    start = threading.Barrier(20)

    def call(number: int) -> str:
        start.wait()
        tokens = (world.parts.zoom.tokens, second)[number % 2]
        return tokens.using(credentials, who(world), now=utcnow())

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(call, range(20)))

    assert answers == [EMAIL] * 20
    assert refreshes(world) == 1


def test_a_batch_refreshes_several_accounts_at_once_and_one_failure_stops_no_other(world: World) -> None:
    """After a night every token has expired."""
    world.location(accounts=12)
    accounts = world.accounts()
    world.sandbox.revoke_consent(accounts[0].email)
    world.sandbox.configure(latency_ms=100)
    before = utcnow()

    fresh = world.parts.zoom.tokens.fresh([each.id for each in accounts], now=later(hours=2))

    assert utcnow() - before < timedelta(seconds=1)
    assert set(fresh.ready) == {each.id for each in accounts[1:]}
    assert isinstance(fresh.failed[accounts[0].id], NeedsReauth)


def test_an_account_without_a_grant_is_told_apart(world: World) -> None:
    """No exception: a batch goes on without it."""
    fresh = world.parts.zoom.tokens.fresh([4711], now=utcnow())

    assert isinstance(fresh.failed[4711], NeedsReauth)


def test_a_revoked_grant_is_recorded_and_zoom_is_not_asked_again(world: World, credentials: AccountCredentials) -> None:
    """The account needs a person: its connection, its history and the timeline say so, once."""
    world.sandbox.revoke_consent(EMAIL)

    for _ in range(3):
        with pytest.raises(NeedsReauth):
            world.parts.zoom.tokens.using(credentials, who(world), now=utcnow())

    assert refreshes(world) == 1
    [account] = world.accounts()
    assert account.connection == "needs_reauth"
    periods = [(each.status, each.reason) for each in world.all(ConnectionPeriod)]
    assert periods == [("connected", None), ("needs_reauth", "dead_grant")]
    [event] = world.all(Event, kind="account_needs_reauth")
    assert (event.account_id, event.detail["reason"]) == (account.id, "dead_grant")
    assert event.tracking_id


def test_twenty_callers_of_a_dead_grant_ask_zoom_once(world: World, credentials: AccountCredentials) -> None:
    """Those who waited for the lock learn it from the row."""
    world.sandbox.revoke_consent(EMAIL)

    def call(_: int) -> bool:
        try:
            world.parts.zoom.tokens.using(credentials, who(world), now=utcnow())
        except NeedsReauth:
            return True
        return False

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(call, range(20)))
    assert refreshes(world) == 1
    assert len(world.all(Event, kind="account_needs_reauth")) == 1


def test_a_lost_refresh_reply_ends_in_needs_reauth(world: World, credentials: AccountCredentials) -> None:
    """Zoom has rotated and forgotten the old pair; at first that looks like an outage, then like what it is."""
    tokens, account_id = world.parts.zoom.tokens, credentials.account_id
    world.sandbox.fault({"lose_reply": True}, times=1, **TOKEN)

    first = tokens.fresh([account_id], now=later(hours=2)).failed[account_id]
    assert isinstance(first, ZoomUnavailable)
    assert world.accounts()[0].connection == "connected"
    second = tokens.fresh([account_id], now=later(hours=2)).failed[account_id]

    assert isinstance(second, NeedsReauth)
    assert world.accounts()[0].connection == "needs_reauth"


@pytest.mark.parametrize("effect", [{"status": 503}, {"html": True}, {"reset": True}, {"timeout": 1}])
def test_an_outage_is_no_dead_grant(
    world: World, credentials: AccountCredentials, effect: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is recorded, and the next try succeeds."""
    monkeypatch.setattr(wire, "READ_SECONDS", 0.3)
    tokens, account_id = world.parts.zoom.tokens, credentials.account_id
    world.sandbox.fault(effect, times=1, **TOKEN)

    assert isinstance(tokens.fresh([account_id], now=later(hours=2)).failed[account_id], ZoomUnavailable)
    assert world.accounts()[0].connection == "connected"
    assert account_id in tokens.fresh([account_id], now=later(hours=2)).ready


def test_a_token_that_still_lasts_a_little_bridges_an_outage(world: World, credentials: AccountCredentials) -> None:
    """Refreshing ahead would be worth nothing otherwise."""
    world.sandbox.fault({"status": 503}, times=1, **TOKEN)

    fresh = world.parts.zoom.tokens.fresh([credentials.account_id], now=later(minutes=57))

    assert fresh.ready[credentials.account_id] == credentials


def test_a_wrong_client_secret_blames_no_account(world: World, credentials: AccountCredentials) -> None:
    """Our own mistake must not send every location to reconnect."""
    wrong = world.parts.settings.model_copy(update={"zoom_client_id": "other-app"})
    tokens = Tokens(world.parts.sessions, world.parts.vault, Wiring(wrong).oauth)

    error = tokens.fresh([credentials.account_id], now=later(hours=2)).failed[credentials.account_id]

    assert isinstance(error, ZoomRejected)
    assert "ZOOM_CLIENT_ID" in error.next_step
    assert world.accounts()[0].connection == "connected"


def test_a_token_that_is_refused_even_when_new_is_given_up(world: World, credentials: AccountCredentials) -> None:
    """Refreshed once, tried once more, then a person is needed."""
    calls = []

    def refused(given: Credentials) -> str:
        calls.append(given.access_token)
        raise TokenRefused("Invalid access token.", status=401, code=124)

    with pytest.raises(NeedsReauth):
        world.parts.zoom.tokens.using(credentials, refused, now=utcnow())

    assert len(set(calls)) == len(calls) == 2
    assert world.accounts()[0].connection == "needs_reauth"


def test_a_missing_permission_is_recorded_without_a_refresh(world: World, credentials: AccountCredentials) -> None:
    """A refresh would bring the same scopes."""
    world.sandbox.fault({"status": 400, "body": {"code": 4711, "message": "scopes"}}, times=1, path_regex="/users/me$")

    with pytest.raises(NeedsReauth):
        world.parts.zoom.tokens.using(credentials, who(world), now=utcnow())

    assert refreshes(world) == 0
    [account] = world.accounts()
    assert account.connection == "needs_reauth"


def test_a_new_grant_is_not_blamed_for_the_old_one(world: World, credentials: AccountCredentials) -> None:
    """Somebody reconnected while a call with the old token was under way."""
    with world.parts.sessions.begin() as session:
        grant = session.get_one(Grant, credentials.grant_id)
        grant.ended_at = utcnow()

    with pytest.raises(NeedsReauth):
        world.parts.zoom.tokens.using(credentials, lambda _: _dead(), now=utcnow())

    assert world.accounts()[0].connection == "connected"


def _dead() -> str:
    raise NeedsReauth("No such permission.")


def test_tokens_are_unreadable_in_the_database(world: World, credentials: AccountCredentials) -> None:
    """A dump of the database opens no account."""
    [grant] = world.all(Grant)

    assert grant.access_token is not None
    assert credentials.access_token.encode() not in grant.access_token
    assert credentials.access_token not in repr(credentials)


def test_a_lost_key_is_no_dead_grant(world: World, credentials: AccountCredentials) -> None:
    """The key can be put back; the batch goes on, and no account is blamed."""
    stranger = TokenVault("3Xy0w0pYkq8m7mUe0o0qS4nq2c0m1Yt0V8l7wq3mJ3E=")
    tokens = Tokens(world.parts.sessions, stranger, world.parts.oauth)

    assert isinstance(tokens.fresh([credentials.account_id], now=utcnow()).failed[1], ConfigurationError)
    assert world.accounts()[0].connection == "connected"


def test_a_refresher_that_hangs_keeps_the_others_waiting_for_a_bounded_time(
    world: World, credentials: AccountCredentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are told that it is unavailable, not that the grant is dead."""
    shortly = sa.text("SELECT set_config('lock_timeout', '200ms', true)")
    monkeypatch.setattr(grants, "WAIT_FOR_REFRESHER", shortly)
    with world.parts.sessions.begin() as session:
        session.get_one(Grant, credentials.grant_id, with_for_update={"key_share": True})
        failed = world.parts.zoom.tokens.fresh([credentials.account_id], now=later(hours=2)).failed

    assert isinstance(failed[credentials.account_id], ZoomUnavailable)
