"""Booking: idempotent by the caller's own id, refused by field; a link is needed only where the calendar is on Zoom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from core.clock import utcnow
from core.db.models import Appointment, AppointmentRevision, Event
from core.errors import Conflict, InvalidInput, NotFound
from core.services.book import book
from core.services.booking import Booking
from core.services.calendars import add_calendar, find_calendar
from core.services.locations import add_location, find_location, issue_seat
from tests.world import TEST, World

HOUR = timedelta(hours=1)
START = (utcnow() + HOUR).replace(microsecond=0)
BOOKING = Booking(
    external_id="A-1",
    client_name="Client",
    client_email="client@clients.test",
    client_zone="Europe/Lisbon",
    starts_at=START,
    ends_at=START + HOUR / 2,
)


def booked(world: World, booking: Booking = BOOKING, *, calendar: str = "Video", now: datetime | None = None) -> int:
    """Book as a caller would; returns the appointment's id."""
    with world.parts.sessions.begin() as session:
        location = find_location(session, "Harbour Clinic")
        appointment = book(
            session,
            booking,
            location=location,
            calendar=find_calendar(session, location, calendar),
            hours=world.parts.hours,
            cooldown=world.parts.settings.cooldown,
            actor=TEST,
            now=now or utcnow(),
        )
        return appointment.id


def test_booking_twice_with_one_id_is_one_appointment(world: World) -> None:
    """A caller that got no answer may ask again."""
    world.location()

    assert booked(world) == booked(world)
    assert len(world.all(Appointment)) == len(world.all(Event, kind="appointment_booked")) == 1


@pytest.mark.parametrize(
    "written_otherwise",
    [
        {"external_id": " A-1 ", "client_name": "Client "},
        {"client_email": "Client@CLIENTS.test"},
        {"starts_at": START.astimezone(timezone(timedelta(hours=9)))},
    ],
)
def test_the_same_booking_is_recognised_however_it_is_written(world: World, written_otherwise: dict[str, str]) -> None:
    """Space around words, the case of an address, the offset of a time say nothing else."""
    world.location()

    assert booked(world) == booked(world, replace(BOOKING, **written_otherwise))


def test_a_booking_may_be_repeated_when_its_start_has_passed(world: World) -> None:
    """It was accepted once; the repetition gets the same answer."""
    world.location()

    assert booked(world) == booked(world, now=START + HOUR)


def test_other_content_under_the_same_id_is_a_conflict_that_names_the_fields(world: World) -> None:
    """It is not an update; the caller learns what differs."""
    world.location()
    booked(world)
    other = replace(BOOKING, client_name="Somebody else", starts_at=START + timedelta(minutes=1))

    with pytest.raises(Conflict, match="another client_name, starts_at") as conflict:
        booked(world, other)
    assert "reschedule" in conflict.value.next_step
    assert world.appointment("A-1").client_name == "Client"


def test_another_calendar_under_the_same_id_is_a_conflict(world: World) -> None:
    """Where it is booked is part of what is booked."""
    world.location()
    booked(world)

    with pytest.raises(Conflict, match="another calendar_id"):
        booked(world, calendar="Phone")


@pytest.mark.parametrize(
    ("field", "wrong", "says"),
    [
        ("external_id", {"external_id": "  "}, "empty"),
        ("client_name", {"client_name": ""}, "empty"),
        ("client_name", {"client_name": "x" * 201}, "201 characters"),
        ("client_name", {"client_name": "Client\nBcc: all@clients.test"}, "line break"),
        ("client_email", {"client_email": "client"}, "not an e-mail address"),
        ("client_email", {"client_email": "a@b.test, c@d.test"}, "not an e-mail address"),
        ("client_zone", {"client_zone": "Berlin"}, "not a time zone"),
        ("client_zone", {"client_zone": "../../etc/passwd"}, "not a time zone"),
        ("starts_at", {"starts_at": START - 2 * HOUR}, "in the past"),
        ("starts_at", {"starts_at": START.replace(tzinfo=None)}, "no time zone"),
        ("ends_at", {"ends_at": START.replace(tzinfo=None) + HOUR}, "no time zone"),
        ("ends_at", {"ends_at": START}, "not after the start"),
        ("ends_at", {"ends_at": START - HOUR / 2}, "not after the start"),
        ("ends_at", {"ends_at": START + 25 * HOUR}, "24 hours"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(
    world: World, field: str, wrong: dict[str, str], says: str
) -> None:
    """A typed error names the field as the caller knows it; nothing is booked."""
    world.location()

    with pytest.raises(InvalidInput, match=says) as refused:
        booked(world, replace(BOOKING, **wrong))
    assert refused.value.field == field
    assert world.all(Appointment) == []


def test_an_unknown_calendar_or_location_is_not_found_and_says_what_there_is(world: World) -> None:
    """A typing mistake is mended by reading the answer."""
    world.location()

    with pytest.raises(NotFound) as no_calendar:
        booked(world, calendar="Vdieo")
    assert "Phone, Video" in no_calendar.value.next_step
    with world.parts.sessions() as session, pytest.raises(NotFound) as no_location:
        find_location(session, "Harbor Clinic")
    assert "Harbour Clinic" in no_location.value.next_step


def test_no_link_is_needed_where_the_calendar_meets_by_phone(world: World) -> None:
    """And none is made when its time comes."""
    world.location()
    world.book("A-1", calendar="Phone")

    assert world.run() == []
    assert world.appointment("A-1").link == "not_needed"


def test_a_booking_inside_the_lead_time_is_due_at_once(world: World) -> None:
    """It counts as due since it was booked, not since ten minutes before its start."""
    world.location()
    world.book("A-1", starts_in=timedelta(minutes=3))
    [revision] = world.all(AppointmentRevision)
    assert revision.due_at == revision.starts_at - timedelta(minutes=3) or revision.due_at > utcnow() - timedelta(
        seconds=9
    )

    assert [outcome.outcome for outcome in world.run()] == ["ready"]
    [revision] = world.all(AppointmentRevision)
    assert revision.outcome == "on_time"


def test_names_are_taken_whatever_their_case(world: World) -> None:
    """They are found whatever their case, so two that differ in it alone could not be told apart."""
    world.location("Harbour Clinic")
    with world.parts.sessions() as session:
        location = find_location(session, "HARBOUR clinic")
        with pytest.raises(Conflict):
            add_location(session, name="harbour clinic", zone="UTC", actor=TEST, now=utcnow())
        with pytest.raises(Conflict):
            add_calendar(session, location=location, name="VIDEO", meeting_location="zoom", actor=TEST, now=utcnow())


def test_a_seat_is_issued_to_one_location(world: World) -> None:
    """Issuing it there again changes nothing; issuing it elsewhere says that it has to be taken back first."""
    world.location("Harbour Clinic", accounts=0)
    world.location("Hill Clinic", accounts=0)
    with world.parts.sessions() as session:
        here, there = find_location(session, "Harbour Clinic"), find_location(session, "Hill Clinic")
        issued = issue_seat(session, location=here, address="Seat@Clinic.test", actor=TEST, now=utcnow())

        again = issue_seat(session, location=here, address="seat@clinic.test", actor=TEST, now=utcnow())
        assert again.id == issued.id
        with pytest.raises(Conflict, match="another location"):
            issue_seat(session, location=there, address="seat@clinic.test", actor=TEST, now=utcnow())


def test_times_are_stored_in_utc_whatever_the_caller_wrote(world: World) -> None:
    """A start at 09:00+09:00 is a start at 00:00 UTC."""
    world.location()
    there = timezone(timedelta(hours=9))
    booked(world, replace(BOOKING, starts_at=START.astimezone(there), ends_at=(START + HOUR).astimezone(there)))

    assert world.appointment("A-1").starts_at == START
    assert world.appointment("A-1").starts_at.tzinfo == UTC
