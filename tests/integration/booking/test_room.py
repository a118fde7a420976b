"""Whether an account is left for what is booked: told always, refused only where the location wants it so."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Appointment, Location
from core.db.read.appointment_view import view
from core.errors import PoolShort
from core.services.book import Booked, book_many
from core.services.booking import Booking, Wanted
from core.services.room import room_for
from tests.world import TEST, World

HOUR = timedelta(hours=1)
START = (utcnow() + HOUR).replace(microsecond=0)
BOOKING = Booking("A-1", "Client", "client@clients.test", "Europe/Lisbon", START, START + HOUR / 2)
Told = tuple[str, int, int, int] | None


def of_calendar(world: World, *external_ids: str, calendar: str = "Video", start: Any = START) -> list[Wanted]:
    """Bookings of half an hour at one moment."""
    where = world.calendar(calendar)
    times = {"starts_at": start, "ends_at": start + HOUR / 2}
    return [
        Wanted(where.location_id, where.id, replace(BOOKING, external_id=each, **times), TEST) for each in external_ids
    ]


def booked(world: World, *bookings: Wanted) -> list[Any]:
    """Book them in one call and transaction."""
    parts = world.parts
    with parts.sessions.begin() as session:
        return book_many(session, bookings, hours=parts.hours, cooldown=parts.settings.cooldown, now=utcnow())


def told(world: World, results: list[Any]) -> list[Told]:
    """State, accounts, booked and short_by of each result."""
    parts, ids = world.parts, [each.id for each in results]
    given: dict[str, Any] = {"now": utcnow(), "hours": parts.hours, "cooldown": parts.settings.cooldown}
    with parts.sessions() as session:
        room = room_for(session, view(session, ids, **given), **given)
    return [(c.state, c.accounts, c.booked, c.short_by) if (c := room.get(each)) else None for each in ids]


@pytest.fixture
def refusing(world: World) -> World:
    """A location with two accounts that takes no booking without one."""
    world.location(accounts=2)
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Location).values(refuse_when_short=True))
    return world


def test_a_booking_is_never_refused_for_want_of_accounts_but_told(world: World) -> None:
    """Two accounts for three at one moment; the fourth meets by phone."""
    world.location(accounts=2)

    results = booked(world, *of_calendar(world, "A", "B", "C"), *of_calendar(world, "P", calendar="Phone"))

    assert [type(each) for each in results] == [Booked] * 4
    assert told(world, results) == [("ok", 2, 1, 0), ("tight", 2, 2, 0), ("short", 2, 3, 1), None]


def test_what_others_booked_counts_and_oneself_counts_once(world: World) -> None:
    """Asked about again, the same booking finds the same."""
    world.location(accounts=2)
    booked(world, *of_calendar(world, "A"))

    [first] = booked(world, *of_calendar(world, "B"))
    again = booked(world, *of_calendar(world, "B", "B"))

    assert told(world, [first]) == [("tight", 2, 2, 0)]
    assert told(world, again) == [("tight", 2, 2, 0)] * 2


def test_a_location_may_refuse_what_finds_no_account(refusing: World) -> None:
    """In the order in which they come; another time, a phone call and what is booked already are taken."""
    later = START + 2 * HOUR

    results = booked(
        refusing,
        *of_calendar(refusing, "A", "B", "C"),
        *of_calendar(refusing, "D", start=later),
        *of_calendar(refusing, "P", calendar="Phone"),
    )

    assert [type(each) for each in results] == [Booked, Booked, PoolShort, Booked, Booked]
    assert results[2].message == "At that time 2 appointments take accounts, and the location has 2."
    assert {each.external_id for each in refusing.all(Appointment)} == {"A", "B", "D", "P"}
    again = booked(refusing, *of_calendar(refusing, "A", "C"))
    assert again[0] == Booked(results[0].id, new=False)
    assert isinstance(again[1], PoolShort)


def test_of_many_at_one_moment_as_many_are_booked_as_there_are_accounts(refusing: World) -> None:
    """None counts on an account that another one is taking just then."""
    names = [f"A-{number}" for number in range(16)]

    with ThreadPoolExecutor(8) as callers:
        results = list(callers.map(lambda name: booked(refusing, *of_calendar(refusing, name))[0], names))

    assert sum(isinstance(each, Booked) for each in results) == 2
    assert sum(isinstance(each, PoolShort) for each in results) == 14
    assert len(refusing.all(Appointment)) == 2


def test_the_same_booking_at_one_moment_is_not_turned_away_by_itself(refusing: World) -> None:
    """The second waits for the first, and is it."""
    booked(refusing, *of_calendar(refusing, "A"))

    with ThreadPoolExecutor(8) as callers:
        results = list(callers.map(lambda _: booked(refusing, *of_calendar(refusing, "B"))[0], range(8)))

    assert len({each.id for each in results}) == 1
    assert sum(each.new for each in results) == 1
