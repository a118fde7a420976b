"""Scopes and token text."""

from __future__ import annotations

import base64
import json
import secrets

# The granular user-level scopes that the practice app holds (Zoom: OAuth scopes, granular).
APP_SCOPES = (
    "user:read:user",
    "user:read:settings",
    "meeting:write:meeting",
    "meeting:read:meeting",
    "meeting:read:list_meetings",
    "meeting:read:list_upcoming_meetings",
    "meeting:update:meeting",
    "meeting:delete:meeting",
    "meeting:update:status",
    "meeting:update:in_meeting_controls",
    "meeting:read:past_meeting",
    "meeting:read:list_past_instances",
    "meeting:read:list_past_participants",
    "cloud_recording:read:list_recording_files",
    "cloud_recording:read:list_user_recordings",
    "cloud_recording:delete:meeting_recording",
    "cloud_recording:update:recover_meeting_recordings",
)

_HEADER = base64.urlsafe_b64encode(json.dumps({"sv": "000001", "alg": "HS512", "v": "2.0"}).encode()).decode()


def new_token() -> str:
    """An opaque text in the shape and size of Zoom's tokens: three parts, most of a kilobyte."""
    return f"{_HEADER.rstrip('=')}.{secrets.token_urlsafe(480)}.{secrets.token_urlsafe(64)}"


def new_uuid() -> str:
    """A meeting UUID as Zoom makes them: base64, so now and then it holds a slash."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


def new_user_id() -> str:
    """22 URL-safe characters."""
    return secrets.token_urlsafe(16)
