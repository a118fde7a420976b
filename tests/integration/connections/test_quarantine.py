"""A person takes an account out of the pool and puts it back."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.clock import utcnow
from core.db.models import Account
from core.errors import Conflict, InvalidInput, StaleState
from core.services.accounts import bench
from core.services.quarantine import quarantine, release
from tests.integration.connections.given import account, change, periods, told
from tests.world import TEST, World

ABOUT: dict[str, Any] = {
    "location": "Harbour Clinic",
    "email": "seat1@harbour-clinic.test",
    "actor": TEST,
    "role": "operations",
}


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """A location with one account."""
    world.location()


def take_out(world: World, reason: str = "Its camera is broken", until: datetime | None = None, **how: Any) -> None:
    """Quarantine the account."""
    with world.parts.sessions.begin() as session:
        quarantine(session, **ABOUT, reason=reason, until=until, now=utcnow(), **how)


def put_back(world: World, **how: Any) -> bool:
    """Release the account."""
    with world.parts.sessions.begin() as session:
        return release(session, **ABOUT, reason="mended", now=utcnow(), **how)


def test_an_account_in_quarantine_is_given_to_nobody(world: World) -> None:
    """Who did it, as whom and why stands on its timeline."""
    take_out(world)
    world.book()

    assert not world.allocate().granted
    assert periods(world, account(world)) == [("quarantined", "Its camera is broken")]
    [line] = told(world, "account_benched")
    assert (line["role"], line["reason"]) == ("operations", "Its camera is broken")


def test_what_it_has_begun_goes_on(world: World) -> None:
    """The client's link stays."""
    world.book()
    world.run()
    take_out(world)

    assert world.appointment().link == "ready"
    assert world.leases()[0].state == "ready"


def test_released_it_is_leased_again(world: World) -> None:
    """With both reasons on the timeline; a second release does nothing."""
    take_out(world)
    assert put_back(world) and not put_back(world)
    world.book()

    assert len(world.allocate().granted) == 1
    [line] = told(world, "account_released")
    assert (line["role"], line["reason"], line["was"]) == ("operations", "mended", "Its camera is broken")


def test_a_shorter_quarantine_than_the_one_it_is_in_is_refused(world: World) -> None:
    """It would change nothing, and the person would think that it had."""
    with world.parts.sessions.begin() as session:
        bench(session, account(world).id, reason="licence_gone", until=None, actor=TEST, now=utcnow())

    with pytest.raises(Conflict, match="already"):
        take_out(world, until=utcnow() + timedelta(hours=1))


def test_a_disconnected_account_needs_none(world: World) -> None:
    """It is given to nobody as it is."""
    change(world, Account, account(world).id, connection="disconnected")

    with pytest.raises(Conflict, match="disconnected"):
        take_out(world)


def test_a_reason_has_to_be_given(world: World) -> None:
    """Whoever finds it tomorrow has to know."""
    with pytest.raises(InvalidInput, match="reason"):
        take_out(world, reason=" ")


def test_a_person_who_saw_another_state_decides_anew(world: World) -> None:
    """Two people at two screens."""
    seen = account(world).row_version
    take_out(world, row_version=seen)

    with pytest.raises(StaleState):
        put_back(world, row_version=seen)
