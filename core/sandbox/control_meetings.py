"""Commands about meetings and their recordings: what people do in Zoom, as if they did it by hand.

`POST /sandbox/meetings/{id}/{action}`, with a JSON body; the answer is the meeting.

==================  ==============================================================================================
start               an instance begins, nobody in it yet
join                {name?, email?, user_id?, force?}: a guest, or the user of that address or id, comes in; the first
                    begins the instance where the meeting's settings let him, `force` in any case
leave               {user_id?}: that participant, or who came first, goes; the last one's leaving ends the instance
end                 for all who are inside
delete              {operator?}: deleted on Zoom's own pages, by that address
start-recording     further files of the running instance
stop-recording      the meeting goes on without
finish-recording    {uuid?}: what is being processed is completed
finish-transcript   {uuid?}: completed recordings get their transcripts
trash-recording     {uuid?}: into the trash, by hand; recovered through the API
delete-recording    {uuid?}: for good
==================  ==============================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from core.sandbox import live, meetings, recordings
from core.sandbox.command import Commands, Refused, meeting_numbered, user_named, value
from core.sandbox.events import Operator
from core.sandbox.meeting_link import join_url
from core.sandbox.meetings import INSTANT, SCHEDULED
from core.sandbox.recording_records import Recording
from core.sandbox.records import JSON, Instance, Meeting, User
from core.sandbox.wire import wire_time

if TYPE_CHECKING:
    from core.sandbox.world import World

Action = Callable[["World", Meeting, JSON], object]


def act(world: World, meeting: Meeting, action: str, body: JSON) -> None:
    """Do one of the actions. Raises Refused, CannotStart, NobodyThere or CannotRecord, whose words say why not."""
    if action not in _ACTIONS:
        raise Refused(f"a meeting can be told to {', '.join(_ACTIONS)}, not {action}", 404)
    _ACTIONS[action](world, meeting, body)


def use_by_hand(world: World, user: User, topic: str, *, instant: bool) -> Meeting:
    """The user makes a meeting of his own, without the API, and goes in. Raises CannotStart while he is in another."""
    request = {
        "topic": topic,
        "type": INSTANT if instant else SCHEDULED,
        "start_time": wire_time(world.now()),
        "settings": {"auto_recording": "none"},
    }
    meeting = meetings.create(world, user, request, source="web_portal")
    live.join(world, meeting, user=user)
    return meeting


def _start(world: World, meeting: Meeting, body: JSON) -> None:
    live.start(world, meeting)


def _end(world: World, meeting: Meeting, body: JSON) -> None:
    live.end(world, meeting)


def _join(world: World, meeting: Meeting, body: JSON) -> None:
    name, known = value(body, "name", str, "Guest"), value(body, "user_id", str, None)
    email = value(body, "email", str, "")
    user = user_named(world, known) if known else world.find_user(email)
    if value(body, "force", bool, False):
        live.start(world, meeting)
    live.join(world, meeting, name=name, user=user, email=email)


def _leave(world: World, meeting: Meeting, body: JSON) -> None:
    live.leave(world, meeting, value(body, "user_id", str, None))


def _delete(world: World, meeting: Meeting, body: JSON) -> None:
    host = world.users.get(meeting.host_id)
    company = host.email.partition("@")[2] if host else "practice.example"
    address = value(body, "operator", str, f"office@{company}")
    person = world.find_user(address)
    meetings.delete(world, meeting, Operator(address, person.id if person else "practice-administrator"))


def _running(meeting: Meeting) -> Instance:
    if meeting.running is None:
        raise Refused("this meeting is not in progress")
    return meeting.running


def _start_recording(world: World, meeting: Meeting, body: JSON) -> None:
    if world.config.recording_storage_full:
        raise Refused("the cloud storage is full")
    recordings.begin(world, meeting, _running(meeting))


def _stop_recording(world: World, meeting: Meeting, body: JSON) -> None:
    recordings.stop(world, meeting, _running(meeting))


def _on_recordings(do: Callable[[World, Recording], None], *states: str) -> Action:
    """Do something to the recording named by `uuid`, else to all of the meeting's in one of *states*."""

    def act_on(world: World, meeting: Meeting, body: JSON) -> None:
        uuid = value(body, "uuid", str, None)
        own = world.recordings_of(meeting)
        chosen = [each for each in own if (each.uuid == uuid if uuid else each.state in states)]
        if not chosen:
            found = ", ".join(each.state for each in own) or "none"
            raise Refused(f"this meeting has no such recording {' or '.join(states)}; it has: {found}")
        for recording in chosen:
            do(world, recording)

    return act_on


def _finish_transcript(world: World, recording: Recording) -> None:
    if not recording.has_transcript:
        recordings.finish_transcript(world, recording)


_ACTIONS: dict[str, Action] = {
    "start": _start,
    "join": _join,
    "leave": _leave,
    "end": _end,
    "delete": _delete,
    "start-recording": _start_recording,
    "stop-recording": _stop_recording,
    "finish-recording": _on_recordings(recordings.finish, "processing"),
    "finish-transcript": _on_recordings(_finish_transcript, "completed"),
    "trash-recording": _on_recordings(recordings.trash, "processing", "completed"),
    "delete-recording": _on_recordings(recordings.remove, "processing", "completed", "trashed"),
}


def _list_meetings(world: World, request: Request, body: Any) -> Any:
    return [_meeting_json(world, meeting) for meeting in world.meetings.values()]


def _show_meeting(world: World, request: Request, body: Any) -> Any:
    return _meeting_json(world, meeting_numbered(world, request.path_params["meeting_id"]))


def _act_on_meeting(world: World, request: Request, body: Any) -> Any:
    meeting = meeting_numbered(world, request.path_params["meeting_id"])
    act(world, meeting, request.path_params["action"], body)
    return _meeting_json(world, meeting)


def _use_by_hand(world: World, request: Request, body: Any) -> Any:
    user = user_named(world, request.path_params["user"])
    topic = value(body, "topic", str, "")
    return _meeting_json(world, use_by_hand(world, user, topic, instant=value(body, "instant", bool, False)))


def _meeting_json(world: World, meeting: Meeting) -> JSON:
    host = world.users.get(meeting.host_id)
    return {
        "id": meeting.id,
        "uuid": meeting.uuid,
        "host_id": meeting.host_id,
        "host_email": host.email if host else None,
        "topic": meeting.topic,
        "agenda": meeting.agenda,
        "type": meeting.type,
        "start_time": meeting.start_time,
        "duration": meeting.duration,
        "join_url": join_url(world, meeting),
        "settings": meeting.settings,
        "source": meeting.source,
        "state": "deleted" if meeting.deleted_at is not None else meeting.status,
        "created_at": meeting.created_at,
        "deleted_at": meeting.deleted_at,
        "instances": [asdict(instance) for instance in meeting.instances],
        "recordings": [asdict(each) | {"state": each.state} for each in world.recordings_of(meeting)],
    }


COMMANDS: Commands = (
    ("GET", "/sandbox/meetings", _list_meetings),
    ("GET", "/sandbox/meetings/{meeting_id:int}", _show_meeting),
    ("POST", "/sandbox/meetings/{meeting_id:int}/{action}", _act_on_meeting),
    ("POST", "/sandbox/users/{user}/use-by-hand", _use_by_hand),
)
