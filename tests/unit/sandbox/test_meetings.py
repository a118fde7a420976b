"""Meetings on the wire: creating, reading, changing, deleting and ending them."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox_process import SandboxControl
from tests.unit.sandbox.conftest import Wire, code_of

WANTED = {
    "auto_recording": "cloud",
    "join_before_host": True,
    "jbh_time": 10,
    "waiting_room": False,
    "meeting_authentication": False,
}


def test_a_created_meeting_is_told_back_whole(host: Wire) -> None:
    """The 201 has ids in Zoom's types, the links, the passcode and the settings asked for."""
    meeting = host.created(agenda="zp:ref", password="Ab12cd34", settings=WANTED)

    assert isinstance(meeting["id"], int) and meeting["id"] > 10**10
    assert meeting["status"] == "waiting"
    assert meeting["uuid"] and meeting["host_id"] and meeting["start_url"]
    assert (meeting["host_email"], meeting["agenda"]) == ("host@demo.example", "zp:ref")
    assert (meeting["start_time"], meeting["duration"]) == ("2099-01-01T10:00:00Z", 30)
    assert meeting["password"] == "Ab12cd34"
    assert f"/j/{meeting['id']}?pwd=" in meeting["join_url"]
    assert meeting["settings"].items() >= WANTED.items()


def test_a_meeting_reads_as_it_was_created(host: Wire) -> None:
    """GET shows the same meeting with a fresh start URL."""
    created = host.created(settings=WANTED)
    read = host.call("GET", f"/meetings/{created['id']}").json()

    assert read.pop("start_url") != created.pop("start_url")
    assert read == created


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"topic": "x" * 201}, "topic"),
        ({"agenda": "x" * 2001}, "agenda"),
        ({"type": 7}, "type"),
        ({"type": True}, "type"),
        ({"start_time": "tomorrow"}, "start_time"),
        ({"start_time": "2099-13-01T10:00:00Z"}, "start_time"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"duration": 0}, "duration"),
        ({"password": "longer than ten"}, "password"),
        ({"settings": {"auto_recording": "maybe"}}, "settings.auto_recording"),
        ({"settings": {"jbh_time": 7}}, "settings.jbh_time"),
        ({"settings": {"waiting_room": "no"}}, "settings.waiting_room"),
        ({"settings": []}, "settings"),
    ],
)
def test_a_bad_field_is_named(host: Wire, sandbox: SandboxControl, fields: dict[str, Any], wrong: str) -> None:
    """400/300 lists the fields, and nothing is created."""
    answer = host.create(**fields)

    assert code_of(answer) == (400, 300)
    assert [error["field"] for error in answer.json()["errors"]] == [wrong]
    assert sandbox.meetings() == []


def test_a_body_that_is_no_json_object_is_refused(host: Wire) -> None:
    """Neither text nor a list crashes the sandbox."""
    assert code_of(host.call("POST", "/users/me/meetings", data="{")) == (400, 300)
    assert code_of(host.call("POST", "/users/me/meetings", json=[1])) == (400, 300)


def test_without_a_start_a_scheduled_meeting_becomes_instant(host: Wire) -> None:
    """As documented, silently."""
    answer = host.call("POST", "/users/me/meetings", json={"topic": "Now", "type": 2})

    assert answer.json()["type"] == 1


def test_a_local_start_is_read_in_its_zone(host: Wire) -> None:
    """Without Z the time is local; it is always told back in UTC."""
    meeting = host.created(start_time="2099-01-01T10:00:00", timezone="Europe/Amsterdam")

    assert meeting["start_time"] == "2099-01-01T09:00:00Z"


def test_a_passcode_is_made_up_where_settings_require_one(host: Wire, sandbox: SandboxControl) -> None:
    """And left out where they do not."""
    assert host.created()["password"]
    schedule = {"require_password_for_scheduling_new_meetings": False}
    sandbox.change_user("host@demo.example", settings={"schedule_meeting": schedule})

    assert host.created()["password"] == ""


def test_the_link_holds_the_passcode_only_where_the_host_embeds_it(host: Wire, sandbox: SandboxControl) -> None:
    """Otherwise guests must type it."""
    sandbox.change_user("host@demo.example", settings={"schedule_meeting": {"embed_password_in_join_link": False}})

    assert "pwd=" not in host.created()["join_url"]


def test_a_locked_setting_wins_over_the_request(host: Wire, sandbox: SandboxControl) -> None:
    """The 201 tells the truth: the waiting room is on, so nobody joins before the host."""
    sandbox.change_user("host@demo.example", locked={"waiting_room": True})
    settings = host.created(settings=WANTED)["settings"]

    assert settings["waiting_room"] is True
    assert settings["join_before_host"] is False


@pytest.mark.parametrize(
    "user",
    [{"type": 1}, {"settings": {"recording": {"cloud_recording": False}}}, {"locked": {"auto_recording": "none"}}],
)
def test_recording_is_dropped_where_the_host_cannot_record(
    host: Wire, sandbox: SandboxControl, user: dict[str, Any]
) -> None:
    """Without a licence, the host's own setting, or against a lock, cloud recording comes back as none."""
    sandbox.change_user("host@demo.example", **user)

    assert host.created(settings=WANTED)["settings"]["auto_recording"] == "none"


@pytest.mark.parametrize("user", [{"type": 99}, {"type": 4}, {"status": "inactive"}])
def test_who_may_not_host_cannot_create(host: Wire, sandbox: SandboxControl, user: dict[str, Any]) -> None:
    """400/3161."""
    sandbox.change_user("host@demo.example", **user)

    assert code_of(host.create()) == (400, 3161)


def test_a_change_is_seen_and_a_past_start_ignored(host: Wire) -> None:
    """PATCH answers 204 either way."""
    meeting = host.created()
    path = f"/meetings/{meeting['id']}"

    assert host.call("PATCH", path, json={"topic": "Moved", "start_time": "2001-01-01T00:00:00Z"}).status_code == 204
    read = host.call("GET", path).json()
    assert (read["topic"], read["start_time"]) == ("Moved", meeting["start_time"])
    host.call("PATCH", path, json={"start_time": "2099-02-02T10:00:00Z"})
    assert host.call("GET", path).json()["start_time"] == "2099-02-02T10:00:00Z"


def test_a_deleted_meeting_does_not_exist(host: Wire) -> None:
    """204 once, then 404/3001 for everything, until it is recovered."""
    path = f"/meetings/{host.created()['id']}"

    deleted = host.call("DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert code_of(host.call("DELETE", path)) == (404, 3001)
    assert code_of(host.call("GET", path)) == (404, 3001)
    assert host.call("PUT", path + "/status", json={"action": "recover"}).status_code == 204
    assert host.call("GET", path).status_code == 200


def test_a_running_meeting_is_not_deleted(host: Wire, sandbox: SandboxControl) -> None:
    """400/3002 until it is ended; then the deletion goes through."""
    meeting = host.created()
    sandbox.start_meeting(meeting["id"])
    path = f"/meetings/{meeting['id']}"

    assert host.call("GET", path).json()["status"] == "started"
    assert code_of(host.call("DELETE", path)) == (400, 3002)
    assert host.call("PUT", path + "/status", json={"action": "end"}).status_code == 204
    assert host.call("GET", path).json()["status"] == "waiting"
    assert host.call("DELETE", path).status_code == 204


def test_what_does_not_run_cannot_be_ended(host: Wire) -> None:
    """And an unknown action is a bad field."""
    path = f"/meetings/{host.created()['id']}/status"

    assert code_of(host.call("PUT", path, json={"action": "end"})) == (400, 3000)
    assert code_of(host.call("PUT", path, json={"action": "explode"})) == (400, 300)


def test_others_meetings_are_out_of_reach(host: Wire, sandbox: SandboxControl) -> None:
    """A colleague's is 3003; one of another Zoom account does not exist."""
    sandbox.create_users([{"email": "colleague@demo.example"}, {"email": "far@demo.example", "account_id": "another"}])
    path = f"/meetings/{host.created()['id']}"
    colleague, far = (
        host.as_user(grant["access_token"])
        for grant in sandbox.grants([{"email": "colleague@demo.example"}, {"email": "far@demo.example"}])
    )

    assert code_of(colleague.call("DELETE", path)) == (400, 3003)
    assert code_of(far.call("GET", path)) == (404, 3001)


def test_a_host_is_in_one_meeting_at_a_time(host: Wire, sandbox: SandboxControl) -> None:
    """The second cannot start while the first runs."""
    first, second = host.created(), host.created()
    sandbox.start_meeting(first["id"])

    with pytest.raises(AssertionError, match="another meeting in progress"):
        sandbox.start_meeting(second["id"])
    sandbox.end_meeting(first["id"])
    assert sandbox.start_meeting(second["id"])["state"] == "started"


def test_each_time_held_has_a_uuid_of_its_own(host: Wire, sandbox: SandboxControl) -> None:
    """A restart is a new instance; by number the latest is told, by UUID the very one."""
    meeting = host.created()
    for _ in range(2):
        sandbox.start_meeting(meeting["id"])
        sandbox.end_meeting(meeting["id"])
    first, second = sandbox.meetings()[0]["instances"]

    upcoming = host.call("GET", f"/meetings/{meeting['id']}").json()["uuid"]
    assert len({meeting["uuid"], first["uuid"], second["uuid"], upcoming}) == 4
    assert host.call("GET", f"/past_meetings/{meeting['id']}").json()["uuid"] == second["uuid"]
    twice_encoded = quote(quote(first["uuid"], safe=""), safe="")
    past = host.call("GET", f"/past_meetings/{twice_encoded}").json()
    assert (past["uuid"], past["id"], past["user_email"]) == (first["uuid"], meeting["id"], "host@demo.example")
    instances = host.call("GET", f"/past_meetings/{meeting['id']}/instances").json()["meetings"]
    assert [instance["uuid"] for instance in instances] == [first["uuid"], second["uuid"]]


def test_a_meeting_that_never_ended_has_no_past(host: Wire, sandbox: SandboxControl) -> None:
    """404/3001 before it starts and while it runs."""
    meeting = host.created()
    path = f"/past_meetings/{meeting['id']}"

    assert code_of(host.call("GET", path)) == (404, 3001)
    sandbox.start_meeting(meeting["id"])
    assert code_of(host.call("GET", path)) == (404, 3001)
