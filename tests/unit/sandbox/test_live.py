"""How meetings are held: who comes, who goes, and what that begins and ends."""

from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.sandbox_process import SandboxControl
from tests.unit.sandbox.conftest import OPEN, Wire, code_of


def _inside(sandbox: SandboxControl, meeting_id: int) -> list[str]:
    people = sandbox.meeting(meeting_id)["instances"][-1]["participants"]
    return [person["name"] for person in people if person["left_at"] is None]


def test_the_first_to_come_begins_it_and_the_last_to_go_ends_it(host: Wire, sandbox: SandboxControl) -> None:
    """As on Zoom; in between people come and go as they like."""
    meeting = host.created(settings=OPEN)["id"]
    ann, bob = sandbox.join(meeting, "Ann"), sandbox.join(meeting, "Bob")

    assert ann != bob
    assert sandbox.meeting(meeting)["state"] == "started"
    assert sandbox.leave(meeting, bob)["state"] == "started"
    assert _inside(sandbox, meeting) == ["Ann"]
    assert sandbox.leave(meeting)["state"] == "waiting"


def test_whoever_comes_back_begins_a_new_instance(host: Wire, sandbox: SandboxControl) -> None:
    """With a UUID of its own."""
    meeting = host.created(settings=OPEN)["id"]
    for _ in range(2):
        sandbox.join(meeting)
        sandbox.leave(meeting)

    first, second = sandbox.meeting(meeting)["instances"]
    assert first["uuid"] != second["uuid"]
    assert first["ended_at"] is not None and second["ended_at"] is not None


def test_a_guest_waits_for_the_host_where_he_must(host: Wire, sandbox: SandboxControl) -> None:
    """The host, known by his address, comes in at any time; then the guest may. Force needs no host."""
    meeting, forced = host.created()["id"], host.created()["id"]
    with pytest.raises(AssertionError, match="the host will let you in"):
        sandbox.join(meeting, "Ann")
    sandbox.join(meeting, email="host@demo.example")
    sandbox.join(meeting, "Ann")

    assert _inside(sandbox, meeting) == ["Pool One", "Ann"]
    sandbox.end_meeting(meeting)
    sandbox.join(forced, "Ann", force=True)
    assert _inside(sandbox, forced) == ["Ann"]


def test_guests_of_a_second_meeting_are_turned_away(host: Wire, sandbox: SandboxControl) -> None:
    """A host is in one meeting at a time, even if he himself is in none."""
    first, second = (host.created(settings=OPEN)["id"] for _ in range(2))
    sandbox.join(first)

    with pytest.raises(AssertionError, match="another meeting in progress"):
        sandbox.join(second)
    sandbox.leave(first)
    sandbox.join(second)


def test_nobody_leaves_who_is_not_there(host: Wire, sandbox: SandboxControl) -> None:
    """Neither from a meeting that does not run nor somebody unknown."""
    meeting = host.created(settings=OPEN)["id"]
    with pytest.raises(AssertionError, match="nobody is in this meeting"):
        sandbox.leave(meeting)
    sandbox.join(meeting)

    with pytest.raises(AssertionError, match="99 is not in this meeting"):
        sandbox.leave(meeting, "99")


def test_a_deleted_meeting_is_entered_by_nobody(host: Wire, sandbox: SandboxControl) -> None:
    """Deletion on Zoom's pages ends what runs."""
    meeting = host.created(settings=OPEN)["id"]
    sandbox.join(meeting)
    assert sandbox.delete_meeting(meeting)["state"] == "deleted"

    assert _inside(sandbox, meeting) == []
    with pytest.raises(AssertionError, match="has been deleted"):
        sandbox.join(meeting)


@pytest.mark.parametrize(("instant", "listed"), [(False, 1), (True, 0)])
def test_a_host_uses_his_account_by_hand(host: Wire, sandbox: SandboxControl, instant: bool, listed: int) -> None:
    """He is in a meeting that the API did not make; the list of live ones shows it unless it is instant."""
    made = sandbox.use_by_hand("host@demo.example", "Staff meeting", instant=instant)
    live = host.call("GET", "/users/me/meetings?type=live").json()["meetings"]

    assert [meeting["id"] for meeting in live] == [made["id"]] * listed
    assert (made["agenda"], made["state"], made["topic"]) == ("", "started", "Staff meeting")
    assert host.call("GET", f"/meetings/{made['id']}").json()["status"] == "started"
    with pytest.raises(AssertionError, match="another meeting in progress"):
        sandbox.start_meeting(host.created()["id"])
    assert sandbox.end_meeting(made["id"])["state"] == "waiting"
    assert sandbox.stats()["creates"] == 1


def test_those_who_were_there_are_told_afterwards(host: Wire, sandbox: SandboxControl) -> None:
    """By number or UUID, each stay for itself, in pages; not before the end."""
    meeting = host.created(settings=OPEN)["id"]
    path = f"/past_meetings/{meeting}/participants"
    sandbox.join(meeting, email="host@demo.example")
    ann = sandbox.join(meeting, "Ann", email="ann@clients.example")
    sandbox.leave(meeting, ann)
    sandbox.join(meeting, "Ann", email="ann@clients.example")
    assert code_of(host.call("GET", path)) == (404, 3001)
    instance = sandbox.end_meeting(meeting)["instances"][0]
    twice = quote(quote(instance["uuid"], safe=""), safe="")

    told = host.call("GET", path).json()
    assert [(person["name"], person["internal_user"]) for person in told["participants"]] == [
        ("Pool One", True),
        ("Ann", False),
        ("Ann", False),
    ]
    assert host.call("GET", f"/past_meetings/{twice}/participants").json()["total_records"] == 3
    first = host.call("GET", path, params={"page_size": 2}).json()
    second = host.call("GET", path, params={"page_size": 2, "next_page_token": first["next_page_token"]}).json()
    assert [len(page["participants"]) for page in (first, second)] == [2, 1]
    assert host.call("GET", f"/past_meetings/{meeting}").json()["participants_count"] == 3


def test_of_one_who_was_alone_zoom_tells_nobody(host: Wire, sandbox: SandboxControl) -> None:
    """The list is empty, though the meeting counts him."""
    meeting = host.created(settings=OPEN)["id"]
    sandbox.join(meeting)
    sandbox.leave(meeting)

    assert host.call("GET", f"/past_meetings/{meeting}/participants").json()["participants"] == []
    assert host.call("GET", f"/past_meetings/{meeting}").json()["participants_count"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [({"name": 7}, 400), ({"user_id": "nobody"}, 404), ({"email": ["x"]}, 400), ({"force": "yes"}, 400)],
)
def test_a_strange_wish_to_join_is_refused(
    host: Wire, sandbox: SandboxControl, body: dict[str, Any], status: int
) -> None:
    """In a sentence, and nobody comes in."""
    meeting = host.created(settings=OPEN)["id"]
    answer = requests.post(f"{host.process.url}/sandbox/meetings/{meeting}/join", json=body, timeout=10)

    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert sandbox.meeting(meeting)["instances"] == []
