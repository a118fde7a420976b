"""What is kept of an appointment: its timeline and its recordings."""

from typing import Any

from pydantic import Field

from console.api.schemas.base import Moment, Strict
from core.domain.states import Recording


class EventBody(Strict):
    """One line of the timeline."""

    at: Moment
    kind: str = Field(examples=["appointment_booked"])
    actor: str = Field(description="A person, `system`, or `key:` and the name of a key.", examples=["key:booking"])
    account: str | None = Field(description="The Zoom account it is about.")
    run_id: str | None = Field(description="The run that did it.")
    tracking_id: str | None = Field(description="Zoom's id of the call, for its support.")
    detail: dict[str, Any]


class Timeline(Strict):
    """Oldest first; *next* leads to those after them."""

    items: list[EventBody]
    next: str | None


class FileBody(Strict):
    """One file of a recording."""

    file_type: str = Field(examples=["MP4"])
    recording_type: str | None
    size: int | None = Field(description="Bytes.")
    recorded_from: Moment | None
    recorded_to: Moment | None
    play_url: str | None


class RecordingBody(Strict):
    """The recording of one time the meeting was held, or what became of the search for it."""

    id: int
    account: str
    outcome: Recording
    reason: str | None
    started_at: Moment | None
    minutes: int | None
    total_size: int | None
    auto_delete_on: Moment | None = Field(description="When Zoom deletes it.")
    share_url: str | None
    passcode: str | None
    files: list[FileBody]


class Recordings(Strict):
    """All of them, in the order in which they were made."""

    items: list[RecordingBody]
    next: str | None
