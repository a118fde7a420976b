"""What an event of Zoom's is about, and when two deliveries are the same event."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import InvalidInput
from core.services.inbox.notice import Notice, read_notice
from tests import zoom_events as zoom

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def read(content: dict[str, Any]) -> Notice:
    """The notice of *content*."""
    return read_notice(json.dumps(content).encode(), now=NOW)


def key(content: dict[str, Any]) -> str:
    """What its repetition is recognised by."""
    return read(content).key


@pytest.mark.parametrize("meeting_id", ["91234567890", 91234567890])
def test_a_meeting_id_is_text_however_zoom_writes_it(meeting_id: object) -> None:
    """Zoom writes a number in some events and text in others."""
    notice = read(zoom.event("meeting.started", id=meeting_id))

    assert (notice.zoom_meeting_id, notice.zoom_uuid) == ("91234567890", "inst==")
    assert (notice.zoom_account_id, notice.zoom_user_id) == ("A", "U1")


def test_the_time_is_zooms_own() -> None:
    """In milliseconds, at the top or, as Zoom's libraries have it, within the payload; else when it came."""
    at = datetime(2026, 1, 1, 0, 0, 0, 123_000, UTC)
    within = {"account_id": "A", "user_id": "U1", "event_ts": 1767225600123}

    assert read(zoom.event("meeting.started", at=1767225600.123)).event_at == at
    assert read({"event": "app_deauthorized", "payload": within}).event_at == at
    assert read({"event": "app_deauthorized", "payload": {}}).event_at == NOW


def test_a_deauthorization_names_the_user() -> None:
    """There the user stands in the payload itself."""
    payload = {"account_id": "A", "user_id": "U7", "deauthorization_time": "2026-01-01T00:00:00.000Z"}
    notice = read(zoom.event("app_deauthorized", payload=payload))

    assert (notice.zoom_account_id, notice.zoom_user_id, notice.zoom_meeting_id) == ("A", "U7", None)
    assert notice.key == "app_deauthorized:U7:2026-01-01T00:00:00.000Z"


def test_an_object_that_is_no_meeting_is_not_taken_for_one() -> None:
    """A user's id looks like any other."""
    assert read(zoom.event("user.deactivated", id="U1")).zoom_meeting_id is None


@pytest.mark.parametrize("kind", ["meeting.started", "meeting.ended", "meeting.created"])
def test_what_happens_once_to_an_instance_is_known_by_it(kind: str) -> None:
    """Whatever else two deliveries say."""
    assert key(zoom.event(kind, at=1, topic="A")) == key(zoom.event(kind, at=2, topic="B")) == f"{kind}:inst=="
    assert key(zoom.event(kind)) != key(zoom.event(kind, uuid="other=="))


def test_what_was_recovered_can_be_deleted_again() -> None:
    """So a deletion is known by its time, too."""
    assert key(zoom.event("meeting.deleted", at=1)) == key(zoom.event("meeting.deleted", at=1, topic="B"))
    assert key(zoom.event("meeting.deleted", at=1)) != key(zoom.event("meeting.deleted", at=2))
    assert key(zoom.recording("recording.trashed")) != key({**zoom.recording("recording.trashed"), "event_ts": 5})


def test_participants_are_told_apart_by_person_and_time() -> None:
    """Two people at once are two events, and so is one who comes back."""
    joined = "meeting.participant_joined"
    keys = [
        key(zoom.participant(joined, user="1")),
        key(zoom.participant(joined, user="2")),
        key(zoom.participant(joined, user="1", time_of="2026-01-01T10:05:00Z")),
        key(zoom.participant("meeting.participant_left", user="1")),
    ]

    assert len(set(keys)) == 4
    assert key(zoom.participant(joined, user="1")) == keys[0]


def test_a_recording_started_again_is_another_event() -> None:
    """It is paused and resumed within one instance; while it runs its end is empty."""
    first = {"recording_start": "2026-01-01T10:00:10Z", "recording_end": ""}
    second = {"recording_start": "2026-01-01T10:20:00Z", "recording_end": ""}

    assert key(zoom.event("recording.started", recording_file=first)).endswith(":2026-01-01T10:00:10Z:-")
    assert key(zoom.event("recording.started", recording_file=first)) != key(
        zoom.event("recording.started", recording_file=second)
    )


def test_a_recording_is_known_by_its_files_not_by_its_addresses() -> None:
    """Zoom was seen to send it twice at once with different download addresses and tokens."""
    once, again = zoom.recording(named="one"), zoom.recording(named="two")
    again["payload"]["object"]["recording_files"].reverse()

    assert once != again
    assert key(once) == key(again)
    assert key(zoom.recording(files=3)) != key(once)
    assert key(zoom.recording(uuid="other==")) != key(once)
    assert key(zoom.recording("recording.transcript_completed")) != key(once)


def test_a_file_without_an_id_is_known_by_kind_and_start() -> None:
    """Zoom gives the timeline file none."""
    one, other = zoom.recording(), zoom.recording()
    for content, start in ((one, "2026-01-01T10:00:00Z"), (other, "2026-01-01T10:30:00Z")):
        content["payload"]["object"]["recording_files"] = [{"file_type": "TIMELINE", "recording_start": start}]

    assert key(one) != key(other)


@pytest.mark.parametrize(
    "content",
    [
        zoom.event("webinar.of_the_future", at=1),
        zoom.event("meeting.started", at=1, uuid=None),
        zoom.event("meeting.started", at=1, uuid="x" * 3000),
        zoom.event("meeting.started", at=1, uuid="nul\0"),
        zoom.event("meeting.started", at=1, uuid="half a \ud800"),
        zoom.event("meeting.participant_joined", at=1, participant=["strange"]),
        zoom.event("recording.completed", at=1, recording_files="strange"),
        zoom.event("app_deauthorized", at=1, payload={}),
    ],
)
def test_what_has_no_key_of_its_own_is_known_by_its_whole_body(content: dict[str, Any]) -> None:
    """Kept all the same, once; and nothing reaches a column that the database would refuse."""
    notice = read(content)

    assert notice.key == read(content).key != key(content | {"event_ts": 2000})
    assert notice.key.startswith(f"{content['event']}:")
    assert len(notice.key) < 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe\xfd",
        b"[" * 100_000,
        b"[]",
        b"null",
        b'"event"',
        b"{}",
        b'{"event":"meeting.started"}',
        b'{"event":"meeting.started","payload":[]}',
        b'{"event":7,"payload":{}}',
        b'{"event":"","payload":{}}',
        b'{"event":"a\\u0000b","payload":{}}',
        b'{"event":"meeting.started","event_ts":"yesterday","payload":{}}',
        b'{"event":"meeting.started","event_ts":1e300,"payload":{}}',
        b'{"event":"meeting.started","event_ts":NaN,"payload":{}}',
    ],
)
def test_what_has_not_the_shape_of_an_event_is_refused(body: bytes) -> None:
    """With a sentence, and never by breaking."""
    with pytest.raises(InvalidInput):
        read_notice(body, now=NOW)
