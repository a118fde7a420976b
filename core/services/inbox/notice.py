"""What Zoom sends to the webhook: which event it is, of what, and how its repetition is recognised."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.errors import InvalidInput

URL_VALIDATION = "endpoint.url_validation"
LONGEST = 256  # characters of anything that becomes a column of its own; Zoom's ids have 11 to 36


@dataclass(frozen=True)
class Notice:
    """One event as it came. *body* is raw, and secret: it holds names, passcodes and download tokens."""

    key: str
    event: str
    payload: Mapping[str, Any]
    zoom_meeting_id: str | None
    zoom_uuid: str | None
    zoom_account_id: str | None
    zoom_user_id: str | None
    event_at: datetime
    body: bytes
    tracking_id: str | None


def read_notice(body: bytes, *, tracking_id: str | None = None, now: datetime) -> Notice:
    """The event in *body*; *now* stands in where Zoom does not say when it was.

    Raises:
        InvalidInput: it does not have the shape of an event of Zoom's.
    """
    event, payload, at = _shape(body)
    thing = _object(payload, "object")
    about_meeting = event.startswith(("meeting.", "recording."))  # elsewhere an object's id is not a meeting's
    uuid = _id(thing.get("uuid")) if about_meeting else None
    return Notice(
        key=_key(event, uuid, payload, thing, at) or f"{event}:{hashlib.sha256(body).hexdigest()}",
        event=event,
        payload=payload,
        zoom_meeting_id=_id(thing.get("id")) if about_meeting else None,
        zoom_uuid=uuid,
        zoom_account_id=_id(payload.get("account_id")),
        zoom_user_id=_id(payload.get("user_id")) if event == "app_deauthorized" else _id(thing.get("host_id")),
        event_at=now if at is None else at,
        body=body,
        tracking_id=_id(tracking_id),
    )


def _shape(body: bytes) -> tuple[str, dict[str, Any], datetime | None]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput("body", "This is not JSON.") from None
    if not isinstance(content, dict):
        raise InvalidInput("body", "This is not an object.")
    event, payload = content.get("event"), content.get("payload")
    if not isinstance(event, str) or not re.fullmatch(r"[\w.:-]{1,100}", event, re.ASCII):
        raise InvalidInput("event", "It has to be the name of an event.")
    if not isinstance(payload, dict):
        raise InvalidInput("payload", "It has to be an object.")
    # At the top according to Zoom's pages; within the payload of some events according to Zoom's own libraries.
    return event, payload, _time(content.get("event_ts", payload.get("event_ts")))


def _time(milliseconds: object) -> datetime | None:
    if milliseconds is None:
        return None
    try:
        if isinstance(milliseconds, int | float):
            return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise InvalidInput("event_ts", "It has to be a time in milliseconds.")


def _id(value: object) -> str | None:
    """*value* as text, for Zoom writes some ids now as text, now as a number; None if it cannot be an id."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if 0 < len(text) <= LONGEST and text.isprintable() else None


def _key(
    event: str, uuid: str | None, payload: dict[str, Any], thing: dict[str, Any], at: datetime | None
) -> str | None:
    """What two deliveries of the same event have in common, whatever else differs between them.

    Bodies do differ: a doubled `recording.completed` was seen with two download addresses. None: only the whole body
    tells this event from another.
    """
    match event.split("."):
        case ["app_deauthorized"]:
            return _joined(event, payload.get("user_id"), payload.get("deauthorization_time"))
        case ["meeting", "started" | "ended" | "created"]:
            return _joined(event, uuid)
        case ["meeting", "deleted" | "permanently_deleted" | "recovered"]:
            return _joined(event, uuid, at)  # what was recovered can be deleted again
        case ["recording", "trashed" | "deleted" | "recovered"]:
            return _joined(event, uuid, at)
        case ["meeting", kind] if kind.startswith("participant_"):
            who = _object(thing, "participant")
            when = who.get("leave_time") or who.get("join_time") or at
            return _joined(event, uuid, who.get("participant_uuid") or who.get("user_id"), when)
        case ["recording", "started" | "stopped" | "paused" | "resumed"]:
            file = _object(thing, "recording_file")
            return _joined(event, uuid, file.get("recording_start"), file.get("recording_end") or "-")
        case ["recording", "completed" | "transcript_completed"]:
            return _joined(event, uuid, _digest_of_files(thing.get("recording_files")))
    return None


def _joined(*parts: object) -> str | None:
    """The key of these parts; None where one is missing, for a key without it could be another event's, too."""
    texts = [part.isoformat() if isinstance(part, datetime) else _id(part) for part in parts]
    return None if None in texts else ":".join(map(str, texts))


def _object(thing: dict[str, Any], name: str) -> dict[str, Any]:
    found = thing.get(name)
    return found if isinstance(found, dict) else {}


def _digest_of_files(files: object) -> str | None:
    """Which files it is about, in whatever order they are listed. Files of some kinds have no id, only a start."""
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        return None
    ids = sorted(str(file.get("id") or (file.get("file_type"), file.get("recording_start"))) for file in files)
    return hashlib.sha256("\n".join(ids).encode(errors="replace")).hexdigest()
