"""Meetings as their host plans them: made, changed, deleted and brought back. How they are held is in `live.py`."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING

from core.sandbox import events, live, recordings
from core.sandbox.events import Operator
from core.sandbox.meeting_request import utc_start
from core.sandbox.records import JSON, Meeting, User
from core.sandbox.tokens import new_uuid
from core.sandbox.users import user_settings
from core.sandbox.wire import wire_time

if TYPE_CHECKING:
    from core.sandbox.world import World

SCHEDULED = 2
INSTANT = 1
_LETTERS_AND_DIGITS = string.ascii_letters + string.digits

_DEFAULT_SETTINGS: JSON = {
    "host_video": False,
    "participant_video": False,
    "cn_meeting": False,
    "in_meeting": False,
    "join_before_host": False,
    "jbh_time": 0,
    "mute_upon_entry": False,
    "watermark": False,
    "use_pmi": False,
    "approval_type": 2,
    "audio": "both",
    "auto_recording": "none",
    "enforce_login": False,
    "alternative_hosts": "",
    "alternative_hosts_email_notification": True,
    "waiting_room": False,
    "meeting_authentication": False,
    "encryption_type": "enhanced_encryption",
    "email_notification": True,
    "private_meeting": False,
    "internal_meeting": False,
    "device_testing": False,
    "request_permission_to_unmute_participants": False,
    "show_share_button": False,
    "allow_multiple_devices": False,
}


def create(
    world: World, host: User, request: JSON, *, drop_settings: JSON | None = None, source: str = "open_api"
) -> Meeting:
    """Make a meeting of a validated *request*; *drop_settings* are forced on it as a fault."""
    kind = request.get("type", SCHEDULED)
    now = world.utcnow()
    zone = request.get("timezone", host.timezone)
    start = utc_start(request["start_time"], zone) if "start_time" in request else now
    if kind == SCHEDULED and "start_time" not in request:
        kind = INSTANT  # As documented: without a start, a scheduled meeting silently becomes an instant one.
    meeting = Meeting(
        id=_new_id(world),
        uuid=new_uuid(),
        host_id=host.id,
        topic=request.get("topic") or f"{host.display_name}'s Zoom Meeting",
        agenda=request.get("agenda", ""),
        type=kind,
        start_time=wire_time(start),
        duration=request.get("duration", 60),
        timezone=zone,
        password=_password(host, request),
        passcode_token=f"{secrets.token_urlsafe(24)}.1",
        settings=_effective_settings(host, kind, request.get("settings", {})) | (drop_settings or {}),
        created_at=world.now(),
        source=source,
    )
    world.add_meeting(meeting)
    events.meeting_created(world, meeting)
    return meeting


def update(world: World, host: User, meeting: Meeting, request: JSON) -> None:
    """Change a meeting. A start in the past is silently ignored (Zoom API reference, Update a meeting)."""
    for name in ("topic", "agenda", "type", "duration", "timezone", "password"):
        if name in request:
            setattr(meeting, name, request[name])
    if "start_time" in request:
        start = utc_start(request["start_time"], meeting.timezone)
        if start > world.utcnow():
            meeting.start_time = wire_time(start)
    if "settings" in request:
        meeting.settings = _effective_settings(host, meeting.type, meeting.settings | request["settings"])
    world.store.put(meeting)


def delete(world: World, meeting: Meeting, operator: Operator | None = None) -> None:
    """Delete a meeting; what runs is ended by it. *operator* is its host unless told.

    Whether the recordings go with it Zoom does not say, so the sandbox does either, as configured.
    """
    live.end(world, meeting)
    meeting.deleted_at = world.now()
    world.store.put(meeting)
    events.meeting_changed(world, "meeting.deleted", meeting, operator)
    if world.config.delete_removes_recordings:
        for recording in world.recordings_of(meeting):
            recordings.trash(world, recording, operator)


def recover(world: World, meeting: Meeting) -> None:
    """Bring a deleted meeting back."""
    meeting.deleted_at = None
    world.store.put(meeting)
    events.meeting_changed(world, "meeting.recovered", meeting)


def _new_id(world: World) -> int:
    while (number := 80_000_000_000 + secrets.randbelow(20_000_000_000)) in world.meetings:
        pass
    return number


def _password(host: User, request: JSON) -> str:
    """The passcode asked for, else a made-up one where the host's settings require one."""
    password: str = request.get("password", "")
    required = user_settings(host)["schedule_meeting"]["require_password_for_scheduling_new_meetings"]
    if password or not required or request.get("default_password") is False:
        return password
    return "".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(8))


def _effective_settings(host: User, kind: int, requested: JSON) -> JSON:
    """What becomes of the requested settings: locks win, and some settings rule others out."""
    settings = _DEFAULT_SETTINGS | requested | host.locked
    if settings["waiting_room"] or kind == INSTANT:
        settings["join_before_host"] = False
    if settings["auto_recording"] == "cloud" and not _can_record_in_cloud(host, settings):
        settings["auto_recording"] = "none"
    return settings


def _can_record_in_cloud(host: User, settings: JSON) -> bool:
    """Cloud recording needs a licence, the host's own setting, and no end-to-end encryption."""
    allowed = bool(user_settings(host)["recording"]["cloud_recording"])
    return allowed and settings["encryption_type"] != "e2ee"
