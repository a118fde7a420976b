"""What was held under a meeting, and recordings of it as Zoom describes them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from core.clock import utcnow
from core.db.models import Meeting, MeetingInstance, Recording, RecordingFile
from core.services.recordings.attach import FoundRecording, attach
from core.services.recordings.collect import collect_recordings
from core.services.recordings.seek import seek_recordings
from core.zoom.payloads import ZoomRecording
from tests.world import World

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
UUID = "/a/b+c/inst=="
START = utcnow().replace(microsecond=0) - 40 * MINUTE
END = START + 30 * MINUTE


def opened(world: World, *appointments: str) -> list[Meeting]:
    """The meetings of these appointments at one location, each with an account of its own."""
    world.location(accounts=len(appointments))
    for external_id in appointments:
        world.book(external_id)
    world.run()
    return world.meetings()


def hold(
    world: World, meeting: Meeting, uuid: str = UUID, *, ended: datetime | None = END, events: int = 3, **values: Any
) -> None:
    """One instance of *meeting*, of half an hour unless told otherwise."""
    with world.parts.sessions.begin() as session:
        session.add(
            MeetingInstance(
                location_id=meeting.location_id,
                meeting_id=meeting.id,
                zoom_uuid=uuid,
                started_at=START,
                last_sign_at=ended or START,
                ended_at=ended,
                ended_by="event" if ended else None,
                events=events,
                **values,
            )
        )


def seek(world: World, *meetings: Meeting, now: datetime = END) -> None:
    """What the lifecycle does once an instance has ended."""
    with world.parts.sessions.begin() as session:
        seek_recordings(session, [meeting.id for meeting in meetings], now=now)


def file(key: str = "f1", kind: str = "MP4", *, minutes: float = 30, **values: Any) -> dict[str, Any]:
    """A file as Zoom describes it."""
    return {
        "id": key,
        "meeting_id": UUID,
        "recording_start": START.isoformat(),
        "recording_end": (START + minutes * MINUTE).isoformat(),
        "file_type": kind,
        "file_extension": kind,
        "file_size": 7_000,
        "play_url": f"https://zoom.example/rec/play/{key}",
        "download_url": f"https://zoom.example/rec/download/{key}",
        "status": "completed",
        "recording_type": "shared_screen_with_speaker_view",
        **values,
    }


def payload(meeting: Meeting, *files: dict[str, Any], uuid: str = UUID, **values: Any) -> ZoomRecording:
    """`payload.object` of recording.completed; one video of half an hour unless told otherwise."""
    held = list(files or [file()])
    return ZoomRecording.model_validate(
        {
            "id": int(meeting.zoom_meeting_id or 0),
            "uuid": uuid,
            "start_time": START.isoformat(),
            "duration": 29,
            "share_url": "https://zoom.example/rec/share/s",
            "password": "typed-1",
            "recording_play_passcode": "linked-1",
            "total_size": sum(each.get("file_size") or 0 for each in held),
            "auto_delete": True,
            "auto_delete_date": "2026-09-01",
            "recording_files": held,
            **values,
        }
    )


def found(
    world: World,
    meeting: Meeting,
    *files: dict[str, Any],
    uuid: str = UUID,
    whole: bool = True,
    at: datetime = END + 5 * MINUTE,
    **values: Any,
) -> None:
    """An event told of this recording."""
    attach_all(world, [FoundRecording(meeting.id, uuid, payload(meeting, *files, uuid=uuid, **values), whole, at)])


def attach_all(world: World, found_ones: Sequence[FoundRecording], *, now: datetime = END + 5 * MINUTE) -> None:
    """What the inbox does with a batch of events."""
    with world.parts.sessions.begin() as session:
        attach(session, found_ones, vault=world.parts.vault, now=now)


def the_recording(world: World, **where: Any) -> Recording:
    """The only recording with these values."""
    [recording] = world.all(Recording, **where)
    assert isinstance(recording, Recording)
    return recording


def files_of(world: World) -> list[RecordingFile]:
    """All files."""
    return world.all(RecordingFile)


def take_place(
    world: World, meeting: Meeting, *, minutes: float = 30, finished: bool = True, **values: Any
) -> datetime:
    """*meeting* is held on the practice Zoom for so long and recorded; we know of its instance and seek. When it ended.

    *values* change our instance.
    """
    zoom_id = str(meeting.zoom_meeting_id)
    offset = world.sandbox.config()["clock_offset_seconds"]
    world.sandbox.start_meeting(zoom_id)
    world.sandbox.configure(clock_offset_seconds=offset + 60 * minutes)
    instance = world.sandbox.end_meeting(zoom_id)["instances"][-1]
    if finished:
        world.sandbox.finish_recording(zoom_id)
    started, ended = (datetime.fromtimestamp(instance[name], UTC) for name in ("started_at", "ended_at"))
    given = {"started_at": started, "last_sign_at": ended, "ended_at": ended, "ended_by": "event", "events": 3}
    with world.parts.sessions.begin() as session:
        session.add(
            MeetingInstance(
                location_id=meeting.location_id, meeting_id=meeting.id, zoom_uuid=instance["uuid"], **(given | values)
            )
        )
    seek(world, meeting, now=ended)
    return ended


def collect(world: World, now: datetime) -> list[str]:
    """What a run that collects says at *now*."""
    parts = world.parts
    collected = collect_recordings(parts.sessions, parts.zoom, parts.vault, clock=lambda: now, run_id="collect")
    return [each.outcome for each in collected]
