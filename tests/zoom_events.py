"""Events as Zoom writes and signs them, for tests and for the load of the bench."""

import json
import time
from typing import Any

from core.settings import SANDBOX_WEBHOOK_SECRET
from core.zoom.signatures import signature_of

MEETING = "91234567890"
TRACKING_ID = "v=2.0;clid=aw1;rid=WEB_1"


def event(kind: str, *, payload: dict[str, Any] | None = None, at: float | None = None, **thing: Any) -> dict[str, Any]:
    """One event of *kind*; *thing* adds to `payload.object`, *payload* replaces the whole payload."""
    ids = {"id": MEETING, "uuid": "inst==", "host_id": "U1", "topic": "Intake of Ann", "type": 2}
    return {
        "event": kind,
        "event_ts": round(1000 * (time.time() if at is None else at)),
        "payload": {"account_id": "A", "object": ids | thing} if payload is None else payload,
    }


def participant(kind: str, *, user: str = "16778240", time_of: str = "2026-01-01T10:01:00Z") -> dict[str, Any]:
    """Somebody joins or leaves."""
    when = "join_time" if kind.endswith("joined") else "leave_time"
    who = {"user_id": user, "user_name": "Ann", "participant_uuid": f"p-{user}", "email": "", when: time_of}
    return event(kind, participant=who)


def recording(kind: str = "recording.completed", *, files: int = 2, named: str = "one", **thing: Any) -> dict[str, Any]:
    """The recording of an instance, with addresses as long as Zoom's; *named* is in every download address."""
    listed = [
        {
            "id": f"{number:08d}-0000-4000-8000-000000000000",
            "meeting_id": "inst==",
            "recording_start": "2026-01-01T10:00:10Z",
            "recording_end": "2026-01-01T10:29:50Z",
            "file_type": "MP4",
            "file_extension": "MP4",
            "file_size": 7220,
            "play_url": f"https://us02web.zoom.us/rec/play/{'p' * 180}",
            "download_url": f"https://us02web.zoom.us/rec/webhook_download/{'d' * 600}/{named}",
            "status": "completed",
            "recording_type": "shared_screen_with_speaker_view",
        }
        for number in range(files)
    ]
    facts = {"id": int(MEETING), "recording_files": listed, "recording_play_passcode": "hidden-passcode"}
    return {**event(kind, **facts, **thing), "download_token": f"hidden-{named}"}


def signed(
    content: dict[str, Any] | bytes, *, secret: str = SANDBOX_WEBHOOK_SECRET, at: float | None = None
) -> tuple[bytes, dict[str, str]]:
    """The raw body and the headers of one delivery; *at* is when Zoom signed it, in Unix seconds."""
    body = content if isinstance(content, bytes) else json.dumps(content, separators=(",", ":")).encode()
    timestamp = str(round(time.time() if at is None else at))
    return body, {
        "Content-Type": "application/json",
        "x-zm-request-timestamp": timestamp,
        "x-zm-signature": signature_of(secret, timestamp, body),
        "x-zm-trackingid": TRACKING_ID,
    }
