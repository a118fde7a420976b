"""Booking hundreds at once: each for itself, in their order; and a booking that comes again is known whatever
happened."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Appointment, AppointmentRevision, Calendar, Event, Location, Message
from core.errors import AlreadyBooked, InvalidInput
from core.services import outbox
from core.services.book import Booked, book_many
from core.services.booking import Booking, Wanted
from core.services.reschedule import reschedule
from tests.world import TEST, World

HOUR = timedelta(hours=1)
START = (utcnow() + HOUR).replace(microsecond=0)
BOOKING = Booking("A-1", "Client", "client@clients.test", "Europe/Lisbon", START, START + HOUR / 2)


def wanted(world: World, *bookings: Booking, location: str = "Harbour Clinic", calendar: str = "Video") -> list[Wanted]:
    """*bookings* on one calendar."""
    where = world.calendar(calendar, location)
    return [Wanted(where.location_id, where.id, booking, "key:front desk") for booking in bookings]


def booked(world: World, *bookings: Wanted, **given: Any) -> list[Any]:
    """Book them in one call and transaction."""
    with world.parts.sessions.begin() as session:
        return book_many(
            session,
            bookings,
            **{
                "hours": world.parts.hours,
                "cooldown": world.parts.settings.cooldown,
                "now": utcnow(),
                **given,
            },
        )


def moved(world: World, *, starts_in: timedelta, minutes: int = 30) -> None:
    """Give appointment A-1 another time."""
    starts_at = START + starts_in
    reschedule(
        world.parts.sessions,
        world.parts.zoom,
        location="Harbour Clinic",
        external_id="A-1",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        actor=TEST,
        hours=world.parts.hours,
        clock=utcnow,
    )


def test_each_of_many_gets_its_own_result_in_the_order_in_which_they_came(world: World) -> None:
    """What cannot be booked says why, and keeps none of the others from being booked."""
    harbour = world.location("Harbour Clinic")
    world.location("Hill Clinic")
    [elsewhere] = wanted(world, BOOKING, location="Hill Clinic")
    named = {name: replace(BOOKING, external_id=name) for name in ("B", "C", "D")}
    many = [
        *wanted(world, named["C"]),
        *wanted(world, replace(named["B"], client_email="nobody")),
        elsewhere,
        replace(elsewhere, location_id=harbour.id),
        *wanted(world, replace(named["D"], starts_at=START - 2 * HOUR)),
        *wanted(world, named["B"], calendar="Phone"),
    ]

    results = booked(world, *many)

    assert [type(each) for each in results] == [Booked, InvalidInput, Booked, InvalidInput, InvalidInput, Booked]
    assert [results[place].field for place in (1, 3, 4)] == ["client_email", "calendar_id", "starts_at"]
    ids = [results[place].id for place in (0, 2, 5)]
    found = {each.id: (each.external_id, each.link) for each in world.all(Appointment)}
    assert [found[each] for each in ids] == [("C", "not_due"), ("A-1", "not_due"), ("B", "not_needed")]
    assert {each.actor for each in world.all(Event, kind="appointment_booked")} == {"key:front desk"}
    assert {each.appointment_id for each in world.all(AppointmentRevision, revision=1)} == set(ids)


def test_one_id_twice_in_one_call_is_one_appointment(world: World) -> None:
    """The first counts; the same again is that one, another content is a conflict."""
    world.location()

    first, same, other = booked(world, *wanted(world, BOOKING, BOOKING, replace(BOOKING, client_name="Somebody else")))

    assert (first.new, same) == (True, Booked(first.id, new=False))
    assert isinstance(other, AlreadyBooked) and other.fields == ("client_name",)


def test_what_is_left_out_is_as_the_calendar_and_the_location_say(world: World) -> None:
    """Its end by the calendar's default duration, the client's zone by the location's; and it may come again."""
    world.location()
    short = replace(BOOKING, ends_at=None, client_zone=None)

    [first] = booked(world, *wanted(world, short))
    [again] = booked(world, *wanted(world, short))

    assert again == Booked(first.id, new=False)
    assert (world.appointment().ends_at, world.appointment().client_zone) == (START + HOUR / 2, "Europe/Berlin")
    [revision] = world.all(AppointmentRevision)
    assert revision.ends_at == START + HOUR / 2


@pytest.mark.parametrize(
    "change",
    [{"starts_in": HOUR}, {"starts_in": timedelta(0), "minutes": 45}, {"starts_in": HOUR, "minutes": 50}],
)
def test_a_booking_that_comes_again_after_a_move_is_known(world: World, change: dict[str, Any]) -> None:
    """A caller that never got its answer says what was booked then; the appointment stays where it was moved to."""
    world.location()
    [first] = booked(world, *wanted(world, BOOKING))
    moved(world, **change)
    now = world.appointment()

    assert booked(world, *wanted(world, BOOKING)) == [Booked(first.id, new=False)]
    as_it_is_now = replace(BOOKING, starts_at=now.starts_at, ends_at=now.ends_at)
    assert booked(world, *wanted(world, as_it_is_now)) == [Booked(first.id, new=False)]
    assert world.appointment().starts_at == START + change["starts_in"]


def test_a_booking_that_comes_again_after_its_client_changed_is_known(world: World) -> None:
    """Also with the address of then: the appointment keeps the one of now."""
    world.location()
    [first] = booked(world, *wanted(world, BOOKING))
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Appointment).values(client_name="Client, married", client_email="new@clients.test"))

    assert booked(world, *wanted(world, BOOKING)) == [Booked(first.id, new=False)]
    assert world.appointment().client_email == "new@clients.test"


def test_other_content_after_a_move_is_a_conflict_that_names_what_differs(world: World) -> None:
    """The time of then is no difference, a third time is."""
    world.location()
    booked(world, *wanted(world, BOOKING))
    moved(world, starts_in=HOUR)

    third_time = replace(BOOKING, starts_at=START + 3 * HOUR, ends_at=START + 4 * HOUR)
    name, time = booked(world, *wanted(world, replace(BOOKING, client_name="Somebody else"), third_time))

    assert name.fields == ("client_name",)
    assert time.fields == ("starts_at", "ends_at")


def test_a_suspended_location_books_on(world: World) -> None:
    """What its clients agreed on is a fact; its links wait until it is active again."""
    world.location()
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Location).values(status="suspended"))
    soon = replace(BOOKING, starts_at=utcnow() + timedelta(minutes=9), ends_at=START)

    [result] = booked(world, *wanted(world, soon))

    assert result.new
    assert world.run() == []
    assert world.appointment().reason == "location_suspended"
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Location).values(status="active"))
    assert [outcome.outcome for outcome in world.run()] == ["ready"]


def test_two_calls_with_the_same_ids_in_opposite_orders_do_not_wait_for_each_other(world: World) -> None:
    """Each id is one appointment, new to exactly one of the calls."""
    world.location()
    many = wanted(world, *(replace(BOOKING, external_id=f"A-{number}") for number in range(200)))

    for attempt in range(5):
        bookings = [
            replace(each, booking=replace(each.booking, external_id=f"{attempt}-{place}"))
            for place, each in enumerate(many)
        ]
        with ThreadPoolExecutor(2) as callers:
            one, other = callers.map(lambda given: booked(world, *given), (bookings, bookings[::-1]))

        assert [each.id for each in one] == [each.id for each in other[::-1]]
        assert all(a.new != b.new for a, b in zip(one, other[::-1], strict=True))


def test_a_confirmation_is_queued_where_the_location_wants_one(world: World) -> None:
    """In the very rows that the outbox itself would write, with a copy for the host of a calendar that wants it."""
    world.location("Harbour Clinic", confirm_bookings=True)
    world.location("Hill Clinic", confirm_bookings=False)
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.update(Calendar).where(Calendar.name == "Phone").values(copy_to_host=True, host_email="host@clinic.test")
        )
    now = utcnow()
    soon = replace(BOOKING, external_id="SOON", starts_at=now + timedelta(minutes=5))

    results = booked(
        world,
        *wanted(world, BOOKING, soon),
        *wanted(world, replace(BOOKING, external_id="PHONE"), calendar="Phone"),
        *wanted(world, BOOKING, location="Hill Clinic"),
        now=now,
    )
    told = world.messages()
    booked(world, *wanted(world, BOOKING))

    assert [(each.appointment_id, each.recipient, each.to_host) for each in told] == [
        (results[0].id, "client@clients.test", False),
        (results[2].id, "client@clients.test", False),
        (results[2].id, "host@clinic.test", True),
        (results[1].id, "client@clients.test", False),
    ]
    # Where the link is due at once, its mail says it all.
    assert [each.next_attempt_at - now for each in told] == [timedelta(0)] * 3 + [timedelta(minutes=1)]
    with world.parts.sessions.begin() as session:
        session.execute(sa.delete(Message))
        mails = [
            outbox.booked(
                recipient=each.client_email,
                location_id=each.location_id,
                appointment_id=each.id,
                ends_at=each.ends_at,
                not_before=now + outbox.LINK_FIRST if each.external_id == "SOON" else None,
            )
            for each in session.scalars(
                sa.select(Appointment).where(Appointment.id.in_([m.appointment_id for m in told]))
            )
        ]
        outbox.queue_mails(session, mails, now=now)
    assert sorted(map(row, world.messages()), key=str) == sorted(map(row, told), key=str)


def row(message: Message) -> dict[str, Any]:
    """All columns of a message but its id."""
    return {each.key: getattr(message, each.key) for each in sa.inspect(Message).column_attrs if each.key != "id"}
