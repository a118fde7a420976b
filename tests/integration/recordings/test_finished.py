"""A finished meeting is deleted, and if that costs its recording, deleting stops."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from core.db.models import Event, Installation, Meeting
from core.errors import Conflict
from core.services.closing import settle_owed
from core.services.recordings.collect import anything_to_collect
from core.services.recordings.finished import delete_finished, resume_deleting
from tests.integration.recordings.given import HOUR, MINUTE, collect, opened, take_place, the_recording
from tests.world import World


def lease_is(world: World, state: str) -> None:
    """Where the lifecycle has brought the leases."""
    released = state == "released"
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.text(
                "UPDATE leases SET state = :state, cooldown_until = now(),"
                " released_at = CASE WHEN :released THEN now() END,"
                " release_reason = CASE WHEN :released THEN 'cooled' END"
            ),
            {"state": state, "released": released},
        )


def delete(world: World, now: datetime, *, enabled: bool = True) -> int:
    """What the lifecycle sensor does at each tick."""
    with world.parts.sessions.begin() as session:
        return delete_finished(session, now=now, enabled=enabled)


def settle(world: World, now: datetime) -> list[str]:
    """What the run does that settles."""
    return [each.outcome for each in settle_owed(world.parts.sessions, world.parts.zoom, clock=lambda: now, run_id="s")]


def recorded(world: World) -> tuple[Meeting, datetime]:
    """A meeting that took place and whose recording is attached, and when that was."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting)
    assert collect(world, end + 15 * MINUTE) == ["attached"]
    return meeting, end + 16 * MINUTE


@pytest.mark.parametrize(("state", "deleted"), [("live", 0), ("processing", 0), ("cooldown", 1), ("released", 1)])
def test_a_meeting_is_deleted_once_it_is_over_and_its_recording_known(world: World, state: str, deleted: int) -> None:
    """Not while somebody may come back into it."""
    _, now = recorded(world)
    lease_is(world, state)

    assert delete(world, now) == deleted
    assert delete(world, now) == 0


def test_while_a_recording_is_sought_its_meeting_stays(world: World) -> None:
    """Deleting it might cost the recording."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting, finished=False)
    lease_is(world, "released")

    assert delete(world, end + HOUR) == 0


def test_while_an_instance_runs_its_meeting_stays(world: World) -> None:
    """Somebody came back by the old link."""
    _, now = recorded(world)
    lease_is(world, "cooldown")
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE meeting_instances SET ended_at = NULL, ended_by = NULL"))

    assert delete(world, now) == 0


def test_a_meeting_that_never_took_place_is_none_of_this(world: World) -> None:
    """It is deleted when its lease closes."""
    opened(world, "A-1")
    lease_is(world, "cooldown")

    assert delete(world, world.appointment().ends_at) == 0


def test_deleting_can_be_switched_off(world: World) -> None:
    """DELETE_FINISHED_MEETINGS=false."""
    _, now = recorded(world)
    lease_is(world, "cooldown")

    assert delete(world, now, enabled=False) == 0


def test_after_the_deletion_the_recording_is_read_once_more(world: World) -> None:
    """Only after Zoom has confirmed it; as long as it is there nothing happens."""
    _, now = recorded(world)
    lease_is(world, "cooldown")
    delete(world, now)

    collect(world, now + 10 * MINUTE)
    assert the_recording(world).recheck_at is not None  # still not deleted: nothing to be seen
    assert settle(world, now + 10 * MINUTE) == ["gone"]
    collect(world, now + 11 * MINUTE)
    assert the_recording(world).recheck_at is not None
    with world.parts.sessions() as session:
        assert anything_to_collect(session, now=now + 12 * MINUTE)
    collect(world, now + 12 * MINUTE)

    assert the_recording(world).recheck_at is None
    with world.parts.sessions() as session:
        assert not anything_to_collect(session, now=now + HOUR)
        assert session.scalars(sa.select(Installation.deletion_stopped_at)).one() is None


def test_a_recording_that_went_with_its_meeting_is_recovered_and_deleting_stops(world: World) -> None:
    """Until a person says that it may go on."""
    meeting, now = recorded(world)
    lease_is(world, "cooldown")
    world.sandbox.configure(delete_removes_recordings=True)
    delete(world, now)
    settle(world, now)

    collect(world, now + 6 * MINUTE)

    assert world.sandbox.meeting(str(meeting.zoom_meeting_id))["recordings"][0]["state"] == "completed"
    assert (the_recording(world).outcome, the_recording(world).recheck_at) == ("attached", None)
    [line] = [event for event in world.all(Event) if event.kind == "recording_recovered"]
    assert line.meeting_id == meeting.id
    [installation] = world.all(Installation)
    assert (installation.deletion_stopped_at, installation.deletion_stopped_reason) == (
        now + 6 * MINUTE,
        "recording_recovered",
    )
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE meetings SET state = 'created'"))
    assert delete(world, now + HOUR) == 0
    with world.parts.sessions.begin() as session:
        resume_deleting(session, actor="somebody", role="engineer", reason="Zoom mended it", now=now)
    assert delete(world, now + HOUR) == 1
    with world.parts.sessions.begin() as session, pytest.raises(Conflict):
        resume_deleting(session, actor="somebody", role="engineer", reason="again", now=now)


def test_a_recording_that_is_gone_for_good_stops_deleting_too(world: World) -> None:
    """It cannot be recovered, and the next one should not follow it."""
    meeting, now = recorded(world)
    lease_is(world, "cooldown")
    delete(world, now)
    settle(world, now)
    world.sandbox.delete_recording(str(meeting.zoom_meeting_id))

    collect(world, now + 6 * MINUTE)

    assert [event.kind for event in world.all(Event)].count("recording_lost") == 1
    assert world.all(Installation)[0].deletion_stopped_reason == "recording_lost"


def test_an_outage_while_looking_again_proves_nothing(world: World) -> None:
    """It is looked at later."""
    _, now = recorded(world)
    lease_is(world, "cooldown")
    delete(world, now)
    settle(world, now)
    world.sandbox.fault({"status": 503}, method="GET", path_regex="/recordings$")

    collect(world, now + 6 * MINUTE)

    assert the_recording(world).recheck_at == now + 11 * MINUTE
    assert world.all(Installation)[0].deletion_stopped_at is None
