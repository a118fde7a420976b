"""Importing a list of seats: bad lines all at once by number, nothing half-imported."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.clock import utcnow
from core.db.models import Event, Location, Seat
from core.errors import Conflict, InvalidInput
from core.services.locations import add_location, find_location, issue_seat
from core.services.seat_import import ImportPlan, import_seats, plan_import
from tests.world import TEST, World


@pytest.fixture(autouse=True)
def north_and_south(world: World) -> None:
    """Two locations; a seat of each is issued."""
    with world.parts.sessions.begin() as session:
        for name in ("North", "South"):
            place = add_location(session, name=name, zone="UTC", actor=TEST, now=utcnow())
            issue_seat(session, location=place, address=f"old@{name}.test", actor=TEST, now=utcnow())


def plan(world: World, *lines: str, location: str | None = None) -> ImportPlan:
    """What importing these lines would do."""
    with world.parts.sessions() as session:
        only = find_location(session, location) if location else None
        return plan_import(session, "\n".join(lines).encode(), location=only)


def run(world: World, found: ImportPlan) -> int:
    """Do it."""
    with world.parts.sessions.begin() as session:
        return import_seats(session, found, actor=TEST, now=utcnow())


def seats(world: World) -> set[tuple[str, str]]:
    """All seats with their locations."""
    names = {each.id: each.name for each in world.all(Location)}
    return {(seat.email, names[seat.location_id]) for seat in world.all(Seat)}


OLD = {("old@north.test", "North"), ("old@south.test", "South")}


def test_new_seats_are_issued_and_those_that_are_there_stay(world: World) -> None:
    """The list may be imported again; the timeline has a line for each seat."""
    lines = ("email,location", "Old@North.test,north", "new@north.test,NORTH", "new@south.test,South")

    assert run(world, plan(world, *lines)) == 2
    assert seats(world) == OLD | {("new@north.test", "North"), ("new@south.test", "South")}
    assert len(world.all(Event, kind="seat_issued")) == 4

    again = plan(world, *lines)
    assert (again.to_issue, again.already, again.bad) == ([], 3, [])


def test_every_bad_line_is_told_with_its_reason_and_nothing_is_imported(world: World) -> None:
    """All at once, so that nobody mends a list line by line."""
    found = plan(
        world,
        "email,location",
        "good@north.test,North",
        "nobody,North",
        "new@west.test,West",
        "old@north.test,South",
        "GOOD@north.test,South",
        "lost@north.test,",
        "good@\x00.test,North",
        '"open@north.test,North',
    )

    assert {each.number: each.message for each in found.bad} == {
        3: "'nobody' is not an e-mail address: An email address must have an @-sign.",
        4: "There is no location named 'West'.",
        5: "old@north.test is issued to another location. It has to be taken back there first.",
        6: "good@north.test stands in line 2 as well.",
        7: "It names no location.",
        8: found.bad[5].message,
        9: "Its quotes are not closed, or something stands after them.",
    }
    with pytest.raises(InvalidInput, match="Line 3: 'nobody'"):
        run(world, found)
    assert seats(world) == OLD


def test_for_one_location_the_list_need_not_name_it_and_must_not_name_another(world: World) -> None:
    """That is how the API and the page of a location import."""
    found = plan(world, "email,location", "a@north.test,", "b@north.test,north", "c@north.test,South", location="North")

    assert [each.email for each in found.to_issue] == ["a@north.test", "b@north.test"]
    assert [str(each) for each in found.bad] == ["Line 4: 'South' is not North, for which this list is imported."]


def test_seats_that_were_taken_back_can_be_issued_again(world: World) -> None:
    """To whichever location."""
    with world.parts.sessions.begin() as session:
        session.get_one(Seat, world.all(Seat)[0].id).taken_back_at = utcnow()

    assert run(world, plan(world, "email,location", "old@north.test,South")) == 1


def test_a_seat_that_somebody_issues_meanwhile_stops_the_whole_import(world: World) -> None:
    """All or none, at the same moment too."""
    found = plan(world, "email,location", "a@north.test,North", "b@north.test,North")

    def once(_: int) -> str:
        try:
            return str(run(world, found))
        except Conflict:
            return "conflict"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(once, range(4))) == ["2", "conflict", "conflict", "conflict"]
    assert seats(world) == OLD | {("a@north.test", "North"), ("b@north.test", "North")}


def test_seats_are_issued_in_one_order_whatever_that_of_the_list(world: World) -> None:
    """Two who import the same ones from both ends would wait for each other, until the database ends one of them."""
    run(world, plan(world, "email,location", *(f"r{number}@north.test,North" for number in reversed(range(10, 40)))))

    issued = [seat.email for seat in sorted(world.all(Seat), key=lambda seat: seat.id) if seat.email.startswith("r")]
    assert issued == sorted(issued)


def test_thousands_are_imported_at_once(world: World) -> None:
    """In one transaction."""
    lines = [f"seat{number}@north.test,North" for number in range(3000)]

    assert run(world, plan(world, "email,location", *lines)) == 3000
    assert len(seats(world)) == 3002
