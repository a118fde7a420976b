"""The cloud recording operations on the wire, and the download of files (Zoom API reference, Cloud recording)."""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from core.sandbox import recordings
from core.sandbox.meeting_calls import hosting, meeting_in_path
from core.sandbox.paging import page_of, whole_number
from core.sandbox.recording_body import DAY, download_token, opens, recording_body
from core.sandbox.recording_records import RecordedFile, Recording
from core.sandbox.recordings import CannotRecord
from core.sandbox.records import JSON, User
from core.sandbox.wire import Call, Operation, Reply, ZoomError, bearer_grant, caller, decoded_id, wire_time

if TYPE_CHECKING:
    from core.sandbox.world import World

LONGEST_TTL = 7 * DAY
LONGEST_SPAN = timedelta(days=30)
_SIGN_IN_PAGE = b"<html><head><title>Sign In - Zoom</title></head><body><h1>Sign In</h1></body></html>"
_RANGE = re.compile(r"bytes=(\d+)-(\d*)$")


def get(world: World, call: Call) -> Reply:
    """A meeting's recording: by number its latest one, by UUID that of the very instance."""
    recording = _recording(world, call, caller(call))
    if recording.state != "completed":
        raise _none(call)
    body = _body(world, recording)
    if "download_access_token" in call.query.get("include_fields", ""):
        seconds = min(whole_number(call, "ttl", DAY), LONGEST_TTL)
        body["download_access_token"] = download_token(world, recording, seconds)
    return Reply(200, body)


def list_own(world: World, call: Call) -> Reply:
    """The caller's recordings of some days; of a span longer than a month the rest is silently left out."""
    user = caller(call)
    today = world.utcnow().date()
    first, last = _day(call, "from", today), _day(call, "to", today)
    last = min(last, first + LONGEST_SPAN)
    state = "trashed" if call.query.get("trash") == "true" else "completed"
    only = call.query.get("meeting_id")
    found = [
        recording
        for meeting in world.meetings_of.get(user.id, {}).values()
        for recording in world.recordings_of(meeting)
        if recording.state == state
        and first.isoformat() <= wire_time(recording.started_at)[:10] <= last.isoformat()
        and only in (None, str(meeting.id))
    ]
    kind = f"{first} {last} {state}"
    fields, page = page_of(world, call, found, key=lambda each: (each.started_at, each.uuid), kind=kind)
    span = {"from": first.isoformat(), "to": last.isoformat()}
    return Reply(200, span | fields | {"meetings": [_body(world, recording) for recording in page]})


def delete(world: World, call: Call) -> Reply:
    """Put a recording into the trash, or delete it for good."""
    recording = _recording(world, call, caller(call))
    if recording.state not in ("completed", "trashed"):
        raise _none(call)
    match call.query.get("action", "trash"):
        case "trash":
            recordings.trash(world, recording)
        case "delete":
            recordings.remove(world, recording)
        case _:
            raise ZoomError(400, 300, "Validation Failed.", errors=[("action", "Must be trash or delete.")])
    return Reply(204)


def change_status(world: World, call: Call) -> Reply:
    """Recover a recording from the trash."""
    recording = _recording(world, call, caller(call))
    if call.json().get("action") != "recover":
        raise ZoomError(400, 300, "Validation Failed.", errors=[("action", "Must be recover.")])
    if recording.state != "trashed":
        raise _none(call)
    recordings.recover(world, recording)
    return Reply(204)


def control_live(world: World, call: Call) -> Reply:
    """Start or stop recording a meeting in progress."""
    meeting = meeting_in_path(world, call, hosting(call))
    if meeting.running is None:
        raise ZoomError(404, 3001, f"Meeting does not exist: {meeting.id}.")
    try:
        match call.json().get("method"):
            case "recording.start":
                if world.config.recording_storage_full:
                    raise ZoomError(400, 3309, "Not enough cloud storage available.")
                recordings.begin(world, meeting, meeting.running)
            case "recording.stop":
                recordings.stop(world, meeting, meeting.running)
            case _:
                raise ZoomError(400, 300, "Validation Failed.", errors=[("method", "Invalid field.")])
    except CannotRecord as error:
        raise ZoomError(400, 300, str(error)) from error
    return Reply(202)


def download(world: World, call: Call) -> Reply:
    """A file, for the host's access token or a download token in the `Authorization` header.

    A token in the query is not looked at. Without any, Zoom shows its sign-in page with status 200.
    """
    found = _file(world, call.path_params["file_id"])
    if not call.headers.get("authorization"):
        return Reply(200, _SIGN_IN_PAGE, media_type="text/html")
    if found is None or not _may_download(world, call, found[0]):
        return Reply(401, {"status": False, "errorCode": 401, "errorMessage": "Forbidden"})
    file = found[1]
    content = _content(file)
    kind = {"MP4": "video/mp4", "M4A": "audio/mp4"}.get(file.type, "application/octet-stream")
    headers = {"Accept-Ranges": "bytes", "Content-Disposition": f'attachment; filename="{file.id}.{file.extension}"'}
    wanted = _RANGE.match(call.headers.get("range", ""))
    if wanted is None:
        return Reply(200, content, headers, kind)
    start, end = int(wanted[1]), min(int(wanted[2] or file.size - 1), file.size - 1)
    if start > end:
        return Reply(416, b"", headers | {"Content-Range": f"bytes */{file.size}"}, kind)
    headers["Content-Range"] = f"bytes {start}-{end}/{file.size}"
    return Reply(206, content[start : end + 1], headers, kind)


def show(world: World, call: Call) -> Reply:
    """Where share and play links lead."""
    page = b"<!doctype html><title>Recording</title><p>This is a practice recording: there is nothing to see.</p>"
    return Reply(200, page, media_type="text/html")


def _recording(world: World, call: Call, user: User) -> Recording:
    """The recording in the path, in whatever state, if it is the caller's. Raises ZoomError 404/3301."""
    wanted = decoded_id(call)
    own = world.meetings_of.get(user.id, {})
    if wanted.isdecimal():
        meeting = own.get(int(wanted))
        found = world.recordings_of(meeting) if meeting else []
    else:
        by_uuid = world.recordings.get(wanted)
        found = [by_uuid] if by_uuid and by_uuid.meeting_id in own else []
    if not found:
        raise _none(call)
    return found[-1]


def _none(call: Call) -> ZoomError:
    return ZoomError(404, 3301, f"There is no recording for this meeting: {decoded_id(call)}.")


def _body(world: World, recording: Recording) -> JSON:
    return recording_body(world, recording) | {"type": str(world.meetings[recording.meeting_id].type)}


def _day(call: Call, name: str, default: date) -> date:
    try:
        return date.fromisoformat(call.query.get(name, default.isoformat()))
    except ValueError:
        raise ZoomError(400, 300, "Validation Failed.", errors=[(name, "Expected yyyy-mm-dd.")]) from None


def _file(world: World, file_id: str) -> tuple[Recording, RecordedFile] | None:
    for recording in world.recordings.values():
        for file in recording.files:
            if file.id == file_id and recording.state == "completed":
                return recording, file
    return None


def _may_download(world: World, call: Call, recording: Recording) -> bool:
    grant = bearer_grant(world, call)
    if grant is not None:
        return grant.user_id == world.meetings[recording.meeting_id].host_id and grant.access_expires_at > world.now()
    return opens(world, call.headers["authorization"].partition(" ")[2], recording)


def _content(file: RecordedFile) -> bytes:
    """Bytes that are this file's own and the same each time."""
    block = hashlib.sha256(file.id.encode()).digest()
    return (block * (file.size // len(block) + 1))[: file.size]


_MEETING = "/v2/meetings/{meeting_id:path}/recordings"
OPERATIONS = (
    Operation("GET", _MEETING, get, "Light", ("cloud_recording:read:list_recording_files", "recording:read")),
    Operation("DELETE", _MEETING, delete, "Light", ("cloud_recording:delete:meeting_recording", "recording:write")),
    Operation(
        "PUT",
        _MEETING + "/status",
        change_status,
        "Light",
        ("cloud_recording:update:recover_meeting_recordings", "recording:write"),
    ),
    Operation(
        "GET",
        "/v2/users/{user_id}/recordings",
        list_own,
        "Medium",
        ("cloud_recording:read:list_user_recordings", "recording:read"),
    ),
    Operation(
        "PATCH",
        "/v2/live_meetings/{meeting_id}/events",
        control_live,
        "Medium",
        ("meeting:update:in_meeting_controls", "meeting:write"),
    ),
    Operation("GET", "/rec/download/{file_id}", download),
    Operation("GET", "/rec/play/{token}", show),
    Operation("GET", "/rec/share/{token}", show),
)
