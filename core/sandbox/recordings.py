"""The life of a cloud recording: recorded in stretches, processed, completed, transcribed, trashed and recovered.

Zoom processes a recording after its instance has ended. Here that lasts `processing_seconds` by the sandbox's clock,
or, while that is 0, until somebody commands it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from core.sandbox import events
from core.sandbox.events import Operator
from core.sandbox.recording_records import RecordedFile, Recording, Stretch
from core.sandbox.records import Instance, Meeting

if TYPE_CHECKING:
    from core.sandbox.world import World

BYTES_PER_SECOND = 500
SMALLEST_FILE = 2_000
TRANSCRIPT_BYTES = 640


class CannotRecord(Exception):
    """A command to a recording that it cannot follow now; the message says why."""


def begin(world: World, meeting: Meeting, instance: Instance) -> None:
    """Record from now on. Raises CannotRecord while it does so already."""
    recording = world.recordings.get(instance.uuid)
    if recording is None:
        recording = Recording(
            uuid=instance.uuid,
            meeting_id=meeting.id,
            passcode=secrets.token_urlsafe(12),
            share_token=secrets.token_urlsafe(32),
            started_at=world.now(),
        )
        world.add_recording(recording)
    if recording.running:
        raise CannotRecord("this meeting is being recorded already")
    recording.stretches.append(Stretch(world.now()))
    world.store.put(recording)
    events.recording_changed(world, "recording.started", meeting, instance, recording.stretches[-1])


def stop(world: World, meeting: Meeting, instance: Instance) -> None:
    """Stop recording while the meeting goes on; another `begin` makes further files. Raises CannotRecord."""
    recording = world.recordings.get(instance.uuid)
    if recording is None or recording.running is None:
        raise CannotRecord("this meeting is not being recorded")
    stretch = recording.running
    stretch.ended_at = world.now()
    world.store.put(recording)
    events.recording_changed(world, "recording.stopped", meeting, instance, stretch)


def close(world: World, meeting: Meeting, instance: Instance) -> None:
    """The instance has ended: what was recorded goes into processing, what is too short to keep is forgotten."""
    recording = world.recordings.get(instance.uuid)
    if recording is None:
        return
    if recording.running:
        stop(world, meeting, instance)
    shortest = world.config.shortest_recording_seconds
    recording.stretches = [stretch for stretch in recording.stretches if _seconds(stretch) >= shortest]
    if recording.stretches:
        recording.processing_since = world.now()
        world.store.put(recording)
    else:
        world.forget_recording(recording)


def finish(world: World, recording: Recording) -> None:
    """Processing is over: the files are there. Raises CannotRecord unless it was going on."""
    if recording.state != "processing":
        raise CannotRecord(f"this recording is not being processed: it is {recording.state}")
    for stretch in recording.stretches:
        recording.files += _files(world, stretch)
    recording.completed_at = world.now()
    world.store.put(recording)
    events.recording_completed(world, "recording.completed", recording, recording.files)


def finish_transcript(world: World, recording: Recording) -> None:
    """The transcript of a completed recording is there. Raises CannotRecord where there can be none, or is one."""
    if not _wants_transcript(recording):
        raise CannotRecord("only a completed recording without a transcript can get one")
    first = recording.stretches[0]
    file = _file("TRANSCRIPT", "VTT", "audio_transcript", TRANSCRIPT_BYTES, first)
    recording.files.append(file)
    world.store.put(recording)
    events.recording_completed(world, "recording.transcript_completed", recording, [file])


def trash(world: World, recording: Recording, operator: Operator | None = None) -> None:
    """Put a recording into the trash, from where it can be recovered."""
    if recording.trashed_at is None and recording.deleted_at is None:
        recording.trashed_at = world.now()
        world.store.put(recording)
        events.recording_removed(world, "recording.trashed", recording, operator)


def remove(world: World, recording: Recording, operator: Operator | None = None) -> None:
    """Delete a recording for good."""
    if recording.deleted_at is None:
        recording.deleted_at = world.now()
        world.store.put(recording)
        events.recording_removed(world, "recording.deleted", recording, operator)


def recover(world: World, recording: Recording) -> None:
    """Take a recording out of the trash."""
    recording.trashed_at = None
    world.store.put(recording)
    events.recording_removed(world, "recording.recovered", recording)


def pass_time(world: World) -> None:
    """Finish what is due by the clock."""
    config = world.config
    for recording in world.recordings.values():
        if recording.state == "processing":
            completes = not config.recording_never_completes
            if completes and _passed(world, recording.processing_since, config.processing_seconds):
                finish(world, recording)
        elif _wants_transcript(recording) and _passed(world, recording.completed_at, config.transcript_seconds):
            finish_transcript(world, recording)


def _passed(world: World, since: float | None, seconds: float) -> bool:
    """Whether that long has passed; 0 seconds never do."""
    return since is not None and 0 < seconds <= world.now() - since


def _wants_transcript(recording: Recording) -> bool:
    return recording.state == "completed" and not recording.has_transcript


def _seconds(stretch: Stretch) -> float:
    return (stretch.ended_at or stretch.started_at) - stretch.started_at


def _files(world: World, stretch: Stretch) -> list[RecordedFile]:
    """The picture and the sound of a stretch, spoilt as configured."""
    config = world.config
    limit = config.recording_length_limit_seconds
    seconds = _seconds(stretch) if limit is None else min(limit, _seconds(stretch))
    kept = Stretch(stretch.started_at, stretch.started_at + seconds)
    size = 0 if config.recording_zero_size else SMALLEST_FILE + int(seconds * BYTES_PER_SECOND)
    files = [
        _file("MP4", "MP4", "shared_screen_with_speaker_view", size, kept),
        _file("M4A", "M4A", "audio_only", size // 4, kept),
    ]
    if config.recording_timeline:
        files.append(_file("TIMELINE", "JSON", "timeline", 0, kept))
    return files


def _file(kind: str, extension: str, recording_type: str, size: int, stretch: Stretch) -> RecordedFile:
    ended_at = stretch.ended_at if stretch.ended_at is not None else stretch.started_at
    return RecordedFile(
        id=f"{secrets.token_hex(4)}-{secrets.token_hex(2)}-{secrets.token_hex(2)}-{secrets.token_hex(6)}",
        type=kind,
        extension=extension,
        kind=recording_type,
        size=size,
        started_at=stretch.started_at,
        ended_at=ended_at,
    )
