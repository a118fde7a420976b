"""`GET /users/me/meetings`: which meetings each list type shows, and its pages (Zoom API reference, List meetings)."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING

from core.sandbox.meetings import INSTANT, wire_time
from core.sandbox.records import Meeting
from core.sandbox.wire import Call, Reply, ZoomError, caller

if TYPE_CHECKING:
    from core.sandbox.world import World

PAGE_TOKEN_SECONDS = 900
LIFE_AFTER_START = timedelta(days=30)
_TYPES = ("scheduled", "live", "upcoming", "upcoming_meetings", "previous_meetings")

Position = tuple[str, int]


def list_meetings(world: World, call: Call) -> Reply:
    """One page of the caller's meetings by start."""
    user = caller(call)
    kind = call.query.get("type", "scheduled")
    if kind not in _TYPES:
        raise ZoomError(400, 300, "Validation Failed.", errors=[("type", f"Must be one of {', '.join(_TYPES)}.")])
    size = _whole_number(call, "page_size", 30)
    if not 1 <= size <= 300:
        raise ZoomError(400, 300, "Validation Failed.", errors=[("page_size", "Must be from 1 to 300.")])
    page_number = _whole_number(call, "page_number", 1)
    found = sorted(
        (meeting for meeting in world.meetings_of.get(user.id, {}).values() if _shown(world, meeting, kind)),
        key=_position,
    )
    if token := call.query.get("next_page_token"):
        after = _read_token(world, token, user.id, kind)
        rest = [meeting for meeting in found if _position(meeting) > after]
    else:
        rest = found[(page_number - 1) * size :]
    page = rest[:size]
    more = len(rest) > size
    return Reply(
        200,
        {
            "page_count": -(-len(found) // size),
            "page_number": page_number,
            "page_size": size,
            "total_records": len(found),
            "next_page_token": _new_token(world, user.id, kind, _position(page[-1])) if more else "",
            "meetings": [_item(world, meeting) for meeting in page],
        },
    )


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


def join_url(world: World, meeting: Meeting) -> str:
    """The guest's link; the passcode is embedded when the host's settings say so."""
    host = world.users.get(meeting.host_id)
    embedded = host is None or host.settings.get("schedule_meeting", {}).get("embed_password_in_join_link", True)
    secret = f"?pwd={meeting.passcode_token}" if meeting.password and embedded else ""
    return f"{world.options.public_url}/j/{meeting.id}{secret}"


def _position(meeting: Meeting) -> Position:
    return meeting.start_time, meeting.id


def _whole_number(call: Call, name: str, default: int) -> int:
    try:
        return int(call.query.get(name, default))
    except ValueError:
        raise ZoomError(400, 300, "Validation Failed.", errors=[(name, "Must be a number.")]) from None


def _new_token(world: World, user_id: str, kind: str, position: Position) -> str:
    content = json.dumps([user_id, kind, *position, world.now()])
    return base64.urlsafe_b64encode(content.encode()).decode()


def _read_token(world: World, token: str, user_id: str, kind: str) -> Position:
    """Where the next page begins. Raises ZoomError 300 for a token that is not ours, not for this list, or too old."""
    try:
        owner, listed, start, meeting_id, issued = json.loads(base64.urlsafe_b64decode(token))
        if (owner, listed) == (user_id, kind) and issued + PAGE_TOKEN_SECONDS > world.now():
            return start, meeting_id
    except (ValueError, TypeError):
        pass
    raise ZoomError(400, 300, "The next page token is invalid or expired.")
