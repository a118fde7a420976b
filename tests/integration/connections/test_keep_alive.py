"""Grants that nobody uses are renewed long before Zoom ends them."""

from datetime import timedelta

import pytest

from core.clock import utcnow
from core.db.models import Account, Grant
from core.services.keep_alive import KeptAlive, anything_to_keep_alive, refresh_idle_grants
from tests.integration.connections.given import account, change, grant_of, told
from tests.world import World

EMAIL = "seat1@harbour-clinic.test"


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """Two accounts; nobody used the first one's grant for 31 days."""
    world.location(accounts=2)
    long_ago = utcnow() - timedelta(days=31)
    change(world, Grant, grant_of(world, account(world)).id, refreshed_at=long_ago, access_expires_at=long_ago)


def keep_alive(world: World) -> list[KeptAlive]:
    """The daily run."""
    return refresh_idle_grants(world.parts.sessions, world.parts.zoom.tokens, clock=utcnow, run_id="daily")


def anything(world: World) -> bool:
    """Whether the daily run has anything to do."""
    with world.parts.sessions() as session:
        return anything_to_keep_alive(session, now=utcnow())


def test_only_what_was_idle_is_renewed(world: World) -> None:
    """And it works afterwards; the next day there is nothing to do."""
    assert anything(world)
    before = grant_of(world, account(world)).refresh_token

    [kept] = keep_alive(world)

    assert (kept.email, kept.outcome) == (EMAIL, "renewed")
    assert grant_of(world, account(world)).refresh_token != before
    assert not anything(world) and keep_alive(world) == []
    assert len(told(world, "grant_renewed")) == 1


def test_a_grant_that_died_meanwhile_is_found_while_nobody_needs_it(world: World) -> None:
    """Its account is marked, so that a person reconnects it in time."""
    world.sandbox.revoke_consent(EMAIL)

    [kept] = keep_alive(world)

    assert kept.outcome == "failed"
    assert account(world).connection == "needs_reauth"
    assert not anything(world)


def test_an_outage_says_nothing_of_the_grant(world: World) -> None:
    """There is time to try again tomorrow."""
    world.sandbox.fault({"status": 503}, path_regex="/oauth/token")

    [kept] = keep_alive(world)

    assert kept.outcome == "failed"
    assert account(world).connection == "connected"
    assert anything(world)


def test_a_disconnected_account_is_left_alone(world: World) -> None:
    """Its grant is not wanted."""
    change(world, Account, account(world).id, connection="disconnected")

    assert not anything(world)
