"""What was held under a meeting, and what Zoom recorded of it."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Base, Id, Zero, one_of, within_location
from core.domain import states


class MeetingInstance(Base):
    """One time a meeting was held, known by its UUID. Put together from whatever evidence came, in any order.

    *ended_by*: `event` (Zoom told us), or inferred: `asked` (we asked and it was over) or `recorded` (nobody knew of it
    until its recording came); a later sign of life takes an inferred end back.
    """

    __tablename__ = "meeting_instances"
    __table_args__ = (
        *within_location(("meeting_id", "meetings")),
        sa.UniqueConstraint("meeting_id", "zoom_uuid"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by_somebody"),
        sa.Index("meeting_instances_by_uuid", "zoom_uuid"),
    )

    id: Mapped[Id]
    location_id: Mapped[int]
    meeting_id: Mapped[int]
    zoom_uuid: Mapped[str]
    started_at: Mapped[datetime]
    last_sign_at: Mapped[datetime]  # the latest time at which somebody was certainly inside
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    recording_started_at: Mapped[datetime | None]
    events: Mapped[Zero]  # how many events of it came; none: its webhooks are lost


class Recording(Base):
    """The recording of one instance: sought from its end on until its outcome is known.

    Absence is never deletion: an outcome without files is reversed by files that come after all.
    """

    __tablename__ = "recordings"
    __table_args__ = (
        one_of("outcome", states.Recording),
        *within_location(("meeting_id", "meetings"), ("appointment_id", "appointments"), ("account_id", "accounts")),
        sa.UniqueConstraint("location_id", "id"),
        sa.UniqueConstraint("meeting_id", "zoom_uuid"),
        sa.Index("recordings_by_appointment", "appointment_id"),
        sa.Index("recordings_sought", "account_id", postgresql_where=sa.text("outcome = 'sought'")),
        sa.Index("recordings_lost", "final_at", postgresql_where=sa.text("outcome IN ('failed', 'gave_up')")),
        # How long recordings took, over months.
        sa.Index(
            "recordings_attached",
            "sought_since",
            postgresql_include=["location_id", "final_at"],
            postgresql_where=sa.text("outcome = 'attached'"),
        ),
        sa.Index("recordings_to_ask", "next_attempt_at", postgresql_where=sa.text("next_attempt_at IS NOT NULL")),
        sa.Index("recordings_to_recheck", "recheck_at", postgresql_where=sa.text("recheck_at IS NOT NULL")),
    )

    id: Mapped[Id]
    location_id: Mapped[int]
    meeting_id: Mapped[int]
    appointment_id: Mapped[int]
    account_id: Mapped[int]
    zoom_uuid: Mapped[str]
    outcome: Mapped[Annotated[str, mapped_column(server_default=states.Recording.SOUGHT)]]
    reason: Mapped[str | None]  # a short stable word: not_recorded, too_short, empty, disconnected ...
    sought_since: Mapped[datetime]
    final_at: Mapped[datetime | None]  # when the outcome became known, by Zoom's own time where it told
    share_url: Mapped[str | None]
    passcode: Mapped[bytes | None]  # encrypted
    started_at: Mapped[datetime | None]
    minutes: Mapped[int | None]  # as Zoom counts them
    total_size: Mapped[int | None]  # bytes
    auto_delete_on: Mapped[datetime | None]
    attempts: Mapped[Zero]
    none_since: Mapped[datetime | None]  # when Zoom first said that there is none
    next_attempt_at: Mapped[datetime | None]
    recheck_at: Mapped[datetime | None]  # the meeting was deleted: look once more whether the recording is still there
    last_error: Mapped[str | None]


class RecordingFile(Base):
    """One file of a recording. Zoom gives files of some kinds no id; *file_key* is the id, or kind and start."""

    __tablename__ = "recording_files"
    __table_args__ = (
        *within_location(("recording_id", "recordings")),
        sa.UniqueConstraint("recording_id", "file_key"),
        sa.Index(
            "recording_files_to_archive",
            "next_attempt_at",
            postgresql_where=sa.text("archived_at IS NULL AND next_attempt_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    location_id: Mapped[int]
    recording_id: Mapped[int]
    file_key: Mapped[str]
    zoom_file_id: Mapped[str | None]
    file_type: Mapped[str]
    file_extension: Mapped[str | None]
    recording_type: Mapped[str | None]
    size: Mapped[int | None]  # bytes
    recorded_from: Mapped[datetime | None]
    recorded_to: Mapped[datetime | None]
    play_url: Mapped[str | None]
    status: Mapped[str | None]
    archived_at: Mapped[datetime | None]
    archive_path: Mapped[str | None]
    attempts: Mapped[Zero]
    next_attempt_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
