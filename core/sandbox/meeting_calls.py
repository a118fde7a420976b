"""The meeting operations on the wire (Zoom API reference, Meetings)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from core.sandbox import live, meetings
from core.sandbox.meeting_link import join_url
from core.sandbox.meeting_list import list_meetings
from core.sandbox.meeting_request import validated
from core.sandbox.records import JSON, Meeting, User
from core.sandbox.wire import Call, Operation, Reply, ZoomError, caller, wire_time

if TYPE_CHECKING:
    from core.sandbox.world import World

_NO_LICENCE = (99, 4)


def create(world: World, call: Call) -> Reply:
    """Make a meeting under the caller."""
    host = hosting(call)
    request = validated(call.json())
    _count_write(world, host)
    meeting = meetings.create(world, host, request, drop_settings=call.drop_settings)
    return Reply(201, _body(world, meeting, host))


def get(world: World, call: Call) -> Reply:
    """One meeting, with a fresh start URL."""
    host = hosting(call)
    return Reply(200, _body(world, meeting_in_path(world, call, host), host))


def update(world: World, call: Call) -> Reply:
    """Change a meeting; counts like a create."""
    host = hosting(call)
    meeting = meeting_in_path(world, call, host)
    request = validated(call.json())
    _count_write(world, host)
    meetings.update(world, host, meeting, request)
    return Reply(204)


def delete(world: World, call: Call) -> Reply:
    """Delete a meeting that is not in progress.

    Specifications up to 2024 list 3002 for a meeting in progress and later ones are silent, so the sandbox refuses.
    """
    host = hosting(call)
    meeting = meeting_in_path(world, call, host)
    if meeting.running:
        raise ZoomError(400, 3002, f"Sorry, you cannot delete this meeting {meeting.id} since it is in progress.")
    meetings.delete(world, meeting)
    return Reply(204)


def change_status(world: World, call: Call) -> Reply:
    """End a running meeting or recover a deleted one.

    What Zoom answers for ending a meeting that does not run is undocumented; the sandbox refuses, so that a client
    cannot come to rely on it.
    """
    host = hosting(call)
    action = call.json().get("action")
    if action not in ("end", "recover"):
        raise ZoomError(400, 300, "Validation Failed.", errors=[("action", "Must be end or recover.")])
    meeting = meeting_in_path(world, call, host, deleted=action == "recover")
    if action == "recover":
        meetings.recover(world, meeting)
    elif meeting.running is None:
        raise ZoomError(400, 3000, "Cannot access meeting information: the meeting is not in progress.")
    else:
        live.end(world, meeting)
    return Reply(204)


def hosting(call: Call) -> User:
    """The caller as a host. Raises ZoomError 3161 for a user who may not hold meetings."""
    user = caller(call)
    if user.type in _NO_LICENCE or user.status != "active":
        raise ZoomError(400, 3161, "Your user account is not allowed meeting hosting and scheduling capabilities.")
    return user


def meeting_in_path(world: World, call: Call, host: User, *, deleted: bool | None = False) -> Meeting:
    """The meeting in the path. *deleted* says whether it must be deleted, must not, or (None) either.

    Raises ZoomError 404/3001 when there is none, 400/3003 when it is a colleague's.
    """
    text = call.path_params["meeting_id"]
    if not text.isdecimal():
        raise ZoomError(400, 300, "Validation Failed.", errors=[("meetingId", "Invalid meeting id.")])
    meeting = world.meetings.get(int(text))
    if meeting is None or (deleted is not None and (meeting.deleted_at is not None) != deleted):
        raise ZoomError(404, 3001, f"Meeting does not exist: {text}.")
    if meeting.host_id != host.id:
        owner = world.users.get(meeting.host_id)
        if owner is None or owner.account_id != host.account_id:
            raise ZoomError(404, 3001, f"Meeting does not exist: {text}.")
        raise ZoomError(400, 3003, "You are not the meeting host.")
    return meeting


def _count_write(world: World, host: User) -> None:
    """Count a create or update against the host's day.

    Raises ZoomError 429 when it is used up; that answer has been seen without `Retry-After` and `X-RateLimit-Type`
    and with plenty remaining, so it is told apart by its message alone.
    """
    limit = world.config.daily_create_limit
    day = world.host_day(host.id)
    if limit is not None and day.writes >= limit:
        raise ZoomError(
            429,
            429,
            f"You have exceeded the daily rate limit ({limit}) of Meeting Create/Update API requests permitted for "
            "this particular user. You may resume these requests at GMT 00:00:00.",
        )
    day.writes += 1
    world.store.put(day)


def _body(world: World, meeting: Meeting, host: User) -> JSON:
    """A meeting as the create and get operations show it."""
    return {
        "uuid": meeting.uuid,
        "id": meeting.id,
        "host_id": meeting.host_id,
        "host_email": host.email,
        "topic": meeting.topic,
        "type": meeting.type,
        "status": meeting.status,
        "start_time": meeting.start_time,
        "duration": meeting.duration,
        "timezone": meeting.timezone,
        "agenda": meeting.agenda,
        "created_at": wire_time(meeting.created_at),
        "start_url": f"{world.options.public_url}/s/{meeting.id}?zak={secrets.token_urlsafe(32)}",
        "join_url": join_url(world, meeting),
        "password": meeting.password,
        "h323_password": f"{meeting.id % 1_000_000:06d}",
        "pstn_password": f"{meeting.id % 1_000_000:06d}",
        "encrypted_password": meeting.passcode_token,
        "settings": meeting.settings,
        "creation_source": meeting.source,
        "pre_schedule": False,
    }


OPERATIONS = (
    Operation("POST", "/v2/users/{user_id}/meetings", create, "Medium", ("meeting:write:meeting", "meeting:write")),
    Operation(
        "GET", "/v2/users/{user_id}/meetings", list_meetings, "Medium", ("meeting:read:list_meetings", "meeting:read")
    ),
    Operation("GET", "/v2/meetings/{meeting_id}", get, "Light", ("meeting:read:meeting", "meeting:read")),
    Operation("PATCH", "/v2/meetings/{meeting_id}", update, "Light", ("meeting:update:meeting", "meeting:write")),
    Operation("DELETE", "/v2/meetings/{meeting_id}", delete, "Light", ("meeting:delete:meeting", "meeting:write")),
    Operation(
        "PUT", "/v2/meetings/{meeting_id}/status", change_status, "Light", ("meeting:update:status", "meeting:write")
    ),
)
