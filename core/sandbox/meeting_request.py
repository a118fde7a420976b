"""Checks a create or update request field by field (Zoom API reference, Meetings > Create a meeting)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.sandbox.records import JSON
from core.sandbox.wire import ZoomError

_START_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?$")
_PASSWORD = re.compile(r"^[A-Za-z0-9@\-_*!#$%^&+=.]{1,10}$")

Check = Callable[[Any], str | None]


def validated(body: JSON) -> JSON:
    """The request's known fields. Raises ZoomError 400/300 that names every field in error."""
    errors = [(name, text) for name, check in _FIELDS.items() if name in body and (text := check(body[name]))]
    settings = body.get("settings", {})
    if not isinstance(settings, dict):
        errors.append(("settings", "Invalid field."))
    else:
        errors += [
            (f"settings.{name}", text)
            for name, check in _SETTINGS.items()
            if name in settings and (text := check(settings[name]))
        ]
    if errors:
        raise ZoomError(400, 300, "Validation Failed.", errors=errors)
    return {name: value for name, value in body.items() if name in _FIELDS or name in ("settings", "default_password")}


def utc_start(start_time: str, zone: str) -> datetime:
    """A start as Zoom reads it: UTC with `Z`, else local time of *zone*."""
    moment = datetime.fromisoformat(start_time.removesuffix("Z"))
    return moment.replace(tzinfo=UTC if start_time.endswith("Z") else ZoneInfo(zone)).astimezone(UTC)


def _text(limit: int) -> Check:
    return lambda value: (
        None if isinstance(value, str) and len(value) <= limit else f"The value must be a text of at most {limit}."
    )


def _one_of(*allowed: object) -> Check:
    def check(value: Any) -> str | None:
        # True == 1 in Python, but not in JSON.
        known = any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in allowed)
        return None if known else f"The value must be one of {', '.join(map(str, allowed))}."

    return check


def _start_time(value: Any) -> str | None:
    if isinstance(value, str) and _START_TIME.match(value):
        try:
            datetime.fromisoformat(value.removesuffix("Z"))
            return None
        except ValueError:
            pass
    return "Invalid field, expected yyyy-MM-ddTHH:mm:ssZ or yyyy-MM-ddTHH:mm:ss."


def _zone(value: Any) -> str | None:
    try:
        ZoneInfo(value)
        return None
    except (TypeError, ValueError, OSError, ZoneInfoNotFoundError):
        return "Invalid timezone."


def _minutes(value: Any) -> str | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return None if whole and 1 <= value <= 1440 else "The value must be a number of minutes from 1 to 1440."


def _password(value: Any) -> str | None:
    if value == "" or (isinstance(value, str) and _PASSWORD.match(value)):
        return None
    return "Password can only have at most 10 characters of a-z, A-Z, 0-9 and @ - _ *."


_FLAG = _one_of(True, False)

_FIELDS: dict[str, Check] = {
    "topic": _text(200),
    "agenda": _text(2000),
    "type": _one_of(1, 2, 3, 8, 10),
    "start_time": _start_time,
    "timezone": _zone,
    "duration": _minutes,
    "password": _password,
}

_SETTINGS: dict[str, Check] = {
    "auto_recording": _one_of("local", "cloud", "none"),
    "jbh_time": _one_of(0, 5, 10, 15),
    "approval_type": _one_of(0, 1, 2),
    "encryption_type": _one_of("enhanced_encryption", "e2ee"),
    "audio": _one_of("both", "telephony", "voip", "thirdParty"),
    **dict.fromkeys(
        (
            "host_video",
            "participant_video",
            "join_before_host",
            "waiting_room",
            "meeting_authentication",
            "mute_upon_entry",
            "use_pmi",
            "email_notification",
            "alternative_hosts_email_notification",
            "private_meeting",
            "internal_meeting",
            "device_testing",
        ),
        _FLAG,
    ),
}
