"""`GET /users/me/meetings`: which meetings each list type shows, and its pages (Zoom API reference, List meetings)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.sandbox.meeting_link import join_url
from core.sandbox.meetings import INSTANT
from core.sandbox.paging import page_of
from core.sandbox.records import Meeting
from core.sandbox.wire import Call, Reply, ZoomError, caller, wire_time

if TYPE_CHECKING:
    from core.sandbox.world import World

LIFE_AFTER_START = timedelta(days=30)
_TYPES = ("scheduled", "live", "upcoming", "upcoming_meetings", "previous_meetings")


def list_meetings(world: World, call: Call) -> Reply:
    """One page of the caller's meetings by start."""
    user = caller(call)
    kind = call.query.get("type", "scheduled")
    if kind not in _TYPES:
        raise ZoomError(400, 300, "Validation Failed.", errors=[("type", f"Must be one of {', '.join(_TYPES)}.")])
    shown = (meeting for meeting in world.meetings_of.get(user.id, {}).values() if _shown(world, meeting, kind))
    fields, page = page_of(world, call, shown, key=lambda meeting: (meeting.start_time, meeting.id), kind=kind)
    return Reply(200, fields | {"meetings": [_item(world, meeting) for meeting in page]})


def _shown(world: World, meeting: Meeting, kind: str) -> bool:
    if meeting.deleted_at is not None or meeting.type == INSTANT:
        return False
    now = world.utcnow()
    match kind:
        case "live":
            return meeting.running is not None
        case "previous_meetings":
            return bool(meeting.instances) and meeting.running is None
        case "scheduled":
            return meeting.start_time > wire_time(now - LIFE_AFTER_START)
        case _:
            return meeting.running is not None or meeting.start_time > wire_time(now)


def _item(world: World, meeting: Meeting) -> dict[str, object]:
    return {
        "uuid": meeting.uuid,
        "id": meeting.id,
        "host_id": meeting.host_id,
        "topic": meeting.topic,
        "type": meeting.type,
        "start_time": meeting.start_time,
        "duration": meeting.duration,
        "timezone": meeting.timezone,
        "agenda": meeting.agenda[:250],
        "created_at": wire_time(meeting.created_at),
        "join_url": join_url(world, meeting),
    }
