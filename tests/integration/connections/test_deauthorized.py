"""A user removes our app in Zoom's Marketplace."""

from datetime import datetime

import pytest

from core.clock import utcnow
from core.db.models import Grant
from core.services.deauthorized import deauthorized
from tests.integration.connections.given import MINUTE, account, change, grant_of, periods, told
from tests.world import World


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """A location with one account."""
    world.location()


def remove(world: World, *, at: datetime | None = None) -> bool:
    """Zoom says that the account's user removed the app."""
    mine = account(world)
    with world.parts.sessions.begin() as session:
        return deauthorized(
            session,
            zoom_account_id=mine.zoom_account_id,
            zoom_user_id=mine.zoom_user_id,
            at=at or utcnow(),
            now=utcnow(),
        )


def test_the_tokens_are_forgotten_and_the_account_needs_a_person(world: World) -> None:
    """Zoom demands that we keep nothing; the account takes no new appointment."""
    assert remove(world)

    grant = grant_of(world, account(world))
    assert (grant.access_token, grant.refresh_token) == (None, None)
    assert grant.ended_at is not None
    assert account(world).connection == "needs_reauth"
    assert periods(world, account(world)) == [("needs_reauth", "deauthorized")]
    [line] = told(world, "account_needs_reauth")
    assert line["reason"] == "deauthorized"
    world.book()
    assert not world.allocate().granted


def test_a_late_event_does_not_end_a_newer_consent(world: World) -> None:
    """Somebody had reconnected meanwhile."""
    assert not remove(world, at=utcnow() - 60 * MINUTE)

    assert account(world).connection == "connected"
    assert grant_of(world, account(world)).access_token is not None


def test_it_is_told_once(world: World) -> None:
    """Zoom may deliver it again."""
    assert remove(world)
    assert not remove(world)
    assert len(told(world, "account_needs_reauth")) == 1


def test_an_account_that_is_disconnected_stays_so(world: World) -> None:
    """Our own revoke may cause the event; only what was kept to revoke it goes."""
    mine = account(world)
    change(world, type(mine), mine.id, connection="disconnected")
    change(world, Grant, grant_of(world, mine).id, ended_at=utcnow(), revoke_at=utcnow())

    assert not remove(world)
    assert account(world).connection == "disconnected"
    grant = grant_of(world, mine)
    assert (grant.access_token, grant.revoke_at) == (None, None)
