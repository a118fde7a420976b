"""What each event says, field by field and type by type."""

from typing import Any

from tests.sandbox_process import JSON, SandboxControl
from tests.unit.sandbox.conftest import OPEN, Wire
from tests.unit.sandbox.receiver import Receiver

PLANNED = {"uuid", "id", "host_id", "topic", "type", "start_time", "duration", "timezone"}
PERSON = {"user_id", "user_name", "participant_uuid", "email"}
FILE = {
    *("id", "meeting_id", "recording_start", "recording_end", "file_type", "file_size", "file_extension", "file_name"),
    *("play_url", "download_url", "status", "recording_type"),
}
REMOVED = {
    *("id", "uuid", "host_id", "account_id", "topic", "type", "start_time", "timezone", "duration", "share_url"),
    *("total_size", "recording_count", "recording_files"),
}


def _told(receiver: Receiver, event: str) -> Any:
    return receiver.one(event)["payload"]["object"]


def _life(host: Wire, sandbox: SandboxControl) -> JSON:
    """A meeting that was planned, held, recorded and transcribed."""
    meeting = host.created(settings=OPEN)
    sandbox.join(meeting["id"], "Ann")
    sandbox.leave(meeting["id"])
    sandbox.finish_recording(meeting["id"])
    return sandbox.finish_transcript(meeting["id"])


def test_a_plan_is_told_with_a_number_and_an_operator(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """Made and deleted through the API by the host himself."""
    meeting = host.created(settings=OPEN)
    host.call("DELETE", f"/meetings/{meeting['id']}")
    sandbox.wait_for_webhooks()
    created, deleted = receiver.one("meeting.created"), receiver.one("meeting.deleted")

    assert created.keys() == {"event", "event_ts", "payload"}
    assert created["payload"].keys() == {"account_id", "operator", "operator_id", "object"}
    assert created["payload"]["operator"] == deleted["payload"]["operator"] == "host@demo.example"
    assert created["payload"]["object"].keys() == PLANNED | {"join_url", "password", "settings"}
    assert deleted["payload"]["object"].keys() == PLANNED
    assert created["payload"]["object"]["id"] == deleted["payload"]["object"]["id"] == meeting["id"]
    assert len(str(created["event_ts"])) == 13


def test_somebody_else_deletes_on_zooms_pages(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """The operator is a person, not the app's user."""
    meeting = host.created(settings=OPEN)
    sandbox.delete_meeting(meeting["id"], operator="boss@demo.example")
    sandbox.wait_for_webhooks()

    assert receiver.one("meeting.deleted")["payload"]["operator"] == "boss@demo.example"


def test_what_is_live_is_told_with_a_text_for_a_number(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """Start, people and end, with the UUID of the instance."""
    meeting = _life(host, sandbox)
    sandbox.wait_for_webhooks()
    uuid = meeting["instances"][0]["uuid"]
    names = ["meeting.started", "meeting.participant_joined", "meeting.participant_left", "meeting.ended"]
    told = [_told(receiver, name) for name in names]
    joined, left = told[1]["participant"], told[2]["participant"]

    assert [each["id"] for each in told] == [str(meeting["id"])] * 4
    assert [each["uuid"] for each in told] == [uuid] * 4
    assert told[0].keys() == PLANNED and told[3].keys() == PLANNED | {"end_time"}
    assert told[0]["start_time"] != meeting["start_time"]
    assert joined.keys() == PERSON | {
        *("id", "join_time", "registrant_id", "participant_user_id", "customer_key", "phone_number"),
    }
    assert left.keys() == PERSON | {"leave_time", "leave_reason"}
    assert (joined["user_name"], joined["user_id"], joined["email"]) == ("Ann", left["user_id"], "")


def test_a_recording_is_told_as_it_runs_and_when_it_is_done(
    host: Wire, sandbox: SandboxControl, receiver: Receiver
) -> None:
    """With a number for the meeting, and the download token beside the payload."""
    meeting = _life(host, sandbox)
    sandbox.wait_for_webhooks()
    started, stopped = _told(receiver, "recording.started"), _told(receiver, "recording.stopped")
    completed = receiver.one("recording.completed")
    done = completed["payload"]["object"]

    assert started["recording_file"]["recording_end"] == "" and stopped["recording_file"]["recording_end"] != ""
    assert [each["id"] for each in (started, stopped, done)] == [meeting["id"]] * 3
    assert completed.keys() == {"event", "event_ts", "payload", "download_token"}
    assert done.keys() == {
        *("account_id", "uuid", "id", "host_id", "topic", "type", "start_time", "timezone", "host_email", "duration"),
        *("password", "share_url", "total_size", "recording_count", "recording_play_passcode", "auto_delete"),
        *("auto_delete_date", "on_prem", "recording_files"),
    }
    assert done["recording_files"][0].keys() == FILE
    assert (done["type"], done["recording_count"], done["host_email"]) == (2, 2, "host@demo.example")
    transcript = _told(receiver, "recording.transcript_completed")["recording_files"]
    assert [file["file_type"] for file in transcript] == ["TRANSCRIPT"]


def test_the_download_token_of_an_event_opens_its_files(
    host: Wire, sandbox: SandboxControl, receiver: Receiver
) -> None:
    """Without any other sign-in."""
    _life(host, sandbox)
    sandbox.wait_for_webhooks()
    completed = receiver.one("recording.completed")
    file = completed["payload"]["object"]["recording_files"][0]

    token = {"Authorization": f"Bearer {completed['download_token']}"}
    content = host.process.control._session.get(file["download_url"], headers=token, timeout=10).content
    assert len(content) == file["file_size"]


def test_removed_recordings_are_told(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """Into the trash, back, and for good."""
    meeting = _life(host, sandbox)["id"]
    sandbox.trash_recording(meeting)
    host.call("PUT", f"/meetings/{meeting}/recordings/status", json={"action": "recover"})
    sandbox.delete_recording(meeting)
    sandbox.wait_for_webhooks()

    for event in ("recording.trashed", "recording.recovered", "recording.deleted"):
        assert _told(receiver, event).keys() == REMOVED


def test_the_app_is_told_that_it_was_removed(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """Once for a connected user, unless the app is not published."""
    user = sandbox.users()[0]
    for _ in range(2):
        sandbox.revoke_consent(user["id"])
    sandbox.wait_for_webhooks()
    told = receiver.one("app_deauthorized")

    assert told["payload"].keys() == {"account_id", "user_id", "client_id", "deauthorization_time", "signature"}
    assert (told["payload"]["user_id"], told["payload"]["client_id"]) == (user["id"], "sandbox-client")
    sandbox.grant("host@demo.example")
    sandbox.configure(deauthorized_event=False)
    sandbox.revoke_consent(user["id"])
    assert sandbox.wait_for_webhooks()["delivered"] == 1


def test_a_meeting_made_by_hand_is_told_like_any_other(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """Whoever listens learns that the account is in use."""
    made = sandbox.use_by_hand("host@demo.example")
    sandbox.end_meeting(made["id"])
    sandbox.wait_for_webhooks()

    assert sorted(receiver.events()) == [
        *("meeting.created", "meeting.ended", "meeting.participant_joined", "meeting.participant_left"),
        "meeting.started",
    ]
    assert _told(receiver, "meeting.participant_joined")["participant"]["email"] == "host@demo.example"
