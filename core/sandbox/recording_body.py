"""A finished recording as Zoom describes it, in REST answers and in webhooks alike, and the tokens that open it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from core.sandbox.recording_records import RecordedFile, Recording
from core.sandbox.records import JSON
from core.sandbox.wire import encode, wire_time

if TYPE_CHECKING:
    from core.sandbox.world import World

DAY = 24 * 3600
_HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=").decode()


def recording_body(world: World, recording: Recording, files: list[RecordedFile] | None = None) -> JSON:
    """What REST and webhooks have in common; *files* are all unless told."""
    meeting = world.meetings[recording.meeting_id]
    shown = recording.files if files is None else files
    host = world.users.get(meeting.host_id)
    last = max((file.ended_at for file in recording.files), default=recording.started_at)
    deletion = datetime.fromtimestamp(recording.started_at, UTC) + timedelta(days=30)
    return {
        "account_id": host.account_id if host else "",
        "uuid": recording.uuid,
        "id": meeting.id,
        "host_id": meeting.host_id,
        "topic": meeting.topic,
        "start_time": wire_time(recording.started_at),
        "timezone": meeting.timezone,
        "duration": minutes(last - recording.started_at),
        "total_size": sum(file.size for file in shown),
        "recording_count": len(shown),
        "share_url": f"{world.options.public_url}/rec/share/{recording.share_token}",
        "recording_play_passcode": recording.passcode,
        "password": meeting.password,
        "auto_delete": False,
        "auto_delete_date": deletion.date().isoformat(),
        "recording_files": [file_body(world, recording, file) for file in shown],
    }


def file_body(world: World, recording: Recording, file: RecordedFile) -> JSON:
    """One file. Time lines and captions come without id, status, size, type and play address."""
    base = f"{world.options.public_url}/rec"
    body = {
        "meeting_id": recording.uuid,
        "recording_start": wire_time(file.started_at),
        "recording_end": wire_time(file.ended_at),
        "file_type": file.type,
        "file_extension": file.extension,
        "download_url": f"{base}/download/{file.id}",
    }
    if file.type in ("TIMELINE", "CC"):
        return body
    return body | {
        "id": file.id,
        "file_size": file.size,
        "play_url": f"{base}/play/{file.id}",
        "status": "completed",
        "recording_type": file.kind,
    }


def minutes(seconds: float) -> int:
    """Whole minutes, rounded up; never less than one."""
    return max(1, -(-int(seconds) // 60))


def download_token(world: World, recording: Recording, seconds: float = DAY) -> str:
    """A token in the shape of Zoom's that downloads the files of one recording for a while."""
    claims = encode({"uuid": recording.uuid, "exp": world.now() + seconds})
    content = f"{_HEADER}.{base64.urlsafe_b64encode(claims).rstrip(b'=').decode()}"
    return f"{content}.{_signature(world, content)}"


def opens(world: World, token: str, recording: Recording) -> bool:
    """Whether *token* is a download token of *recording* that has not expired."""
    content, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(world, content).encode()):
        return False
    claims = content.partition(".")[2]
    read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return bool(read["uuid"] == recording.uuid and read["exp"] > world.now())


def _signature(world: World, content: str) -> str:
    return hmac.new(world.options.client_secret.encode(), content.encode(), hashlib.sha256).hexdigest()
