"""The list of appointments over HTTP."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.console.api.conftest import MakeProgram, Program
from tests.world import World

HOUR = timedelta(hours=1)


@pytest.fixture
def booked(world: World) -> World:
    """Two locations; five appointments at the one, two at the other, hour by hour."""
    world.location(accounts=0)
    world.location("Hill Clinic", accounts=0)
    for number in range(1, 6):
        world.book(f"A-{number}", starts_in=number * HOUR)
    for number in range(1, 3):
        world.book(f"B-{number}", location="Hill Clinic", starts_in=number * HOUR, calendar="Phone")
    return world


def listed(caller: Program, **query: object) -> list[str]:
    """The external ids on the first page."""
    answer = caller.get("/appointments", **query)
    assert answer.status_code == 200, answer.text
    return [item["external_id"] for item in answer.json()["items"]]


def walked(caller: Program, **query: object) -> list[str]:
    """The external ids on all pages."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = caller.get("/appointments", **query, **cursor).json()
        found += [item["external_id"] for item in answer["items"]]
        if answer["next"] is None:
            return found
        cursor = {"cursor": answer["next"]}


def test_an_item_is_the_appointment_as_it_is_shown_alone(booked: World, program: MakeProgram) -> None:
    """The list and the single one say the same."""
    caller = program("read")
    for item in caller.get("/appointments").json()["items"]:
        assert caller.get(f"/appointments/{item['id']}").json() == item


def test_pages_lead_through_the_whole_list_in_either_order(booked: World, program: MakeProgram) -> None:
    """At the same start the one that was booked first comes first."""
    caller = program("read")
    everything = ["A-1", "B-1", "A-2", "B-2", "A-3", "A-4", "A-5"]
    assert walked(caller) == everything
    assert walked(caller, limit=3) == everything
    assert walked(caller, limit=2, order="newest_first") == everything[::-1]


def test_filters_narrow_the_list(booked: World, program: MakeProgram) -> None:
    """Each by itself, and together."""
    caller = program("read")
    [first, second] = (item["location_id"] for item in caller.get("/appointments", limit=2).json()["items"])
    phone = booked.calendar("Phone", "Hill Clinic").id
    assert listed(caller, location_id=second) == ["B-1", "B-2"]
    assert len(listed(caller, location_id=[first, second])) == 7
    assert listed(caller, calendar_id=phone) == ["B-1", "B-2"]
    assert listed(caller, calendar_id=phone, location_id=first) == []
    assert listed(caller, link="not_needed") == ["B-1", "B-2"]
    assert listed(caller, status="missed") == []
    assert listed(caller, external_id="A-4") == ["A-4"]
    assert listed(caller, text="client b-2") == ["B-2"]
    assert listed(caller, text="a-3@clients.test", status="booked") == ["A-3"]


def test_a_time_range_has_an_offset_and_leaves_its_end_out(booked: World, program: MakeProgram) -> None:
    """In any offset the same moments; a time without one says nothing."""
    caller = program("read")
    second, fourth = (booked.appointment(each).starts_at.isoformat() for each in ("A-2", "A-4"))
    assert listed(caller, **{"from": second, "to": fourth}) == ["A-2", "B-2", "A-3"]
    elsewhere = booked.appointment("A-4").starts_at.astimezone(ZoneInfo("Asia/Kathmandu")).isoformat()
    assert not elsewhere.endswith("+00:00")
    assert listed(caller, **{"from": elsewhere}) == ["A-4", "A-5"]
    answer = caller.get("/appointments", **{"from": "2026-03-02T12:00:00"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "from"


def test_a_key_lists_what_it_sees_and_nothing_else(booked: World, program: MakeProgram) -> None:
    """Other locations and calendars do not exist for it, whatever it filters by."""
    caller, all_ = program("read", "Hill Clinic"), program("read")
    [first, second] = (item["location_id"] for item in all_.get("/appointments", limit=2).json()["items"])
    assert walked(caller) == ["B-1", "B-2"]
    assert listed(caller, text="client") == ["B-1", "B-2"]
    assert listed(caller, external_id="A-1") == []
    assert listed(caller, status="booked") == ["B-1", "B-2"]
    for query in (
        {"location_id": first},
        {"location_id": [second, first]},
        {"location_id": 999_999},
        {"calendar_id": booked.calendar().id},
        {"calendar_id": 999_999},
    ):
        answer = caller.get("/appointments", **query)
        assert answer.status_code == 404, query
        assert answer.json()["type"] == "not_found"
    both = program("read", "Hill Clinic", "Harbour Clinic")
    assert len(walked(both, limit=2)) == 7


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "abc"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"status": "lost"}, "status"),
        ({"link": "lost"}, "link"),
        ({"order": "random"}, "order"),
        ({"text": "  "}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"text": "a" * 201}, "text"),
        ({"location_id": 0}, "location_id.0"),
        ({"calendar_id": 2**63}, "calendar_id"),
        ({"colour": "blue"}, "colour"),
        ({"from": "2026-03-02T12:00:00Z", "to": "2026-03-02T12:00:00Z"}, "to"),
    ],
)
def test_what_cannot_be_asked_names_its_field(program: MakeProgram, query: dict[str, object], field: str) -> None:
    """Unknown filters as well: a misspelled one would list everything."""
    answer = program("read").get("/appointments", **query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_a_cursor_belongs_to_its_list(booked: World, program: MakeProgram) -> None:
    """With other filters or the other order it is refused; the length of a page may change."""
    caller = program("read")
    cursor = caller.get("/appointments", limit=2).json()["next"]
    assert listed(caller, cursor=cursor, limit=200) == ["A-2", "B-2", "A-3", "A-4", "A-5"]
    for other in ({"order": "newest_first"}, {"status": "booked"}):
        answer = caller.get("/appointments", cursor=cursor, **other)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "cursor"
