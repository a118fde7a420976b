"""What Zoom tells of meetings that have been held (Zoom API reference, Past meetings)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.sandbox.meeting_calls import hosting, meeting_in_path
from core.sandbox.paging import page_of
from core.sandbox.recording_body import minutes
from core.sandbox.records import JSON, Instance, Meeting, Participant, User
from core.sandbox.wire import Call, Operation, Reply, ZoomError, decoded_id, wire_time

if TYPE_CHECKING:
    from core.sandbox.world import World


def past(world: World, call: Call) -> Reply:
    """An ended instance: by number the latest one, by UUID that very one."""
    host = hosting(call)
    return Reply(200, _past_body(host, *_ended(world, call, host)))


def past_instances(world: World, call: Call) -> Reply:
    """All ended instances of a meeting."""
    meeting = meeting_in_path(world, call, hosting(call), deleted=None)
    return Reply(
        200,
        {
            "meetings": [
                {"uuid": instance.uuid, "start_time": wire_time(instance.started_at)}
                for instance in meeting.instances
                if instance.ended_at is not None
            ]
        },
    )


def past_participants(world: World, call: Call) -> Reply:
    """Who was in an ended instance. Of a meeting with one participant alone Zoom tells nobody."""
    _, instance = _ended(world, call, hosting(call))
    people = instance.participants if len(instance.participants) > 1 else []
    fields, page = page_of(world, call, people, key=lambda person: (person.joined_at, person.user_id))
    return Reply(200, fields | {"participants": [_participant_body(instance, person) for person in page]})


def _ended(world: World, call: Call, host: User) -> tuple[Meeting, Instance]:
    """The instance in the path. Raises ZoomError 404/3001 while there is none, or it still runs."""
    wanted = decoded_id(call)
    ended = [
        (meeting, instance)
        for meeting in world.meetings_of.get(host.id, {}).values()
        for instance in meeting.instances
        if instance.ended_at is not None and wanted in (instance.uuid, str(meeting.id))
    ]
    if not ended:
        raise ZoomError(404, 3001, f"Meeting does not exist: {wanted}.")
    return ended[-1]


def _past_body(host: User, meeting: Meeting, instance: Instance) -> JSON:
    assert instance.ended_at is not None
    length = minutes(instance.ended_at - instance.started_at)
    # Whoever started a meeting without joining it, which only a command can do, counts as its one participant.
    stays = [_seconds(instance, person) for person in instance.participants] or [length * 60]
    return {
        "uuid": instance.uuid,
        "id": meeting.id,
        "host_id": meeting.host_id,
        "type": meeting.type,
        "topic": meeting.topic,
        "user_name": host.display_name,
        "user_email": host.email,
        "start_time": wire_time(instance.started_at),
        "end_time": wire_time(instance.ended_at),
        "duration": length,
        "total_minutes": sum(minutes(stay) for stay in stays),
        "participants_count": len(stays),
        "dept": "",
        "source": "Zoom",
    }


def _participant_body(instance: Instance, person: Participant) -> JSON:
    return {
        "id": person.zoom_user_id,
        "user_id": person.user_id,
        "name": person.name,
        "user_email": person.email,
        "registrant_id": "",
        "join_time": wire_time(person.joined_at),
        "leave_time": wire_time(person.left_at or instance.ended_at or person.joined_at),
        "duration": int(_seconds(instance, person)),
        "failover": False,
        "status": "in_meeting",
        "internal_user": bool(person.zoom_user_id),
    }


def _seconds(instance: Instance, person: Participant) -> float:
    return (person.left_at or instance.ended_at or person.joined_at) - person.joined_at


_PAST = "/v2/past_meetings/{meeting_id:path}"
OPERATIONS = (
    Operation(
        "GET",
        _PAST + "/instances",
        past_instances,
        "Medium",
        ("meeting:read:list_past_instances", "meeting:read"),
    ),
    Operation(
        "GET",
        _PAST + "/participants",
        past_participants,
        "Medium",
        ("meeting:read:list_past_participants", "meeting:read"),
    ),
    Operation("GET", _PAST, past, "Light", ("meeting:read:past_meeting", "meeting:read")),
)
