"""Booking over HTTP: at once, once, and with a word on what is left."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Appointment, Event, Location
from tests.console.api.conftest import MakeProgram
from tests.world import World

START = (utcnow() + timedelta(hours=1)).replace(microsecond=0)


def written(moment: Any) -> str:
    """A time as the API writes it."""
    return moment.isoformat().replace("+00:00", "Z")


def booking(world: World, **other: Any) -> dict[str, Any]:
    """Half an hour on the Zoom calendar of Harbour Clinic, in an hour."""
    calendar = world.calendar(other.pop("calendar", "Video"), other.pop("location", "Harbour Clinic"))
    return {
        "location_id": calendar.location_id,
        "calendar_id": calendar.id,
        "external_id": "B-1",
        "client_name": "Ada Client",
        "client_email": "ada@clients.test",
        "client_zone": "Europe/Lisbon",
        "starts_at": written(START),
        "ends_at": written(START + timedelta(minutes=30)),
        **other,
    }


def test_an_appointment_is_booked_and_shown_as_it_stands(world: World, program: MakeProgram) -> None:
    """With when its link should come and what is left of the accounts; its key is named on the timeline."""
    world.location(accounts=2)
    caller = program("book", "Harbour Clinic", name="front desk")

    answer = caller.post("/appointments", booking(world))

    body = answer.json()
    assert answer.status_code == 201
    [kept] = world.all(Appointment)
    assert body == {
        **booking(world),
        "id": kept.id,
        "calendar": "Video",
        "meeting_location": "zoom",
        "revision": 1,
        "status": "booked",
        "link": {"state": "not_due", "reason": "not_due", "expected_at": written(START - timedelta(minutes=10))},
        "not_recorded": False,
        "booked_at": written(kept.booked_at),
        "cancelled_at": None,
        "capacity": {"state": "ok", "accounts": 2, "booked": 1, "short_by": 0},
    }
    [event] = world.all(Event, kind="appointment_booked")
    assert (event.actor, event.appointment_id) == ("key:front desk", kept.id)
    del body["capacity"]
    assert caller.get(f"/appointments/{kept.id}").json() == body


def test_the_same_external_id_again_is_the_first_or_a_conflict_that_names_the_fields(
    world: World, program: MakeProgram
) -> None:
    """200 for the same content, 409 for other."""
    world.location()
    caller = program("book")
    first = caller.post("/appointments", booking(world))

    again = caller.post("/appointments", booking(world, client_email="ADA@clients.test"))
    other = caller.post("/appointments", booking(world, client_name="Somebody else", calendar="Phone"))

    assert (again.status_code, again.json()) == (200, first.json())
    assert (other.status_code, other.json()["type"]) == (409, "already_booked")
    assert [each["field"] for each in other.json()["errors"]] == ["calendar_id", "client_name"]
    assert len(world.all(Appointment)) == 1


def test_a_booking_sent_again_with_its_key_is_answered_again(world: World, program: MakeProgram) -> None:
    """Also when it was 201 then; the same key for another booking is refused."""
    world.location()
    caller = program("book")

    with ThreadPoolExecutor(4) as senders:
        answers = list(senders.map(lambda _: caller.post("/appointments", booking(world), once="k-1"), range(4)))
    other = caller.post("/appointments", booking(world, external_id="B-2"), once="k-1")

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert (other.status_code, other.json()["type"]) == (422, "idempotency_key_reused")
    assert len(world.all(Appointment)) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"client_email": "nobody"}, "client_email"),
        ({"client_name": " \n"}, "client_name"),
        ({"client_zone": "Berlin"}, "client_zone"),
        ({"starts_at": "2030-05-06T09:00:00"}, "starts_at"),
        ({"starts_at": written(START - timedelta(days=1)), "ends_at": None}, "starts_at"),
        ({"ends_at": written(START)}, "ends_at"),
        ({"calendar_id": 4711}, "calendar_id"),
        ({"colour": "blue"}, "colour"),
        ({"external_id": "x" * 201}, "external_id"),
        ({"location_id": "1"}, "location_id"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(
    world: World, program: MakeProgram, wrong: dict[str, Any], field: str
) -> None:
    """And nothing is booked."""
    world.location()

    answer = program("book").post("/appointments", booking(world, **wrong))

    assert (answer.status_code, answer.json()["type"]) == (422, "invalid_input")
    assert field in [each["field"] for each in answer.json()["errors"]]
    assert world.all(Appointment) == []


def test_a_calendar_of_another_location_cannot_be_used(world: World, program: MakeProgram) -> None:
    """Even by a key that sees both."""
    harbour = world.location("Harbour Clinic")
    world.location("Hill Clinic")

    answer = program("book").post("/appointments", booking(world, location="Hill Clinic", location_id=harbour.id))

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "calendar_id")


def test_a_key_books_at_its_own_locations_only(world: World, program: MakeProgram) -> None:
    """Another location looks as if it did not exist; a key that only reads books nowhere."""
    world.location("Harbour Clinic")
    world.location("Hill Clinic")
    stranger = program("book", "Hill Clinic")

    there = stranger.post("/appointments", booking(world))
    nowhere = stranger.post("/appointments", booking(world, location_id=4711))
    reader = program("read", "Harbour Clinic").post("/appointments", booking(world))

    assert (there.status_code, nowhere.status_code, reader.status_code) == (404, 404, 403)
    assert there.json()["detail"] == nowhere.json()["detail"]
    assert world.all(Appointment) == []


def test_want_of_accounts_is_told_and_refused_only_where_the_location_says_so(
    world: World, program: MakeProgram
) -> None:
    """One account for two at one time; then the location refuses a third."""
    world.location(accounts=1)
    caller = program("book")
    states = [
        caller.post("/appointments", booking(world, external_id=each)).json()["capacity"] for each in ("B-1", "B-2")
    ]
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Location).values(refuse_when_short=True))

    refused = caller.post("/appointments", booking(world, external_id="B-3"))
    phone = caller.post("/appointments", booking(world, external_id="B-4", calendar="Phone"))

    assert states == [
        {"state": "tight", "accounts": 1, "booked": 1, "short_by": 0},
        {"state": "short", "accounts": 1, "booked": 2, "short_by": 1},
    ]
    assert (refused.status_code, refused.json()["type"]) == (409, "pool_short")
    assert (phone.status_code, phone.json()["capacity"]) == (201, None)


def test_many_are_booked_in_one_call_each_with_its_own_result(world: World, program: MakeProgram) -> None:
    """In their order: new, there before, refused, malformed, of a location that the key does not see."""
    world.location("Harbour Clinic", accounts=2)
    world.location("Hill Clinic")
    caller = program("book", "Harbour Clinic")
    first = caller.post("/appointments", booking(world, external_id="B-0")).json()
    many = [
        booking(world),
        booking(world, external_id="B-0"),
        booking(world, external_id="B-0", client_name="Somebody else"),
        booking(world, external_id="B-2", client_email="nobody"),
        {"external_id": "B-3", "colour": "blue"},
        "B-4",
        booking(world, location="Hill Clinic"),
        booking(world, external_id="B-5", calendar="Phone"),
    ]

    answer = caller.post("/appointments/bulk", {"appointments": many}, once="bulk-1")
    again = caller.post("/appointments/bulk", {"appointments": many}, once="bulk-1")

    body = answer.json()
    assert answer.status_code == 200
    assert (body["created"], body["existing"], body["refused"]) == (2, 1, 5)
    assert [each["status"] for each in body["results"]] == [201, 200, 409, 422, 422, 422, 404, 201]
    assert body["results"][0]["appointment"]["external_id"] == "B-1"
    assert body["results"][1]["appointment"]["id"] == first["id"]
    assert body["results"][0]["appointment"]["capacity"]["state"] == "tight"
    problems = [each["problem"] for each in body["results"]]
    assert [each and each["type"] for each in problems] == [
        None, None, "already_booked", "invalid_input", "invalid_input", "invalid_input", "not_found", None,
    ]  # fmt: skip
    assert {"colour", "location_id", "client_name"} <= {each["field"] for each in problems[4]["errors"]}
    assert again.text == answer.text and again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("number", [0, 501])
def test_a_bulk_call_takes_one_to_500(world: World, program: MakeProgram, number: int) -> None:
    """More are sent in several calls."""
    world.location()

    answer = program("book").post("/appointments/bulk", {"appointments": [booking(world)] * number})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "appointments")


def test_those_who_book_at_one_moment_are_answered_each_for_itself(world: World, program: MakeProgram) -> None:
    """They share a transaction: neither a refusal, nor a repetition, nor another's key changes what the others get."""
    world.location(accounts=2)
    desk, web = program("book", name="desk"), program("book", name="web")
    first = desk.post("/appointments", booking(world, external_id="B-0"), once="k-0")
    calls: list[Any] = [
        lambda: desk.post("/appointments", booking(world, external_id="B-1"), once="k-1"),
        lambda: web.post("/appointments", booking(world, external_id="B-2"), once="k-1"),
        lambda: desk.post("/appointments", booking(world, external_id="B-0"), once="k-0"),
        lambda: web.post("/appointments", booking(world, external_id="B-0"), once="k-2"),
        lambda: desk.post("/appointments", booking(world, external_id="B-0", client_name="Else"), once="k-3"),
        lambda: web.post("/appointments", booking(world, external_id="B-3", client_zone="Berlin"), once="k-4"),
        lambda: desk.post("/appointments", booking(world, external_id="B-4"), once="k-0"),
        lambda: web.post("/appointments", booking(world, external_id="B-5", calendar="Phone")),
    ]

    with ThreadPoolExecutor(len(calls)) as senders:
        with world.parts.sessions.begin() as session:
            # Nobody can book, so that all come together.
            session.execute(sa.text("LOCK TABLE appointments IN ACCESS EXCLUSIVE MODE"))
            sent = [senders.submit(call) for call in calls]
            assert not wait(sent, timeout=1).done
        answers = [each.result() for each in sent]

    assert [each.status_code for each in answers] == [201, 201, 201, 200, 409, 422, 422, 201]
    assert answers[2].text == first.text and answers[2].headers["Idempotent-Replayed"] == "true"
    assert answers[6].json()["type"] == "idempotency_key_reused"
    actors = {each.actor for each in world.all(Event, kind="appointment_booked")}
    assert actors == {"key:desk", "key:web"}
    assert sorted(each.external_id for each in world.all(Appointment)) == ["B-0", "B-1", "B-2", "B-5"]


def test_a_refusal_is_answered_again_too(world: World, program: MakeProgram) -> None:
    """With its key; what could be mended meanwhile is looked at anew with another one."""
    world.location()
    caller = program("book")
    caller.post("/appointments", booking(world))
    other = booking(world, client_name="Somebody else")

    refused, again = (caller.post("/appointments", other, once="k-1") for _ in range(2))

    assert (refused.status_code, refused.json()["type"]) == (409, "already_booked")
    assert again.text == refused.text and again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("ends_at", [None, "9999-12-31T23:59:59Z"])
def test_a_time_at_the_end_of_the_calendar_is_refused_alone(
    world: World, program: MakeProgram, ends_at: str | None
) -> None:
    """Sums with it would fail for everybody who is booked with it, and for whoever reads it later."""
    world.location()
    caller = program("book")
    far = booking(world, external_id="FAR", starts_at="9999-12-31T23:50:00Z", ends_at=ends_at)

    answer = caller.post("/appointments/bulk", {"appointments": [far, booking(world)]})
    alone = caller.post("/appointments", far)

    assert [each["status"] for each in answer.json()["results"]] == [422, 201]
    assert (alone.status_code, alone.json()["errors"][0]["field"]) == (422, "starts_at")
