"""The recordings of appointments, with their files, as people and programs see them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Account, Appointment, Location, Recording, RecordingFile


@dataclass(frozen=True)
class FileFacts:
    """One file of a recording."""

    file_type: str
    recording_type: str | None
    size: int | None
    recorded_from: datetime | None
    recorded_to: datetime | None
    play_url: str | None = field(repr=False)
    archive_path: str | None


@dataclass(frozen=True)
class RecordingFacts:
    """The recording of one time the meeting was held, or what became of the search for it."""

    id: int
    appointment: str  # its external id
    location: str
    account: str
    outcome: str
    reason: str | None
    sought_since: datetime
    final_at: datetime | None
    next_attempt_at: datetime | None
    last_error: str | None
    started_at: datetime | None
    minutes: int | None
    total_size: int | None
    auto_delete_on: datetime | None
    share_url: str | None = field(repr=False)
    passcode: bytes | None = field(repr=False)
    files: list[FileFacts] = field(default_factory=list)


def recordings(session: Session, appointment_id: int) -> list[RecordingFacts]:
    """The recordings of one appointment, in the order in which they were made."""
    query = _RECORDINGS.where(Recording.appointment_id == appointment_id).order_by(Recording.sought_since, Recording.id)
    return _with_files(session, query)


def list_recordings(session: Session, *, location_id: int | None = None, limit: int = 50) -> list[RecordingFacts]:
    """The newest *limit* recordings, of one location if given."""
    query = _RECORDINGS.order_by(Recording.id.desc()).limit(limit)
    return _with_files(session, query if location_id is None else query.where(Recording.location_id == location_id))


_RECORDINGS: sa.Select[*tuple[Any, ...]] = (
    sa.select(
        Recording.id,
        Appointment.external_id,
        Location.name,
        Account.email,
        Recording.outcome,
        Recording.reason,
        Recording.sought_since,
        Recording.final_at,
        Recording.next_attempt_at,
        Recording.last_error,
        Recording.started_at,
        Recording.minutes,
        Recording.total_size,
        Recording.auto_delete_on,
        Recording.share_url,
        Recording.passcode,
    )
    .join(Appointment, Appointment.id == Recording.appointment_id)
    .join(Location, Location.id == Recording.location_id)
    .join(Account, Account.id == Recording.account_id)
)


def _with_files(session: Session, query: sa.Select[*tuple[Any, ...]]) -> list[RecordingFacts]:
    found = {row.id: RecordingFacts(*row) for row in session.execute(query)}
    files: sa.Select[*tuple[Any, ...]] = sa.select(
        RecordingFile.recording_id,
        RecordingFile.file_type,
        RecordingFile.recording_type,
        RecordingFile.size,
        RecordingFile.recorded_from,
        RecordingFile.recorded_to,
        RecordingFile.play_url,
        RecordingFile.archive_path,
    )
    files = files.where(RecordingFile.recording_id.in_(found)).order_by(RecordingFile.recorded_from, RecordingFile.id)
    for recording_id, *columns in session.execute(files):
        found[recording_id].files.append(FileFacts(*columns))
    return list(found.values())
