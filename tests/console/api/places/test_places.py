"""Locations and calendars over the API."""

from datetime import timedelta
from typing import Any

import pytest

from core.db.models import Event
from tests.console.api.conftest import MakeProgram, Program
from tests.world import NUMBER, World

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clinics(world: World) -> dict[str, int]:
    """Two locations by name."""
    return {name: world.location(name).id for name in ("Harbour Clinic", "Hill Clinic")}


@pytest.fixture
def admin(program: MakeProgram, clinics: dict[str, int]) -> Program:
    """A key that may do everything everywhere."""
    return program("admin")


def calendar_id(of: Program, location: int, name: str = "Video") -> int:
    """The id of a calendar, as a program finds it."""
    items = of.get(f"/locations/{location}/calendars").json()["items"]
    return next(each["id"] for each in items if each["name"] == name)


def test_a_location_is_added_read_and_changed(admin: Program, world: World) -> None:
    """Each answer is the location as it stands; the timeline names the key."""
    made = admin.post("/locations", {"name": "North", "zone": "Europe/Berlin"})
    assert made.status_code == 201
    location = made.json()
    assert (location["sender_name"], location["status"], location["version"]) == ("North", "active", 1)

    path = f"/locations/{location['id']}"
    changed = admin.send("PATCH", path, {"status": "suspended", "recording_hold_seconds": 3600, "expected_version": 1})
    assert changed.status_code == 200
    assert changed.json() == {**location, "status": "suspended", "recording_hold_seconds": 3600, "version": 2}
    assert admin.get(path).json() == changed.json()
    assert [event.actor for event in world.all(Event, kind="location_edited")] == ["key:admin of all"]


def test_a_location_cannot_end_its_own_suspension(
    program: MakeProgram, admin: Program, clinics: dict[str, int], world: World
) -> None:
    """What is QuantixOne's to decide takes a key for all locations; everything else about itself it may change."""
    own, path = program("admin", "Harbour Clinic"), f"/locations/{clinics['Harbour Clinic']}"
    admin.send("PATCH", path, {"status": "suspended"})

    refused = own.send("PATCH", path, {"status": "active"})
    changed = own.send("PATCH", path, {"sender_name": "The Harbour"})

    assert (refused.status_code, refused.json()["type"]) == (403, "access")
    assert (changed.status_code, changed.json()["status"]) == (200, "suspended")


def test_locations_are_read_page_by_page(admin: Program, clinics: dict[str, int]) -> None:
    """None twice, none left out; the last page says that it is."""
    admin.post("/locations", {"name": "North", "zone": "UTC"})

    first = admin.get("/locations", limit=2).json()
    last = admin.get("/locations", limit=2, cursor=first["next"]).json()

    assert [each["name"] for each in first["items"] + last["items"]] == ["Harbour Clinic", "Hill Clinic", "North"]
    assert last["next"] is None
    assert admin.get("/locations", cursor="x").status_code == 422
    assert admin.get("/locations", limit=0).status_code == 422


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("name", {"name": ""}),
        ("name", {"name": None}),
        ("name", {"name": "a\nb"}),
        ("name", {"name": "\ud800"}),
        ("zone", {"zone": "Berlin"}),
        ("status", {"status": "closed"}),
        ("recording_hold_seconds", {"recording_hold_seconds": 10**9}),
        ("colour", {"colour": "red"}),
        ("expected_version", {"expected_version": "1"}),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(
    admin: Program, clinics: dict[str, int], field: str, body: dict[str, Any]
) -> None:
    """And nothing is changed."""
    path = f"/locations/{clinics['Harbour Clinic']}"
    before = admin.get(path).json()
    answer = admin.send("PATCH", path, body)

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert admin.get(path).json() == before


def test_a_name_that_is_taken_and_a_version_that_has_passed_are_conflicts(
    admin: Program, clinics: dict[str, int]
) -> None:
    """Each in its own word."""
    path = f"/locations/{clinics['Harbour Clinic']}"
    admin.send("PATCH", path, {"sender_name": "Harbour"})

    taken = admin.send("PATCH", path, {"name": "hill clinic"})
    stale = admin.send("PATCH", path, {"zone": "UTC", "expected_version": 1})

    assert (taken.status_code, taken.json()["type"]) == (409, "conflict")
    assert (stale.status_code, stale.json()["type"]) == (409, "stale_state")


def test_a_key_for_certain_locations_adds_none(program: MakeProgram, clinics: dict[str, int]) -> None:
    """It could not even see it afterwards."""
    answer = program("admin", "Hill Clinic").post("/locations", {"name": "North", "zone": "UTC"})

    assert (answer.status_code, answer.json()["type"]) == (403, "access")


def test_a_key_sees_its_own_location_alone(program: MakeProgram, admin: Program, clinics: dict[str, int]) -> None:
    """Another one, and what belongs to it, looks as if it did not exist; nothing is changed there."""
    hill, harbour = program("admin", "Hill Clinic"), clinics["Harbour Clinic"]
    video = calendar_id(admin, harbour)

    assert [each["name"] for each in hill.get("/locations").json()["items"]] == ["Hill Clinic"]
    for method, path, body in (
        ("GET", f"/locations/{harbour}", None),
        ("PATCH", f"/locations/{harbour}", {"zone": "UTC"}),
        ("GET", f"/locations/{harbour}/calendars", None),
        ("POST", f"/locations/{harbour}/calendars", {"name": "Talks", "meeting_location": "zoom"}),
        ("GET", f"/calendars/{video}", None),
        ("PATCH", f"/calendars/{video}", {"name": "Talks"}),
    ):
        mine, nothing = hill.send(method, path, body), hill.send(method, path.replace(path.split("/")[2], "999"), body)
        assert (mine.status_code, nothing.status_code) == (404, 404), path
        assert mine.json()["detail"] == nothing.json()["detail"]
    assert admin.get(f"/calendars/{video}").json()["name"] == "Video"


def test_only_an_administering_key_changes_places(program: MakeProgram, clinics: dict[str, int]) -> None:
    """One that books reads them."""
    books, harbour = program("book"), clinics["Harbour Clinic"]
    video = calendar_id(books, harbour)

    assert books.send("PATCH", f"/locations/{harbour}", {"zone": "UTC"}).status_code == 403
    assert books.send("PATCH", f"/calendars/{video}", {"name": "Talks"}).status_code == 403
    assert books.post("/locations", {"name": "North", "zone": "UTC"}).status_code == 403


def test_a_calendar_is_added_once_however_often_it_is_sent(admin: Program, clinics: dict[str, int]) -> None:
    """With the same key it is the same answer; without one, its name is taken."""
    path = f"/locations/{clinics['Harbour Clinic']}/calendars"
    body = {
        "name": "Calls",
        "meeting_location": "phone",
        "meeting_detail": NUMBER,
        "copy_to_host": True,
        "host_email": "host@harbour-clinic.test",
    }
    first, again, third = admin.post(path, body, once="k1"), admin.post(path, body, once="k1"), admin.post(path, body)

    assert (first.status_code, again.status_code, third.status_code) == (201, 201, 409)
    assert first.json() == again.json() == admin.get(f"/calendars/{first.json()['id']}").json()


def test_away_from_zoom_the_answer_says_how_many_of_each(admin: Program, world: World, clinics: dict[str, int]) -> None:
    """And back again, what is due is opened at once."""
    world.book("OPENED", starts_in=5 * MINUTE)
    world.run()
    world.book("DUE", starts_in=6 * MINUTE)
    world.book("LATER", starts_in=60 * MINUTE)
    path = f"/calendars/{calendar_id(admin, clinics['Harbour Clinic'])}"

    away = admin.send("PATCH", path, {"meeting_location": "phone", "meeting_detail": NUMBER})
    back = admin.send("PATCH", path, {"meeting_location": "zoom", "expected_version": 2})

    assert away.json()["appointments"] == {
        "begin_to_need": 0, "cease_to_need": 2, "keep_their_link": 1, "due_now": 0,
    }  # fmt: skip
    assert away.json()["calendar"]["meeting_detail"] == NUMBER
    assert back.json()["appointments"] == {
        "begin_to_need": 2, "cease_to_need": 0, "keep_their_link": 1, "due_now": 1,
    }  # fmt: skip
    assert back.json()["calendar"]["meeting_detail"] is None


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("meeting_location", {"meeting_location": "skype"}),
        ("meeting_location", {"meeting_location": None}),
        ("meeting_detail", {"meeting_location": "phone"}),
        ("meeting_detail", {"meeting_location": "google_meet", "meeting_detail": "http://meet.google.com/abc"}),
        ("meeting_detail", {"meeting_location": "custom", "meeting_detail": "\ud800"}),
        ("default_minutes", {"default_minutes": 0}),
        ("host_email", {"copy_to_host": True}),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_by_its_field(
    admin: Program, clinics: dict[str, int], field: str, body: dict[str, Any]
) -> None:
    """As the caller knows the field."""
    answer = admin.send("PATCH", f"/calendars/{calendar_id(admin, clinics['Harbour Clinic'])}", body)

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]
