"""Listing meetings: types, pages and page tokens."""

from typing import Any

from tests.sandbox_process import SandboxControl
from tests.unit.sandbox.conftest import Wire, code_of


def listed(host: Wire, **query: Any) -> list[str]:
    """The topics on one page."""
    answer = host.call("GET", "/users/me/meetings", params=query)
    assert answer.status_code == 200, answer.text
    return [meeting["topic"] for meeting in answer.json()["meetings"]]


def test_a_created_meeting_is_found_by_its_agenda(host: Wire) -> None:
    """The agenda is how a lost create is recognized; lists cut it at 250 characters."""
    host.created(agenda="zp:ref:1 " + "x" * 300)
    (item,) = host.call("GET", "/users/me/meetings", params={"type": "upcoming"}).json()["meetings"]

    assert item["agenda"].startswith("zp:ref:1 ")
    assert len(item["agenda"]) == 250


def test_each_type_shows_its_own(host: Wire, sandbox: SandboxControl) -> None:
    """Live ones, those to come, those not yet expired, and those that were held."""
    host.created(topic="past", start_time="2001-01-01T10:00:00Z")
    host.created(topic="later", start_time="2099-01-02T10:00:00Z")
    live = host.created(topic="live", start_time="2099-01-01T10:00:00Z")
    sandbox.start_meeting(live["id"])
    host.call("POST", "/users/me/meetings", json={"topic": "instant", "type": 1})

    assert listed(host, type="live") == ["live"]
    assert listed(host, type="upcoming") == ["live", "later"]
    assert listed(host) == ["live", "later"]
    sandbox.end_meeting(live["id"])
    assert listed(host, type="live") == []
    assert listed(host, type="previous_meetings") == ["live"]


def test_pages_show_every_meeting_once(host: Wire, sandbox: SandboxControl) -> None:
    """Following next_page_token to its end misses and repeats nothing, even when a meeting goes meanwhile."""
    made = [host.created(topic=f"m{n}", start_time=f"2099-01-0{n}T10:00:00Z") for n in range(1, 8)]
    first = host.call("GET", "/users/me/meetings", params={"page_size": 3}).json()
    sandbox.delete_meeting(made[0]["id"])
    second = host.call(
        "GET", "/users/me/meetings", params={"page_size": 3, "next_page_token": first["next_page_token"]}
    ).json()
    third = host.call(
        "GET", "/users/me/meetings", params={"page_size": 3, "next_page_token": second["next_page_token"]}
    ).json()

    topics = [meeting["topic"] for page in (first, second, third) for meeting in page["meetings"]]
    assert topics == [f"m{n}" for n in range(1, 8)]
    assert (first["total_records"], first["page_count"]) == (7, 3)
    assert third["next_page_token"] == ""


def test_a_page_token_lives_fifteen_minutes(host: Wire, sandbox: SandboxControl) -> None:
    """Later, made up, or taken from another list, it is 400/300."""
    for _ in range(2):
        host.created()
    token = host.call("GET", "/users/me/meetings", params={"page_size": 1}).json()["next_page_token"]

    def ask(**query: str) -> tuple[int, int]:
        return code_of(host.call("GET", "/users/me/meetings", params=query))

    assert ask(next_page_token="made-up") == (400, 300)
    assert ask(next_page_token=token, type="upcoming") == (400, 300)
    sandbox.configure(clock_offset_seconds=901)
    assert ask(next_page_token=token) == (400, 300)


def test_bad_parameters_are_refused(host: Wire) -> None:
    """More than 300 a page, no number, or an unknown type."""
    for query in ({"page_size": "301"}, {"page_size": "many"}, {"type": "all"}):
        assert code_of(host.call("GET", "/users/me/meetings", params=query)) == (400, 300)


def test_deleted_and_others_meetings_are_not_listed(host: Wire, sandbox: SandboxControl) -> None:
    """Only one's own that exist."""
    sandbox.create_user("other@demo.example")
    host.as_user(sandbox.grant("other@demo.example")["access_token"]).created(topic="other's")
    gone = host.created(topic="gone")
    host.created(topic="mine")
    host.call("DELETE", f"/meetings/{gone['id']}")

    assert listed(host) == ["mine"]
