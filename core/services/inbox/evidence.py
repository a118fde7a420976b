"""What one event of Zoom's says about its meeting (Zoom: Meeting webhook events), read leniently.

Zoom promises neither order nor completeness, and fields come and go: what cannot be read falls back on the time of the
event itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from core.services.lifecycle.signs import Sign
from core.zoom.payloads import ZoomRecording

JOINED = ("meeting.participant_joined", "meeting.participant_jbh_joined")
LEFT = ("meeting.participant_left",)
RECORDING = ("recording.started", "recording.stopped", "recording.paused", "recording.resumed")
RECORDED = ("recording.completed", "recording.transcript_completed")
DELETED = ("meeting.deleted", "meeting.permanently_deleted")
DEAUTHORIZED = "app_deauthorized"
BEGINS = ("meeting.started", *JOINED, "recording.started")


@dataclass(frozen=True)
class OurMeeting:
    """The meeting an event is about. *leased*: its lease is open."""

    meeting_id: int
    location_id: int
    lease_id: int
    account_id: int
    appointment_id: int
    leased: bool


def sign_of(event: str, payload: Mapping[str, Any], uuid: str, at: datetime, meeting: OurMeeting) -> Sign | None:
    """What the event says of the instance *uuid*; None if it says nothing about anybody being inside."""
    thing = _object(payload, "object")
    began = _moment(thing.get("start_time")) or at
    if event == "meeting.started":
        return _sign(meeting, uuid, began, began)
    if event == "meeting.ended":
        ended = max(_moment(thing.get("end_time")) or at, began)
        return _sign(meeting, uuid, began, ended, ended_at=ended, by="event")
    if event in JOINED or event in LEFT:
        who = _object(thing, "participant")
        seen = _moment(who.get("leave_time")) or _moment(who.get("join_time")) or at
        return _sign(meeting, uuid, seen, seen)
    if event in RECORDING:
        file = _object(thing, "recording_file")
        begun = _moment(file.get("recording_start")) or at
        return _sign(meeting, uuid, begun, _moment(file.get("recording_end")) or begun, recording_at=begun)
    if event in RECORDED:
        return _recorded(thing, uuid, began, meeting)
    return None


def recording_of(payload: Mapping[str, Any]) -> ZoomRecording | None:
    """The recording that an event carries; None if it cannot be read."""
    try:
        return ZoomRecording.model_validate(payload.get("object"))
    except ValidationError:
        return None


def _recorded(thing: Mapping[str, Any], uuid: str, began: datetime, meeting: OurMeeting) -> Sign:
    listed = thing.get("recording_files")
    files = [file for file in listed if isinstance(file, dict)] if isinstance(listed, list) else []
    begins = _moments(file.get("recording_start") for file in files)
    ends = _moments(file.get("recording_end") for file in files)
    first = min([*begins, began])
    last = max([*ends, first])
    return _sign(meeting, uuid, first, last, ended_at=last, by="recorded", recording_at=min(begins, default=first))


def _sign(meeting: OurMeeting, uuid: str, started_at: datetime, seen_at: datetime, **more: Any) -> Sign:
    begun = min(started_at, seen_at)
    return Sign(meeting.location_id, meeting.meeting_id, uuid, begun, seen_at, events=1, **more)


def _object(thing: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = thing.get(name)
    return found if isinstance(found, dict) else {}


def _moments(values: Iterable[object]) -> list[datetime]:
    return [moment for moment in map(_moment, values) if moment is not None]


def _moment(value: object) -> datetime | None:
    """A time of Zoom's; None for the empty text it writes while something still runs."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and value else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo else None
