"""What the sandbox remembers of cloud recordings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass
class Stretch:
    """What was recorded between a start and a stop. *ended_at* is None while it records."""

    started_at: float
    ended_at: float | None = None


@dataclass
class RecordedFile:
    """A file of a finished recording, in Zoom's words for *type* and *kind* (its `recording_type`)."""

    id: str
    type: str
    extension: str
    kind: str
    size: int
    started_at: float
    ended_at: float


@dataclass
class Recording:
    """The cloud recording of one instance, which *uuid* names."""

    KIND: ClassVar[str] = "recording"

    uuid: str
    meeting_id: int
    passcode: str
    share_token: str
    started_at: float
    stretches: list[Stretch] = field(default_factory=list)
    files: list[RecordedFile] = field(default_factory=list)
    processing_since: float | None = None
    completed_at: float | None = None
    trashed_at: float | None = None
    deleted_at: float | None = None

    @classmethod
    def load(cls, body: dict[str, Any]) -> Recording:
        """A recording as it was stored."""
        stretches = [Stretch(**stretch) for stretch in body["stretches"]]
        files = [RecordedFile(**file) for file in body["files"]]
        return cls(**body | {"stretches": stretches, "files": files})

    @property
    def key(self) -> str:
        return self.uuid

    @property
    def running(self) -> Stretch | None:
        last = self.stretches[-1] if self.stretches else None
        return last if last and last.ended_at is None else None

    @property
    def state(self) -> str:
        if self.deleted_at is not None:
            return "deleted"
        if self.trashed_at is not None:
            return "trashed"
        if self.completed_at is not None:
            return "completed"
        return "recording" if self.processing_since is None else "processing"

    @property
    def has_transcript(self) -> bool:
        return any(file.type == "TRANSCRIPT" for file in self.files)
