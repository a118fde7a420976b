"""Editing a location, and what suspending it means."""

from datetime import timedelta
from typing import Any

import pytest

from core.clock import utcnow
from core.db.models import Event, Location
from core.errors import Conflict, ConnectRefused, InvalidInput, StaleState
from core.services.connect_record import expected_seat
from core.services.location_edit import edit_location
from core.services.locations import find_location, issue_seat
from tests.faults.given import book_many, outcomes, seat
from tests.world import TEST, World

HARBOUR = "Harbour Clinic"


def edit(world: World, *, expected_version: int | None = None, **edit: Any) -> list[str]:
    """Change the location as a person would; the fields that changed."""
    with world.parts.sessions.begin() as session:
        location = find_location(session, HARBOUR)
        return edit_location(session, location, edit, expected_version=expected_version, actor=TEST, now=utcnow())  # type: ignore[arg-type]


def test_only_what_is_named_changes_and_the_timeline_says_what(world: World) -> None:
    """Names of fields; of the status, what it is now."""
    world.location()

    assert edit(world, zone="Europe/Lisbon", refuse_when_short=True, status="active") == ["zone", "refuse_when_short"]
    assert edit(world, recording_hold_limit=timedelta(hours=1)) == ["recording_hold_limit"]
    assert edit(world, recording_hold_limit=timedelta(hours=1)) == []

    [location] = world.all(Location)
    assert (location.zone, location.recording_hold_limit, location.row_version) == (
        "Europe/Lisbon",
        timedelta(hours=1),
        3,
    )
    told = [event.detail["fields"] for event in world.all(Event, kind="location_edited")]
    assert told == [["zone", "refuse_when_short"], ["recording_hold_limit"]]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("zone", "Berlin"),
        ("sender_name", "Clinic\nBcc: all@clients.test"),
        ("status", "closed"),
        ("recording_hold_limit", timedelta(seconds=-1)),
        ("recording_hold_limit", timedelta(days=4)),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(world: World, field: str, value: object) -> None:
    """And nothing is changed."""
    world.location()

    with pytest.raises(InvalidInput) as refused:
        edit(world, **{field: value})
    assert refused.value.field == field


def test_the_name_of_another_location_is_taken(world: World) -> None:
    """Whatever its case; its own may be written otherwise."""
    world.location()
    world.location("Hill Clinic", accounts=0)

    with pytest.raises(Conflict, match="hill clinic already"):
        edit(world, name="hill clinic")
    assert edit(world, name="HARBOUR Clinic") == ["name"]


def test_who_decides_on_what_has_changed_since_is_told(world: World) -> None:
    """He looks again and decides anew."""
    seen = world.location().row_version
    edit(world, sender_name="Harbour")

    with pytest.raises(StaleState):
        edit(world, status="suspended", expected_version=seen)


def test_suspended_it_gets_no_new_links_and_keeps_those_it_has(world: World) -> None:
    """Who becomes due waits and says why; reactivated, he is served."""
    world.location(accounts=2)
    world.book("OPENED")
    world.run()
    edit(world, status="suspended")
    world.book("DUE")

    assert world.run() == []
    assert (world.appointment("DUE").link, world.appointment("DUE").reason) == ("waiting", "location_suspended")
    assert world.appointment("OPENED").link == "ready"

    edit(world, status="active")
    assert outcomes(world) == {"DUE": "ready"}


def test_a_link_that_is_being_made_goes_on_but_gets_no_other_account(world: World) -> None:
    """Its lease was granted before; a new one, where its account turns out not to work, is not."""
    world.location(accounts=3)
    book_many(world, 2)
    world.sandbox.change_user(seat(2), type=4)
    world.allocate(run_id="run")
    edit(world, status="suspended")

    world.create("run")

    assert world.appointment("A-1").link == "ready"
    assert (world.appointment("A-2").link, world.appointment("A-2").reason) == ("waiting", "location_suspended")


def test_suspended_nothing_new_is_connected(world: World) -> None:
    """The sentence says what to do first."""
    location = world.location(accounts=0)
    with world.parts.sessions.begin() as session:
        seat = issue_seat(session, location=location, address="seat@harbour-clinic.test", actor=TEST, now=utcnow())
    edit(world, status="suspended")

    with world.parts.sessions() as session, pytest.raises(ConnectRefused, match="suspended") as refused:
        expected_seat(session, location.id, seat.id)
    assert "activated first" in refused.value.next_step
