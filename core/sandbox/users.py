"""`GET /users/me` and `GET /users/me/settings` (Zoom API reference, Users)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.sandbox.records import JSON, User
from core.sandbox.wire import Call, Operation, Reply, caller

if TYPE_CHECKING:
    from core.sandbox.world import World

_SETTINGS: JSON = {
    "schedule_meeting": {
        "host_video": False,
        "participants_video": False,
        "audio_type": "both",
        "join_before_host": True,
        "require_password_for_scheduling_new_meetings": True,
        "require_password_for_instant_meetings": True,
        "embed_password_in_join_link": True,
        "use_pmi_for_scheduled_meetings": False,
        "use_pmi_for_instant_meetings": False,
    },
    "in_meeting": {"waiting_room": False, "e2e_encryption": False, "chat": True, "entry_exit_chime": "none"},
    "recording": {
        "local_recording": True,
        "cloud_recording": True,
        "auto_recording": "none",
        "auto_delete_cmr": False,
        "auto_delete_cmr_days": 30,
    },
    "feature": {"meeting_capacity": 100, "large_meeting": False, "webinar": False, "concurrent_meeting": "Basic"},
    "email_notification": {"cloud_recording_available_reminder": True, "jbh_reminder": False},
}

_SECURITY: JSON = {
    "auto_security": True,
    "waiting_room": False,
    "meeting_password": True,
    "embed_password_in_join_link": True,
    "encryption_type": "enhanced_encryption",
    "end_to_end_encrypted_meetings": False,
}

# Where a locked meeting setting shows among the user's settings.
_LOCKED_SECTION = {
    "join_before_host": "schedule_meeting",
    "waiting_room": "in_meeting",
    "auto_recording": "recording",
}


def user_settings(user: User) -> JSON:
    """A user's settings as the un-optioned call returns them."""
    sections: JSON = {name: fields | user.settings.get(name, {}) for name, fields in _SETTINGS.items()}
    for name, section in _LOCKED_SECTION.items():
        if name in user.locked:
            sections[section][name] = user.locked[name]
    if user.type != 2:
        sections["recording"]["cloud_recording"] = False
    return sections


def me(world: World, call: Call) -> Reply:
    """The caller himself."""
    user = caller(call)
    return Reply(
        200,
        {
            "id": user.id,
            "account_id": user.account_id,
            "account_number": 100000001,
            "email": user.email,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "display_name": user.display_name,
            "type": user.type,
            "status": user.status,
            "verified": 1,
            "role_name": "Member",
            "timezone": user.timezone,
            "pmi": user.pmi,
            "use_pmi": False,
            "dept": "",
            "language": "en-US",
            "created_at": user.created_at,
            "last_login_time": user.created_at,
            "cluster": "us01",
        },
    )


def settings(world: World, call: Call) -> Reply:
    """The caller's settings. Like Zoom's, the answer holds the security settings only when `option` asks for them."""
    user = caller(call)
    option = call.query.get("option")
    if option == "meeting_security":
        return Reply(200, {"meeting_security": _security(user)})
    if option == "meeting_authentication":
        forced = user.locked.get("meeting_authentication", user.settings.get("meeting_authentication", False))
        return Reply(200, {"meeting_authentication": forced, "authentication_options": []})
    return Reply(200, user_settings(user))


def _security(user: User) -> JSON:
    shown = user_settings(user)
    derived: dict[str, Any] = {
        "waiting_room": shown["in_meeting"]["waiting_room"],
        "embed_password_in_join_link": shown["schedule_meeting"]["embed_password_in_join_link"],
    }
    security: JSON = _SECURITY | derived | user.settings.get("meeting_security", {})
    return security


OPERATIONS = (
    Operation("GET", "/v2/users/{user_id}", me, "Light", ("user:read:user", "user:read", "user_info:read")),
    Operation("GET", "/v2/users/{user_id}/settings", settings, "Medium", ("user:read:settings", "user:read")),
)
