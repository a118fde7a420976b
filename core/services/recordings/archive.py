"""Copying recordings to storage of our own: Zoom keeps them for as long as its settings say, and no longer."""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.errors import ZoomNotFound, ZoomPoolError, ZoomUnavailable
from core.services.opening.attempt import Zoom
from core.services.timeline import SYSTEM, note
from core.services.tokens import AccountCredentials, Fresh

if TYPE_CHECKING:
    from core.services.recordings.store import RecordingStore

TAKEN = timedelta(hours=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(days=1)
TRIES = 10  # over four days or so; then it is not there any more, or will never be let go
CHUNK = 1 << 20
BREAKS = 3  # how often a broken stream is taken up again at once


@dataclass(frozen=True)
class Progress:
    """How far a batch is, in files and in bytes as Zoom announced them."""

    files: int
    size: int
    files_done: int = 0
    bytes_done: int = 0


@dataclass(frozen=True)
class Archived:
    """What came of copying one file: `archived`, or `later` or `gave_up` with a sentence."""

    recording_id: int
    appointment_id: int
    file_type: str
    size: int | None
    outcome: str
    detail: str = ""


@dataclass
class _Meter:
    """Adds up what the threads report."""

    tell: Callable[[Progress], None]
    so_far: Progress
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *, size: int = 0, files: int = 0) -> None:
        with self.lock:
            done = self.so_far
            self.so_far = replace(done, files_done=done.files_done + files, bytes_done=done.bytes_done + size)
            self.tell(self.so_far)


@dataclass(frozen=True)
class _Batch:
    """What the threads share."""

    sessions: sessionmaker[Session]
    zoom: Zoom
    store: "RecordingStore"
    clock: Callable[[], datetime]
    run_id: str | None
    actor: str
    meter: _Meter


def anything_to_archive(session: Session, *, now: datetime) -> bool:
    """Whether a file is to be copied now."""
    return bool(session.scalar(statements("recordings")["archive_now"], {"now": now}))


def archive_recordings(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    store: "RecordingStore",
    *,
    clock: Callable[[], datetime],
    run_id: str | None,
    actor: str = SYSTEM,
    progress: Callable[[Progress], None] = lambda _: None,
    limit: int = 50,
    threads: int = 4,
) -> list[Archived]:
    """Copy up to *limit* files of known recordings to *store*. What was begun before is gone on with."""
    now = clock()
    with sessions.begin() as session:
        given = {"now": now, "until": now + TAKEN, "limit": limit}
        due = session.execute(statements("recordings")["claim_to_archive"], given).all()
    if not due:
        return []
    fresh = zoom.tokens.fresh({row.account_id for row in due}, now=now)
    meter = _Meter(progress, Progress(files=len(due), size=sum(row.size or 0 for row in due)))
    batch = _Batch(sessions, zoom, store, clock, run_id, actor, meter)
    by_recording = [list(rows) for _, rows in groupby(due, key=lambda row: row.recording_id)]
    with ThreadPoolExecutor(min(threads, len(by_recording)), thread_name_prefix="archive") as pool:
        archived = list(pool.map(lambda rows: _one_recording(batch, rows, fresh), by_recording))
    return [file for files in archived for file in files]


def path_of(row: sa.Row[Any]) -> str:
    """Where a file lies below the archive's address: ids and kinds only."""
    kind = re.sub(r"[^a-z0-9]+", "-", (row.recording_type or row.file_type or "file").lower()).strip("-")
    extension = re.sub(r"[^a-z0-9]", "", (row.file_extension or row.file_type or "bin").lower())
    folder = f"location-{row.location_id}/{row.made_at:%Y/%m}/appointment-{row.appointment_id}"
    return f"{folder}/recording-{row.recording_id}-{row.id}-{kind}.{extension}"


def _one_recording(batch: _Batch, rows: list[sa.Row[Any]], fresh: Fresh) -> list[Archived]:
    try:
        credentials = fresh.ready.get(rows[0].account_id)
        if credentials is None:
            raise fresh.failed[rows[0].account_id]
        urls = _addresses(batch, credentials, rows[0].zoom_uuid)
    except ZoomPoolError as error:
        archived = [_failed(batch, row, error) for row in rows]
    else:
        archived = [_one_file(batch, row, credentials, urls) for row in rows]
    done = [each for each in archived if each.outcome == "archived"]
    if done:
        with batch.sessions.begin() as session:
            note(
                session,
                "recording_archived",
                at=batch.clock(),
                actor=batch.actor,
                location_id=rows[0].location_id,
                appointment_id=rows[0].appointment_id,
                account_id=rows[0].account_id,
                meeting_id=rows[0].meeting_id,
                run_id=batch.run_id,
                files=len(done),
            )
    return archived


def _addresses(batch: _Batch, credentials: AccountCredentials, uuid: str) -> dict[str, str]:
    """Where the files are now; addresses that came with an event may have expired."""
    zoom = batch.zoom
    recording = zoom.tokens.using(credentials, lambda c: zoom.client.get_recording(c, uuid), now=batch.clock())
    if recording is None:
        raise ZoomNotFound("The recording is not on Zoom any more.")
    return {file.key: file.download_url for file in recording.recording_files if file.download_url}


def _one_file(batch: _Batch, row: sa.Row[Any], credentials: AccountCredentials, urls: dict[str, str]) -> Archived:
    path = path_of(row)
    try:
        if row.file_key not in urls:
            raise ZoomNotFound("Zoom does not list this file any more.")
        size = _copy(batch, row, credentials, urls[row.file_key], path)
    except ZoomPoolError as error:
        return _failed(batch, row, error)
    except OSError as error:
        # The storage's own trouble: full, away, not allowed. The sentence is the type's, an address may hold secrets.
        return _failed(batch, row, ZoomPoolError(f"The archive cannot be written ({type(error).__name__})."))
    with batch.sessions.begin() as session:
        session.execute(statements("recordings")["archived"], {"id": row.id, "path": path, "now": batch.clock()})
    batch.meter.add(files=1)
    return Archived(row.recording_id, row.appointment_id, row.file_type, size, "archived")


def _copy(batch: _Batch, row: sa.Row[Any], credentials: AccountCredentials, url: str, path: str) -> int:
    """Fetch one file, going on where an earlier try or a broken stream left off."""
    for left in reversed(range(BREAKS)):
        begun = batch.store.begun(path)
        if row.size is not None and begun >= row.size:
            break
        response = batch.zoom.tokens.using(
            credentials,
            lambda c, offset=begun: batch.zoom.client.download(c, url, offset=offset),  # type: ignore[misc]
            now=batch.clock(),
        )
        try:
            with response:
                goes_on = begun > 0 and response.status_code == requests.codes.partial_content
                batch.store.write(path, _chunks(batch, response), go_on=goes_on)
            break
        except requests.RequestException:
            if not left:
                raise ZoomUnavailable("The download broke off.") from None
    return batch.store.keep(path, row.size)


def _chunks(batch: _Batch, response: requests.Response) -> Iterator[bytes]:
    for chunk in response.iter_content(CHUNK):
        batch.meter.add(size=len(chunk))
        yield chunk


def _failed(batch: _Batch, row: sa.Row[Any], error: ZoomPoolError) -> Archived:
    gives_up = row.attempts >= TRIES
    pause = min(FIRST_PAUSE * 2 ** (row.attempts - 1), LONGEST_PAUSE)
    again_at = None if gives_up else batch.clock() + pause
    with batch.sessions.begin() as session:
        given = {"id": row.id, "again_at": again_at, "error": str(error)}
        session.execute(statements("recordings")["not_archived"], given)
    outcome = "gave_up" if gives_up else "later"
    return Archived(row.recording_id, row.appointment_id, row.file_type, row.size, outcome, str(error))
