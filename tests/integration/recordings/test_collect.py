"""Recordings that no event told of are found by asking, and asking ends."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Event, Recording
from core.errors import NeedsReauth, NotFound
from core.services.recordings.collect import Collected, anything_to_collect, collect_recordings, look_now
from tests.integration.recordings.given import (
    HOUR,
    MINUTE,
    collect,
    files_of,
    found,
    opened,
    take_place,
    the_recording,
)
from tests.world import World

RECORDINGS = {"method": "GET", "path_regex": "/recordings$"}


def due(world: World, now: datetime) -> bool:
    """Whether a run is asked for."""
    with world.parts.sessions() as session:
        return anything_to_collect(session, now=now)


def connection(world: World, state: str) -> None:
    """The state of every connection."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE accounts SET connection = :state"), {"state": state})


def test_a_recording_without_an_event_is_found_by_asking(world: World) -> None:
    """A quarter of an hour after the end, with all that an event would have brought."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting)

    assert not due(world, end + 14 * MINUTE)
    assert collect(world, end + 14 * MINUTE) == []
    assert due(world, end + 15 * MINUTE)
    assert collect(world, end + 15 * MINUTE) == ["attached"]

    recording = the_recording(world)
    assert recording.share_url is not None and recording.minutes == 30
    assert {each.file_type for each in files_of(world)} >= {"MP4", "M4A"}
    [line] = [event for event in world.all(Event) if event.kind == "recording_attached"]
    assert (line.run_id, line.appointment_id) == ("collect", world.appointment().id)
    assert not due(world, end + 100 * HOUR)


def test_a_recording_that_is_not_there_yet_is_asked_for_more_and_more_rarely(world: World) -> None:
    """Zoom answers like for one that will never be."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting, finished=False, recording_started_at=utcnow())

    assert collect(world, end + 15 * MINUTE) == ["sought"]
    assert collect(world, end + 59 * MINUTE) == []
    assert collect(world, end + HOUR) == ["sought"]
    assert the_recording(world).next_attempt_at == end + 4 * HOUR
    world.sandbox.finish_recording(str(meeting.zoom_meeting_id))
    assert collect(world, end + 4 * HOUR) == ["attached"]


def test_after_three_days_the_search_is_given_up_and_a_late_event_reverses_that(world: World) -> None:
    """Nobody is asked any more."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting, finished=False, recording_started_at=utcnow())

    assert collect(world, end + 73 * HOUR) == ["gave_up"]

    over = the_recording(world)
    assert (over.reason, over.final_at, over.next_attempt_at) == ("never_came", end + 73 * HOUR, None)
    assert not due(world, end + 100 * HOUR)
    found(world, meeting, uuid=over.zoom_uuid, at=end + 80 * HOUR)
    assert the_recording(world).outcome == "attached"


def test_no_recording_was_made_when_zoom_says_so_twice_and_none_began(world: World) -> None:
    """The account need not be held; the search goes on, and finds what two lost events hid."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting, finished=False)

    assert collect(world, end + 15 * MINUTE) == ["sought"]
    assert collect(world, end + 30 * MINUTE) == ["none_made"]

    none = the_recording(world)
    assert (none.reason, none.final_at) == ("never_started", end + 30 * MINUTE)
    assert world.leases()[0].look_at == end + 30 * MINUTE
    world.sandbox.finish_recording(str(meeting.zoom_meeting_id))
    assert collect(world, end + HOUR) == ["attached"]


def test_a_recording_that_stays_short_is_failed_after_two_more_looks(world: World) -> None:
    """With what is there, for whoever wants to see it."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting, minutes=30)
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE meeting_instances SET started_at = started_at - interval '2 hours'"))

    assert collect(world, end + 15 * MINUTE) == ["sought"]
    assert collect(world, end + HOUR) == ["sought"]
    assert collect(world, end + 4 * HOUR) == ["failed"]

    assert (the_recording(world).reason, the_recording(world).next_attempt_at) == ("too_short", None)
    kinds = [event.kind for event in world.all(Event) if event.kind.startswith("recording")]
    assert kinds == ["recording_incomplete", "recording_failed"]
    assert files_of(world)


def test_an_outage_is_no_answer(world: World) -> None:
    """It is asked again a minute later, also when the three days are over."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting)
    world.sandbox.fault({"status": 503}, times=1, **RECORDINGS)

    assert collect(world, end + 73 * HOUR) == ["later"]
    assert (the_recording(world).outcome, the_recording(world).reason) == ("sought", None)
    assert the_recording(world).last_error
    assert collect(world, end + 73 * HOUR + MINUTE) == ["attached"]
    assert the_recording(world).last_error is None


def test_nobody_is_asked_about_a_disconnected_account_until_it_is_connected_again(world: World) -> None:
    """Then at once, whatever had fallen due."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting)
    connection(world, "disconnected")

    assert not due(world, end + HOUR)
    assert collect(world, end + HOUR) == []
    connection(world, "draining")
    assert collect(world, end + HOUR) == ["attached"]


def test_a_search_under_a_disconnected_account_ends_after_three_days(world: World) -> None:
    """With the reason, by which one knows where to look."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting)
    connection(world, "disconnected")

    assert due(world, end + 73 * HOUR)
    assert collect(world, end + 73 * HOUR) == ["gave_up"]
    assert the_recording(world).reason == "disconnected"
    assert not due(world, end + 74 * HOUR)


def test_an_event_that_comes_while_zoom_is_asked_wins(world: World) -> None:
    """The answer was older than the event."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting, finished=False)
    uuid = the_recording(world).zoom_uuid
    asked = world.parts.zoom.client.get_recording

    def ask(*arguments: object) -> object:
        answer = asked(*arguments)  # type: ignore[arg-type]
        found(world, meeting, uuid=uuid, at=end + 15 * MINUTE)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.parts.zoom.client, "get_recording", ask)
        assert collect(world, end + 15 * MINUTE) == ["attached"]


def test_two_runs_do_not_ask_twice(world: World) -> None:
    """What one has taken the other leaves alone for two minutes."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting, finished=False)
    asked = world.parts.zoom.client.get_recording
    second: list[list[str]] = []

    def ask(*arguments: object) -> object:
        second.append(collect(world, end + 16 * MINUTE))
        return asked(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.parts.zoom.client, "get_recording", ask)
        collect(world, end + 15 * MINUTE)

    assert second == [[]]


def look(world: World, recording_id: int) -> Collected:
    """A person asks now."""
    parts = world.parts
    return look_now(parts.sessions, parts.zoom, parts.vault, recording_id=recording_id, actor="somebody", clock=utcnow)


def test_a_person_may_ask_at_any_time(world: World) -> None:
    """Also after the search ended; what is attached already stays as it is."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting)
    connection(world, "disconnected")
    collect(world, end + 73 * HOUR)

    with pytest.raises(NeedsReauth):
        look(world, the_recording(world).id)
    connection(world, "connected")
    assert look(world, the_recording(world).id).outcome == "attached"
    assert look(world, the_recording(world).id).outcome == "attached"
    assert the_recording(world).next_attempt_at is None
    assert [event.actor for event in world.all(Event) if event.kind == "recording_attached"] == ["somebody"]
    with pytest.raises(NotFound):
        look(world, 999)


def test_a_batch_is_bounded_and_takes_the_longest_due_first(world: World) -> None:
    """What is left is due at the next run."""
    meetings = opened(world, "A-1", "A-2", "A-3")
    ends = [take_place(world, meeting) for meeting in meetings]
    parts = world.parts
    now = max(ends) + HOUR
    first = collect_recordings(parts.sessions, parts.zoom, parts.vault, clock=lambda: now, run_id="r", limit=2)

    assert len(first) == 2
    assert [each.outcome for each in world.all(Recording)].count("sought") == 1
    assert collect(world, now) == ["attached"]
