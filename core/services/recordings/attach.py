"""Attaching what Zoom recorded to the appointment, wherever it was learned from and whatever became of the lease."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.sql import statements
from core.domain.recording import File, fault_of, found
from core.domain.states import Recording
from core.services.recordings.standing import Stands, iso, lock_leases, standing_of, write_down
from core.services.timeline import SYSTEM, note_all
from core.zoom.payloads import ZoomRecording, ZoomRecordingFile
from core.zoom.vault import TokenVault


@dataclass(frozen=True)
class FoundRecording:
    """What was found of the recording of one instance of one of our meetings (*meeting_id* is ours).

    *whole*: it is all there is by now; False for a transcript that comes alone. *at*: Zoom's time of the event, or when
    Zoom was asked.
    """

    meeting_id: int
    zoom_uuid: str
    payload: ZoomRecording
    whole: bool
    at: datetime


def attach(
    session: Session,
    found_ones: Sequence[FoundRecording],
    *,
    vault: TokenVault,
    now: datetime,
    asked: bool = False,
    actor: str = SYSTEM,
    run_id: str | None = None,
) -> None:
    """Keep what was found and decide how each recording stands. The same thing found twice changes nothing.

    *asked*: it is Zoom's answer to a question of ours, so nothing that exists is left out of it.
    """
    if not found_ones:
        return
    by_instance: dict[tuple[int, str], list[FoundRecording]] = {}
    for each in found_ones:
        by_instance.setdefault((each.meeting_id, each.zoom_uuid), []).append(each)
    lock_leases(session, [each.meeting_id for each in found_ones])
    recordings = [_recording(together, vault) for together in by_instance.values()]
    rows = session.execute(statements("recordings")["keep_recordings"], {"found": json.dumps(recordings)}).all()
    parts = {row.id: by_instance[row.meeting_id, row.zoom_uuid] for row in rows}
    new_files = _keep_files(session, parts, now)
    files = _files_of(session, list(parts))
    stands = [_judged(row, parts[row.id], files.get(row.id, []), asked=asked, now=now) for row in rows]
    write_down(session, stands, actor=actor, run_id=run_id, now=now)
    note_all(session, _additions(stands, parts, new_files, actor=actor, run_id=run_id))


def _recording(together: Sequence[FoundRecording], vault: TokenVault) -> dict[str, Any]:
    """The columns of one recording from everything that was found of it; what was found later counts more."""
    columns: dict[str, Any] = {
        "meeting_id": together[0].meeting_id,
        "zoom_uuid": together[0].zoom_uuid,
        "at": min(each.at for each in together).isoformat(),
    }
    passcode = None
    for each in sorted(together, key=lambda one: one.at):
        payload = each.payload
        told = {
            "share_url": payload.share_url,
            "started_at": iso(payload.start_time),
            "minutes": payload.duration,
            "total_size": payload.total_size,
            "auto_delete_on": iso(payload.auto_delete_date),  # a day, which begins at 00:00 UTC
        }
        columns |= {name: value for name, value in told.items() if value is not None}
        passcode = payload.passcode or passcode
    if passcode:
        columns["passcode"] = vault.encrypt(passcode).decode()
    return columns


def _keep_files(session: Session, parts: Mapping[int, Sequence[FoundRecording]], now: datetime) -> dict[int, int]:
    """Keep the files, to be archived from *now* on; how many of each recording's are new."""
    files = {
        (recording_id, file.key): _file(recording_id, file)
        for recording_id, together in parts.items()
        for each in sorted(together, key=lambda one: one.at)
        for file in each.payload.recording_files
    }
    new: dict[int, int] = {}
    if files:
        given = {"files": json.dumps(list(files.values())), "now": now}
        for row in session.execute(statements("recordings")["keep_files"], given):
            new[row.recording_id] = new.get(row.recording_id, 0) + bool(row.is_new)
    return new


def _file(recording_id: int, file: ZoomRecordingFile) -> dict[str, Any]:
    # The download address is not kept: its token lives for a day, and Zoom gives a new one when asked.
    return {
        "recording_id": recording_id,
        "file_key": file.key,
        "zoom_file_id": file.id,
        "file_type": file.file_type,
        "file_extension": file.file_extension,
        "recording_type": file.recording_type,
        "size": file.file_size,
        "recorded_from": iso(file.recording_start),
        "recorded_to": iso(file.recording_end),
        "play_url": file.play_url,
        "status": file.status,
    }


def _files_of(session: Session, recording_ids: Sequence[int]) -> dict[int, list[File]]:
    files: dict[int, list[File]] = {}
    for row in session.execute(statements("recordings")["files_of"], {"recordings": recording_ids}):
        file = File(row.file_type, row.size, row.status, row.recorded_from, row.recorded_to)
        files.setdefault(row.recording_id, []).append(file)
    return files


def _judged(
    row: sa.Row[Any], together: Sequence[FoundRecording], files: Sequence[File], *, asked: bool, now: datetime
) -> Stands:
    before = standing_of(row)
    fault = fault_of(files, minutes=row.minutes, held=row.held)
    after = found(before, fault, asked=asked, since=row.sought_since, now=now)
    return Stands(row, before, after, max(each.at for each in together), files=len(files))


def _additions(
    stands: Iterable[Stands],
    parts: Mapping[int, Sequence[FoundRecording]],
    new_files: Mapping[int, int],
    *,
    actor: str,
    run_id: str | None,
) -> Iterable[dict[str, Any]]:
    """Lines for files that came to a recording which was attached before, the transcript for one."""
    for each in stands:
        added = new_files.get(each.row.id, 0)
        if not added or each.before.outcome is not Recording.ATTACHED:
            continue
        transcript = not any(part.whole for part in parts[each.row.id])
        kind = "recording_transcript" if transcript else "recording_more_files"
        yield each.line(kind, actor, run_id, files=added)
