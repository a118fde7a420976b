"""Cloud recordings: made, processed, fetched, trashed, recovered, and missing on command."""

from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.sandbox_process import JSON, SandboxControl
from tests.unit.sandbox.conftest import OPEN, Wire, code_of


def _held(host: Wire, sandbox: SandboxControl, **settings: Any) -> JSON:
    """A meeting that has been held once."""
    meeting = host.created(settings=OPEN | settings)
    sandbox.join(meeting["id"])
    return sandbox.leave(meeting["id"])


def _recorded(host: Wire, sandbox: SandboxControl, **settings: Any) -> JSON:
    """A meeting whose recording is complete."""
    return sandbox.finish_recording(_held(host, sandbox, **settings)["id"])


def _path(uuid: str, *, times: int = 2) -> str:
    for _ in range(times):
        uuid = quote(uuid, safe="")
    return f"/meetings/{uuid}/recordings"


def _states(meeting: JSON) -> list[str]:
    return [recording["state"] for recording in meeting["recordings"]]


def test_a_recording_exists_once_it_is_processed(host: Wire, sandbox: SandboxControl) -> None:
    """404/3301 before the meeting, during it and while it is processed."""
    meeting = host.created(settings=OPEN)["id"]
    path = f"/meetings/{meeting}/recordings"
    assert code_of(host.call("GET", path)) == (404, 3301)
    sandbox.join(meeting)
    assert _states(sandbox.meeting(meeting)) == ["recording"]
    assert code_of(host.call("GET", path)) == (404, 3301)
    assert _states(sandbox.leave(meeting)) == ["processing"]
    assert code_of(host.call("GET", path)) == (404, 3301)

    assert _states(sandbox.finish_recording(meeting)) == ["completed"]
    assert host.call("GET", path).status_code == 200


def test_a_recording_is_described_as_zoom_does(host: Wire, sandbox: SandboxControl) -> None:
    """The type is a text, a file's `meeting_id` is the UUID, sizes add up."""
    meeting = _recorded(host, sandbox)
    told = host.call("GET", f"/meetings/{meeting['id']}/recordings").json()
    picture, sound = told["recording_files"]

    assert (told["id"], told["uuid"], told["type"]) == (meeting["id"], meeting["instances"][0]["uuid"], "2")
    assert told["recording_count"] == 2
    assert told["total_size"] == picture["file_size"] + sound["file_size"] > 0
    assert told["share_url"].startswith(host.process.url) and told["recording_play_passcode"]
    assert "download_access_token" not in told
    assert picture.keys() == {
        *("id", "meeting_id", "recording_start", "recording_end", "file_type", "file_extension", "file_size"),
        *("play_url", "download_url", "status", "recording_type"),
    }
    assert picture["meeting_id"] == told["uuid"]
    assert [file["file_type"] for file in (picture, sound)] == ["MP4", "M4A"]
    assert requests.get(told["share_url"], timeout=10).ok and requests.get(picture["play_url"], timeout=10).ok


def test_by_number_the_latest_and_by_uuid_the_very_one(host: Wire, sandbox: SandboxControl) -> None:
    """Two instances have two recordings; the first is complete while the second still runs."""
    meeting = _recorded(host, sandbox)
    sandbox.join(meeting["id"])
    first, second = (instance["uuid"] for instance in sandbox.meeting(meeting["id"])["instances"])

    assert host.call("GET", _path(first)).json()["uuid"] == first
    assert code_of(host.call("GET", f"/meetings/{meeting['id']}/recordings")) == (404, 3301)
    sandbox.leave(meeting["id"])
    sandbox.finish_recording(meeting["id"], second)
    assert host.call("GET", f"/meetings/{meeting['id']}/recordings").json()["uuid"] == second
    assert host.call("GET", _path(second)).json()["uuid"] == second


def test_some_uuids_must_be_encoded_twice(host: Wire, sandbox: SandboxControl) -> None:
    """Those that begin with a slash or hold two in a row; all others may be encoded once or twice."""
    meeting = host.created(settings=OPEN)["id"]
    uuids: dict[bool, str] = {}
    while len(uuids) < 2:
        sandbox.join(meeting)
        uuid = sandbox.leave(meeting)["instances"][-1]["uuid"]
        special = uuid.startswith("/") or "//" in uuid
        if special or "/" in uuid:
            uuids.setdefault(special, uuid)
    sandbox.finish_recording(meeting)

    assert host.call("GET", _path(uuids[True], times=1)).status_code == 400
    assert host.call("GET", _path(uuids[False], times=1)).json()["uuid"] == uuids[False]
    assert [host.call("GET", _path(uuid)).json()["uuid"] for uuid in uuids.values()] == list(uuids.values())
    assert host.call("GET", _path(uuids[False]).replace("/meetings/", "/past_meetings/")[:-11]).status_code == 200


def test_stopping_and_starting_makes_further_files(host: Wire, sandbox: SandboxControl) -> None:
    """By a person in the meeting or through the API, in one recording."""
    meeting = host.created(settings=OPEN)["id"]
    events = f"/live_meetings/{meeting}/events"
    sandbox.join(meeting)
    sandbox.stop_recording(meeting)
    sandbox.start_recording(meeting)
    assert host.call("PATCH", events, json={"method": "recording.stop"}).status_code == 202
    assert host.call("PATCH", events, json={"method": "recording.start"}).status_code == 202
    assert code_of(host.call("PATCH", events, json={"method": "recording.start"})) == (400, 300)
    sandbox.end_meeting(meeting)
    assert code_of(host.call("PATCH", events, json={"method": "recording.start"})) == (404, 3001)
    (recording,) = sandbox.finish_recording(meeting)["recordings"]

    assert len(recording["stretches"]) == 3 and len(recording["files"]) == 6


def test_processing_takes_its_time_by_the_clock(host: Wire, sandbox: SandboxControl) -> None:
    """When told so; the transcript comes later still."""
    sandbox.configure(processing_seconds=100, transcript_seconds=50)
    meeting = _held(host, sandbox)["id"]
    seen = []
    for offset in (90, 110, 170):
        sandbox.configure(clock_offset_seconds=offset)
        sandbox.tick()
        (recording,) = sandbox.meeting(meeting)["recordings"]
        seen.append((recording["state"], len(recording["files"])))

    assert seen == [("processing", 0), ("completed", 2), ("completed", 3)]


def test_a_recording_may_never_complete(host: Wire, sandbox: SandboxControl) -> None:
    """However much time passes, unless somebody commands it."""
    sandbox.configure(processing_seconds=1, recording_never_completes=True)
    meeting = _held(host, sandbox)["id"]
    sandbox.configure(clock_offset_seconds=90_000)
    sandbox.tick()

    assert _states(sandbox.meeting(meeting)) == ["processing"]
    assert _states(sandbox.finish_recording(meeting)) == ["completed"]


def test_a_transcript_joins_the_files(host: Wire, sandbox: SandboxControl) -> None:
    """Once, and only those of a recording that is complete."""
    meeting = _held(host, sandbox)["id"]
    with pytest.raises(AssertionError, match="no such recording"):
        sandbox.finish_transcript(meeting)
    sandbox.finish_recording(meeting)
    for _ in range(2):
        sandbox.finish_transcript(meeting)

    files = host.call("GET", f"/meetings/{meeting}/recordings").json()["recording_files"]
    assert [file["recording_type"] for file in files][2:] == ["audio_transcript"]


def test_nothing_is_recorded_unless_wanted(host: Wire, sandbox: SandboxControl) -> None:
    """A meeting without cloud recording leaves none."""
    assert _held(host, sandbox, auto_recording="none")["recordings"] == []


def test_a_full_storage_records_nothing(host: Wire, sandbox: SandboxControl) -> None:
    """By itself no recording starts; asked to, Zoom says 3309."""
    sandbox.configure(recording_storage_full=True)
    meeting = host.created(settings=OPEN)["id"]
    sandbox.join(meeting)
    asked = host.call("PATCH", f"/live_meetings/{meeting}/events", json={"method": "recording.start"})

    assert code_of(asked) == (400, 3309)
    assert sandbox.leave(meeting)["recordings"] == []


def test_what_is_too_short_is_not_kept(host: Wire, sandbox: SandboxControl) -> None:
    """Zoom saves nothing of a few seconds."""
    sandbox.configure(shortest_recording_seconds=5)

    assert _held(host, sandbox)["recordings"] == []


def test_files_are_spoilt_on_command(host: Wire, sandbox: SandboxControl) -> None:
    """Empty, or shorter than the meeting was; a time line lacks what other files have."""
    sandbox.configure(recording_zero_size=True, recording_length_limit_seconds=2, recording_timeline=True)
    meeting = host.created(settings=OPEN)["id"]
    sandbox.join(meeting)
    sandbox.configure(clock_offset_seconds=600)
    sandbox.leave(meeting)
    sandbox.finish_recording(meeting)
    told = host.call("GET", f"/meetings/{meeting}/recordings").json()
    picture, _, timeline = told["recording_files"]

    assert (picture["file_size"], told["total_size"], told["duration"]) == (0, 0, 1)
    assert host.call("GET", f"/past_meetings/{meeting}").json()["duration"] == 10
    assert "id" not in timeline and "file_size" not in timeline and timeline["download_url"]


@pytest.mark.parametrize("removes", [False, True])
def test_deleting_a_meeting_may_take_its_recording_along(host: Wire, sandbox: SandboxControl, removes: bool) -> None:
    """Zoom does not say; either way it can be recovered."""
    sandbox.configure(delete_removes_recordings=removes)
    meeting = _recorded(host, sandbox)
    path = _path(meeting["instances"][0]["uuid"])
    assert host.call("DELETE", f"/meetings/{meeting['id']}").status_code == 204

    assert host.call("GET", path).status_code == (404 if removes else 200)
    recovered = host.call("PUT", path + "/status", json={"action": "recover"})
    assert recovered.status_code == (204 if removes else 404)
    assert host.call("GET", path).status_code == 200


def test_recordings_are_trashed_recovered_and_deleted(host: Wire, sandbox: SandboxControl) -> None:
    """The trash is the default; what is deleted does not come back."""
    meeting = _recorded(host, sandbox)
    path = _path(meeting["instances"][0]["uuid"])
    recover = {"action": "recover"}
    today = sandbox.config()["now"][:10]

    assert host.call("DELETE", path).status_code == 204
    assert code_of(host.call("GET", path)) == (404, 3301)
    trash = host.call("GET", "/users/me/recordings", params={"trash": "true", "from": today}).json()
    assert [each["id"] for each in trash["meetings"]] == [meeting["id"]]
    assert host.call("PUT", path + "/status", json=recover).status_code == 204
    assert host.call("DELETE", path, params={"action": "delete"}).status_code == 204
    assert code_of(host.call("PUT", path + "/status", json=recover)) == (404, 3301)
    assert code_of(host.call("DELETE", path)) == (404, 3301)


def test_a_persons_own_recordings_are_listed_by_day_and_page(host: Wire, sandbox: SandboxControl) -> None:
    """Of today unless told; a span above a month is cut silently."""
    made = [_recorded(host, sandbox)["id"] for _ in range(3)]
    now = sandbox.config()["now"][:10]
    first = host.call("GET", "/users/me/recordings", params={"page_size": 2}).json()
    token = {"page_size": 2, "next_page_token": first["next_page_token"]}
    second = host.call("GET", "/users/me/recordings", params=token).json()

    assert [each["id"] for page in (first, second) for each in page["meetings"]] == made
    assert (first["from"], first["to"], first["total_records"]) == (now, now, 3)
    cut = host.call("GET", "/users/me/recordings", params={"from": "2020-01-01", "to": now}).json()
    assert (cut["to"], cut["meetings"]) == ("2020-01-31", [])
    only = host.call("GET", "/users/me/recordings", params={"meeting_id": made[1]}).json()
    assert [each["id"] for each in only["meetings"]] == [made[1]]
    assert host.call("GET", "/users/me/recordings", params={"from": "yesterday"}).status_code == 400


def test_others_recordings_are_out_of_reach(host: Wire, sandbox: SandboxControl) -> None:
    """For them there is none; and a token without the scope reads nothing."""
    uuid = _recorded(host, sandbox)["instances"][0]["uuid"]
    sandbox.create_user("colleague@demo.example")
    colleague = host.as_user(sandbox.grant("colleague@demo.example")["access_token"])
    assert code_of(colleague.call("GET", _path(uuid))) == (404, 3301)

    poor = host.as_user(sandbox.grant("host@demo.example", scopes=["meeting:read:meeting"])["access_token"])
    assert code_of(poor.call("GET", _path(uuid))) == (400, 4711)


def _download(url: str, token: str = "", **headers: str) -> requests.Response:
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return requests.get(url, headers=headers, timeout=10)


def test_a_file_is_downloaded_in_full_or_in_parts(host: Wire, sandbox: SandboxControl) -> None:
    """By the host's token or a download token; every byte as many times as one likes."""
    meeting = _recorded(host, sandbox)["id"]
    fields = {"include_fields": "download_access_token", "ttl": 60}
    told = host.call("GET", f"/meetings/{meeting}/recordings", params=fields).json()
    file = told["recording_files"][0]
    url, size, token = file["download_url"], file["file_size"], told["download_access_token"]
    whole = _download(url, token)

    assert (whole.status_code, len(whole.content), whole.headers["Content-Type"]) == (200, size, "video/mp4")
    assert _download(url, host.token).content == whole.content
    rest = _download(url, token, Range="bytes=100-")
    assert (rest.status_code, rest.headers["Content-Range"]) == (206, f"bytes 100-{size - 1}/{size}")
    assert _download(url, token, Range="bytes=0-99").content + rest.content == whole.content
    assert _download(url, token, Range=f"bytes={size}-").status_code == 416


def test_a_file_is_not_for_everybody(host: Wire, sandbox: SandboxControl) -> None:
    """An expired, foreign or forged token is 401; without one there is a sign-in page with status 200."""
    meeting = _recorded(host, sandbox)["id"]
    fields = {"include_fields": "download_access_token", "ttl": 60}
    told = host.call("GET", f"/meetings/{meeting}/recordings", params=fields).json()
    url, token = told["recording_files"][0]["download_url"], told["download_access_token"]
    sandbox.create_user("colleague@demo.example")
    colleague = sandbox.grant("colleague@demo.example")["access_token"]

    assert [_download(url, wrong).status_code for wrong in (colleague, token[:-1] + "x", "rubbish")] == [401] * 3
    page = _download(f"{url}?access_token={token}")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html")
    sandbox.configure(clock_offset_seconds=120)
    assert _download(url, token).status_code == 401


def test_commands_that_no_recording_can_follow_are_refused(host: Wire, sandbox: SandboxControl) -> None:
    """In a sentence that says how things stand."""
    meeting = host.created(settings=OPEN)["id"]
    with pytest.raises(AssertionError, match="not in progress"):
        sandbox.start_recording(meeting)
    sandbox.join(meeting)
    with pytest.raises(AssertionError, match="recorded already"):
        sandbox.start_recording(meeting)
    with pytest.raises(AssertionError, match="it has: recording"):
        sandbox.finish_recording(meeting)
    uuid = sandbox.leave(meeting)["instances"][0]["uuid"]
    sandbox.finish_recording(meeting)
    with pytest.raises(AssertionError, match="not being processed"):
        sandbox.finish_recording(meeting, uuid)
