"""Seats over the API."""

from typing import Any

import pytest
import requests

from core.db.models import Event, Seat
from tests.console.api.conftest import MakeProgram, Program
from tests.world import World

CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def clinics(world: World) -> dict[str, int]:
    """Two locations by name; the first has a connected account."""
    return {"Harbour Clinic": world.location().id, "Hill Clinic": world.location("Hill Clinic", accounts=0).id}


@pytest.fixture
def admin(program: MakeProgram, clinics: dict[str, int]) -> Program:
    """A key that may do everything everywhere."""
    return program("admin")


def import_(to: Program, location: int, text: str | bytes, **query: Any) -> requests.Response:
    """Send a list."""
    data = text.encode() if isinstance(text, str) else text
    return to.send("POST", f"/locations/{location}/seats/import", data=data, params=query, headers=CSV)


def test_a_seat_is_issued_and_listed(admin: Program, world: World, clinics: dict[str, int]) -> None:
    """With what it is connected as; issuing it again is the same seat."""
    path = f"/locations/{clinics['Harbour Clinic']}/seats"
    made, again = admin.post(path, {"email": "New@Harbour.test"}), admin.post(path, {"email": "new@harbour.test"})
    assert (made.status_code, made.json()) == (201, again.json())

    page = admin.get(path, limit=1).json()
    rest = admin.get(path, cursor=page["next"]).json()

    [old, new] = page["items"] + rest["items"]
    assert (old["email"], old["connection"]) == ("seat1@harbour-clinic.test", "connected")
    assert (new["email"], new["connection"], new["account_id"]) == ("new@harbour.test", None, None)
    assert rest["next"] is None
    assert "key:admin of all" in [event.actor for event in world.all(Event, kind="seat_issued")]


def test_a_seat_of_another_location_is_a_conflict(admin: Program, clinics: dict[str, int]) -> None:
    """It has to be taken back there first."""
    answer = admin.post(f"/locations/{clinics['Hill Clinic']}/seats", {"email": "seat1@harbour-clinic.test"})

    assert (answer.status_code, answer.json()["type"]) == (409, "conflict")
    assert "Take it back there" in answer.json()["next_step"]


def test_a_list_is_imported_whole(admin: Program, clinics: dict[str, int]) -> None:
    """After a look; the same list again issues nothing."""
    hill = clinics["Hill Clinic"]
    text = "\ufeffemail;location\r\na@hill.test;Hill Clinic\r\nb@hill.test;\r\n"

    assert import_(admin, hill, text, dry_run=True).json() == {"issued": 2, "already": 0, "dry_run": True}
    assert admin.get(f"/locations/{hill}/seats").json()["items"] == []
    assert import_(admin, hill, text).json() == {"issued": 2, "already": 0, "dry_run": False}
    assert import_(admin, hill, text).json() == {"issued": 0, "already": 2, "dry_run": False}


def test_a_list_with_bad_lines_names_them_all_and_imports_none(admin: Program, world: World, clinics: dict[str, int]) -> None:  # fmt: skip  # noqa: E501
    """Each by its number."""
    before = len(world.all(Seat))
    answer = import_(
        admin, clinics["Hill Clinic"], "email\na@hill.test\nnobody\nseat1@harbour-clinic.test\na@hill.test\n"
    )

    assert (answer.status_code, answer.json()["type"]) == (422, "bad_lines")
    assert [each["field"] for each in answer.json()["errors"]] == ["line 3", "line 4", "line 5"]
    assert len(world.all(Seat)) == before


@pytest.mark.parametrize(
    "text", [b"", b"nothing\n", b"\xff\xfe\xff", b'"', b"email\n" + b" " * 500_000, b"{}", b"null"]
)
def test_what_is_no_list_is_refused(admin: Program, clinics: dict[str, int], text: bytes) -> None:
    """As a whole."""
    assert import_(admin, clinics["Hill Clinic"], text).status_code == 422


def test_a_list_sent_twice_with_one_key_is_imported_once(admin: Program, clinics: dict[str, int]) -> None:
    """The answer is the first one; another list under that key is refused."""
    path = f"/locations/{clinics['Hill Clinic']}/seats/import"

    def send(text: bytes) -> requests.Response:
        return admin.send("POST", path, data=text, headers=CSV, once="list-1")

    first, again, other = send(b"email\na@hill.test\n"), send(b"email\na@hill.test\n"), send(b"email\nb@hill.test\n")
    assert first.json() == again.json() == {"issued": 1, "already": 0, "dry_run": False}
    assert (again.headers["Idempotent-Replayed"], other.status_code) == ("true", 422)


def test_a_seat_is_moved_and_taken_back(admin: Program, world: World, clinics: dict[str, int]) -> None:
    """Its account is disconnected first; taking it back twice is fine."""
    [seat] = world.all(Seat)

    moved = admin.post(
        f"/seats/{seat.id}/move", {"location_id": clinics["Hill Clinic"], "reason": "contract"}, once="m"
    )
    assert (moved.status_code, moved.json()["location_id"]) == (200, clinics["Hill Clinic"])
    assert moved.json()["connection"] is None and moved.json()["id"] != seat.id
    assert [account.connection for account in world.accounts()] == ["disconnected"]

    path = f"/seats/{moved.json()['id']}/take-back"
    first, again = admin.post(path, {"reason": None}), admin.post(path, {})
    assert first.json() == again.json()
    assert first.json()["taken_back_at"] is not None
    assert admin.post(f"/seats/{seat.id}/move", {"location_id": clinics["Hill Clinic"]}).status_code == 404


def test_a_seat_in_use_drains_first(admin: Program, world: World, clinics: dict[str, int]) -> None:
    """The answer says that it is disconnected after that."""
    world.book()
    world.run()
    answer = admin.post(f"/seats/{world.all(Seat)[0].id}/take-back", {})

    assert (answer.status_code, answer.json()["type"]) == (409, "conflict")
    assert [account.connection for account in world.accounts()] == ["draining"]


def test_moving_needs_both_locations(program: MakeProgram, world: World, clinics: dict[str, int]) -> None:
    """A key that sees one of them can neither push a seat out nor pull one in."""
    [seat] = world.all(Seat)
    harbour, hill = program("admin", "Harbour Clinic"), program("admin", "Hill Clinic")

    out = harbour.post(f"/seats/{seat.id}/move", {"location_id": clinics["Hill Clinic"]})
    pulled = hill.post(f"/seats/{seat.id}/move", {"location_id": clinics["Hill Clinic"]})

    assert (out.status_code, pulled.status_code) == (404, 404)
    assert hill.post(f"/seats/{seat.id}/take-back", {}).status_code == 404
    assert hill.get(f"/locations/{clinics['Harbour Clinic']}/seats").status_code == 404
    assert hill.post(f"/locations/{clinics['Harbour Clinic']}/seats", {"email": "x@y.test"}).status_code == 404
    assert import_(hill, clinics["Harbour Clinic"], "email\nx@y.test\n").status_code == 404
    assert program("book").post(f"/seats/{seat.id}/take-back", {}).status_code == 403
    assert [account.connection for account in world.accounts()] == ["connected"]


@pytest.mark.parametrize("reason", ["\ud800", "a\x00b", "x" * 201])
def test_a_reason_that_cannot_be_kept_is_refused(admin: Program, world: World, clinics: dict[str, int], reason: str) -> None:  # fmt: skip  # noqa: E501
    """Before anything is done."""
    answer = admin.post(f"/seats/{world.all(Seat)[0].id}/take-back", {"reason": reason})

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == ["reason"]


def test_a_list_that_looks_like_endless_json_is_refused_as_a_list(admin: Program, clinics: dict[str, int]) -> None:
    """Whether two writes are the same is asked of any body, whatever it holds."""
    path = f"/locations/{clinics['Harbour Clinic']}/seats/import"

    answer = admin.send("POST", path, data="[" * 100_000, headers=CSV, once="k-1")

    assert (answer.status_code, answer.json()["type"]) == (422, "invalid_input")
