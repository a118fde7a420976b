"""What Zoom recorded gets to its appointment, whenever and however often it is told."""

import time
from datetime import timedelta

import sqlalchemy as sa

from core.db.models import Event
from core.services.recordings.attach import FoundRecording
from tests.integration.recordings.given import (
    END,
    HOUR,
    MINUTE,
    UUID,
    attach_all,
    file,
    files_of,
    found,
    hold,
    opened,
    payload,
    seek,
    the_recording,
)
from tests.world import World


def kinds(world: World) -> list[str]:
    """What the timeline says of recordings."""
    return [event.kind for event in world.all(Event) if event.kind.startswith("recording")]


def test_an_ended_instance_is_sought_the_recording_of(world: World) -> None:
    """From a quarter of an hour after its end; once, however often somebody looks."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)
    hold(world, meeting, "running==", ended=None)

    seek(world, meeting)
    seek(world, meeting, now=END + HOUR)

    sought = the_recording(world)
    assert (sought.outcome, sought.zoom_uuid, sought.sought_since) == ("sought", UUID, END)
    assert sought.next_attempt_at == END + 15 * MINUTE
    assert sought.appointment_id == world.appointment().id


def test_an_instance_that_went_on_after_all_is_sought_from_its_real_end(world: World) -> None:
    """What was taken for its end was none."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)
    seek(world, meeting)
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE meeting_instances SET ended_at = :later"), {"later": END + HOUR})

    seek(world, meeting, now=END + HOUR)

    assert the_recording(world).next_attempt_at == END + HOUR + 15 * MINUTE


def test_a_meeting_that_zoom_would_not_record_has_none_at_once(world: World) -> None:
    """Nobody waits for it."""
    [meeting] = opened(world, "A-1")
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE meetings SET recorded = false"))
    hold(world, meeting)

    seek(world, meeting)

    none = the_recording(world)
    assert (none.outcome, none.reason, none.final_at, none.next_attempt_at) == ("none_made", "not_recorded", END, None)
    assert kinds(world) == ["recording_none_made"]


def test_a_recording_is_attached_with_all_its_files(world: World) -> None:
    """Share link, passcode (encrypted), length, and every file by its id; captions have none."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)
    seek(world, meeting)
    captions = {"file_type": "CC", "file_extension": "VTT", "recording_start": END.isoformat(), "recording_end": ""}

    found(world, meeting, file(), file("f2", "M4A"), captions)

    recording = the_recording(world)
    assert (recording.outcome, recording.reason, recording.next_attempt_at) == ("attached", None, None)
    assert recording.final_at == END + 5 * MINUTE
    assert (recording.share_url, recording.minutes) == ("https://zoom.example/rec/share/s", 29)
    assert recording.total_size == 14_000
    assert recording.auto_delete_on is not None and recording.auto_delete_on.isoformat() == "2026-09-01T00:00:00+00:00"
    assert recording.passcode is not None and b"typed-1" not in recording.passcode
    assert world.parts.vault.decrypt(recording.passcode) == "typed-1"
    files = {each.file_key: each for each in files_of(world)}
    assert set(files) == {"f1", "f2", f"CC:{END.isoformat()}"}
    assert (files["f2"].file_type, files["f2"].size) == ("M4A", 7_000)
    assert files["f1"].play_url == "https://zoom.example/rec/play/f1"
    [line] = [event for event in world.all(Event) if event.kind == "recording_attached"]
    assert line.detail == {"files": 3, "minutes": 29}
    assert world.leases()[0].look_at is not None


def test_the_same_event_thrice_changes_nothing(world: World) -> None:
    """Nor does it when all three come in one batch, or an older one comes last."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)
    one = FoundRecording(meeting.id, UUID, payload(meeting), whole=True, at=END + 5 * MINUTE)

    attach_all(world, [one, one])
    attach_all(world, [one])

    assert len(files_of(world)) == 1
    assert kinds(world) == ["recording_attached"]
    assert the_recording(world).final_at == END + 5 * MINUTE


def test_a_recording_may_come_before_anything_else_is_known(world: World) -> None:
    """All other events are late or lost; the search for it never begins."""
    [meeting] = opened(world, "A-1")

    found(world, meeting)
    hold(world, meeting)
    seek(world, meeting)

    assert the_recording(world).outcome == "attached"


def test_each_instance_has_a_recording_of_its_own(world: World) -> None:
    """The first is complete while the second still runs."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)
    hold(world, meeting, "second==", ended=None)

    found(world, meeting)
    found(world, meeting, file("g1"), uuid="second==", at=END + HOUR)

    assert the_recording(world, zoom_uuid=UUID).final_at == END + 5 * MINUTE
    assert the_recording(world, zoom_uuid="second==").final_at == END + HOUR


def test_a_transcript_that_comes_later_joins_its_recording(world: World) -> None:
    """With a line of its own; it makes nothing incomplete and moves no time."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)
    found(world, meeting)

    transcript = file("t1", "TRANSCRIPT", file_size=90)
    found(world, meeting, transcript, whole=False, at=END + HOUR, share_url=None, password=None)

    recording = the_recording(world)
    assert (recording.outcome, recording.final_at) == ("attached", END + 5 * MINUTE)
    assert recording.share_url is not None and recording.passcode is not None
    assert recording.total_size == 7_090
    assert kinds(world) == ["recording_attached", "recording_transcript"]


def test_a_transcript_alone_is_no_recording(world: World) -> None:
    """What it belongs to is looked for, and completes it when it comes."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)

    found(world, meeting, file("t1", "TRANSCRIPT"), whole=False)
    assert (the_recording(world).outcome, the_recording(world).final_at) == ("sought", None)
    found(world, meeting, at=END + 10 * MINUTE)

    assert (the_recording(world).outcome, len(files_of(world))) == ("attached", 2)
    assert kinds(world) == ["recording_incomplete", "recording_attached"]


def test_a_recording_far_shorter_than_the_meeting_is_shown_and_the_rest_is_looked_for(world: World) -> None:
    """The rest makes it complete: a recording that was stopped and begun again comes in parts."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)
    seek(world, meeting)

    found(world, meeting, file(minutes=5))

    part = the_recording(world)
    assert (part.outcome, part.reason, part.final_at) == ("sought", "too_short", None)
    assert part.share_url is not None and len(files_of(world)) == 1
    rest = file("f2", recording_start=(END - 20 * MINUTE).isoformat(), recording_end=END.isoformat())
    found(world, meeting, rest, at=END + 9 * MINUTE)
    assert (the_recording(world).outcome, the_recording(world).final_at) == ("attached", END + 9 * MINUTE)


def test_an_empty_recording_is_not_called_complete(world: World) -> None:
    """A size of zero is what a failed upload leaves behind."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)

    found(world, meeting, file(file_size=0))

    assert (the_recording(world).outcome, the_recording(world).reason) == ("sought", "empty")


def test_a_recording_that_was_given_up_is_attached_when_it_comes(world: World) -> None:
    """Days later, after the account was released; absence was never proof."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)
    seek(world, meeting)
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.text("UPDATE recordings SET outcome = 'gave_up', reason = 'never_came', final_at = :at"), {"at": END}
        )
        session.execute(
            sa.text("UPDATE leases SET state = 'released', released_at = :at, release_reason = 'cooled'"), {"at": END}
        )

    found(world, meeting, at=END + 90 * HOUR)

    recording = the_recording(world)
    assert (recording.outcome, recording.reason, recording.final_at) == ("attached", None, END + 90 * HOUR)


def test_a_thousand_recordings_are_attached_in_a_few_seconds(world: World) -> None:
    """A full hour ends for everybody at once."""
    meetings = opened(world, *[f"A-{n}" for n in range(4)])
    held = [(meetings[n % 4], f"uuid-{n}==") for n in range(1_000)]
    for meeting, uuid in held[:4]:
        hold(world, meeting, uuid)
    ones = [
        FoundRecording(
            meeting.id,
            uuid,
            payload(meeting, file(f"{uuid}v"), file(f"{uuid}a", "M4A"), file(f"{uuid}t", "TIMELINE"), uuid=uuid),
            whole=True,
            at=END + timedelta(minutes=5),
        )
        for meeting, uuid in held
    ]
    began = time.monotonic()

    for first in range(0, 1_000, 250):
        attach_all(world, ones[first : first + 250])

    assert time.monotonic() - began < 5
    assert len(files_of(world)) == 3_000
    assert kinds(world) == ["recording_attached"] * 1_000
