"""Taking a seat back, or moving it to another location, is a disconnect first."""

from typing import Any

import pytest

from core.clock import utcnow
from core.db.models import Seat
from core.errors import Conflict, ConnectRefused
from core.services.connect_record import expected_seat
from core.services.disconnect import Ending
from core.services.locations import add_location, find_location, issue_seat
from core.services.seats import move_seat, take_back
from tests.integration.connections.given import account, is_granted, told
from tests.world import TEST, World

EMAIL = "seat1@harbour-clinic.test"
ABOUT: dict[str, Any] = {"email": EMAIL, "actor": TEST, "role": "support", "reason": "contract", "clock": utcnow}


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """A location with one account, and another location."""
    world.location()
    with world.parts.sessions.begin() as session:
        add_location(session, name="Hill Clinic", zone="UTC", actor=TEST, now=utcnow())


def test_a_seat_at_rest_is_disconnected_and_taken_back(world: World, ending: Ending) -> None:
    """It cannot be connected any more."""
    seat = take_back(world.parts.sessions, ending, location="Harbour Clinic", **ABOUT)

    assert seat.taken_back_at is not None
    assert account(world).connection == "disconnected"
    assert not is_granted(world, EMAIL)
    assert [line["reason"] for line in told(world, "seat_taken_back")] == ["contract"]
    with world.parts.sessions() as session, pytest.raises(ConnectRefused):
        expected_seat(session, seat.location_id, seat.id)


def test_a_seat_in_use_is_not_taken_back_yet(world: World, ending: Ending) -> None:
    """It drains; the link of its client stays."""
    world.book()
    world.run()

    with pytest.raises(Conflict, match="disconnected after that"):
        take_back(world.parts.sessions, ending, location="Harbour Clinic", **ABOUT)
    assert account(world).connection == "draining"
    assert world.all(Seat)[0].taken_back_at is None


def test_a_seat_that_was_never_connected_is_just_taken_back(world: World, ending: Ending) -> None:
    """There is nothing to disconnect."""
    with world.parts.sessions.begin() as session:
        place = find_location(session, "Hill Clinic")
        issue_seat(session, location=place, address="new@hill-clinic.test", actor=TEST, now=utcnow())

    about = {**ABOUT, "email": "new@hill-clinic.test"}
    assert take_back(world.parts.sessions, ending, location="Hill Clinic", **about).taken_back_at is not None


def test_moving_a_seat_ends_one_account_and_issues_it_elsewhere(world: World, ending: Ending) -> None:
    """The new location connects it anew: as an account of its own."""
    seat = move_seat(world.parts.sessions, ending, origin="Harbour Clinic", target="Hill Clinic", **ABOUT)

    old, new = world.all(Seat)
    assert old.taken_back_at is not None and new.id == seat.id
    assert new.location_id != old.location_id
    world.sandbox.delete_user(EMAIL)
    world.connect("Hill Clinic", [EMAIL])
    assert [each.connection for each in world.accounts()] == ["disconnected", "connected"]


def test_moving_it_to_where_it_is_changes_nothing(world: World, ending: Ending) -> None:
    """Somebody mistook the names."""
    with pytest.raises(Conflict):
        move_seat(world.parts.sessions, ending, origin="Harbour Clinic", target="harbour clinic", **ABOUT)
    assert account(world).connection == "connected"
