"""Comparing with Zoom: what is over and still there goes, what is ours and missing is asked about, the rest is left."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Alert, Event, Installation, Lease, MeetingInstance, Recording
from core.zoom import client
from tests.integration.reconcile.given import (
    change,
    installation,
    leave_behind,
    meeting_on_zoom,
    on_zoom,
    opened,
    reconciled,
    told,
)
from tests.world import World


def test_a_meeting_that_outlived_its_lease_is_deleted(world: World) -> None:
    """By the rules it is over; Zoom is asked whether it runs, it is deleted, and the timeline says why."""
    [meeting] = opened(world)
    leave_behind(world, meeting.id)

    done = reconciled(world)

    assert told(done) == [("A-1", "left_behind", "gone")]
    assert (done.accounts, done.ours, done.fixed, done.refused) == (1, 1, 1, 0)
    assert on_zoom(world) == set()
    assert world.meetings()[0].state == "gone"
    kinds = [event.kind for event in world.all(Event, run_id="pass")]
    assert kinds == ["reconcile_left_behind", "meeting_gone"]
    assert reconciled(world).lines == ()


def test_a_meeting_of_an_open_lease_is_as_it_should_be(world: World) -> None:
    """Most of what is listed is; nothing is said of it."""
    opened(world, 2)

    done = reconciled(world)

    assert (done.accounts, done.listed, done.lines) == (2, 2, ())
    assert len(on_zoom(world)) == 2


def test_what_was_made_or_released_just_now_is_not_judged(world: World) -> None:
    """Zoom's list lags behind, and the way of the lease itself may not have come to its end."""
    [meeting] = opened(world)
    leave_behind(world, meeting.id)

    assert reconciled(world, clock=utcnow).lines == ()


def test_a_leftover_with_people_inside_is_reported_and_stays(world: World) -> None:
    """No meeting is deleted while it runs, whatever we believe about it."""
    [meeting] = opened(world)
    leave_behind(world, meeting.id)
    world.sandbox.start_meeting(str(meeting.zoom_meeting_id))

    done = reconciled(world)

    assert told(done) == [("A-1", "kept", "reported")]
    assert "people are inside" in done.lines[0].detail
    assert on_zoom(world) == {meeting.zoom_meeting_id}


def test_nothing_unknown_or_foreign_is_ever_deleted(world: World) -> None:
    """Our reference without a row of ours is reported, so is another installation's; what people made is theirs."""
    world.location(accounts=1)
    unknown = meeting_on_zoom(world, f"zp:{installation(world)}:4711")
    other = meeting_on_zoom(world, "zp:elsewhere:1")
    meeting_on_zoom(world, "Team lunch")

    done = reconciled(world)

    assert {(line.meeting, line.finding, line.done) for line in done.lines} == {
        (unknown, "unknown", "reported"),
        (other, "other_installation", "reported"),
    }
    assert len(on_zoom(world)) == 3


def test_a_restored_backup_never_deletes_what_was_made_before(world: World) -> None:
    """Its installation id is a new one: meetings that carry the old one are left, also those that it remembers."""
    [meeting] = opened(world)
    leave_behind(world, meeting.id)
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Installation).values(installation_id="another"))

    done = reconciled(world)

    assert told(done) == [("A-1", "kept", "reported")]
    assert on_zoom(world) == {meeting.zoom_meeting_id}


@pytest.mark.parametrize("fault", [{"status": 500, "body": {}}, {"reset": True}, {"html": True}])
def test_a_list_that_does_not_come_says_nothing(world: World, fault: dict[str, object]) -> None:
    """It is never read as an empty one: nothing is asked, deleted or concluded, and the account is named."""
    [meeting] = opened(world)
    world.sandbox.delete_meeting(str(meeting.zoom_meeting_id))
    world.sandbox.fault(fault, method="GET", path_regex="/users/me/meetings")

    done = reconciled(world)

    assert (done.accounts, done.lines) == (0, ())
    assert [each.account for each in done.not_listed] == ["seat1@harbour-clinic.test"]
    assert world.leases()[0].ask_at is None


def test_half_a_list_says_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its other half may hold what the first lacks."""
    monkeypatch.setattr(client, "PAGE_SIZE", 1)
    monkeypatch.setattr(client, "MOST_PAGES", 2)
    [meeting] = opened(world)
    for _ in range(3):
        meeting_on_zoom(world, "Team lunch")
    world.sandbox.delete_meeting(str(meeting.zoom_meeting_id))

    done = reconciled(world)

    assert (len(done.not_listed), done.lines) == (1, ())
    assert world.leases()[0].ask_at is None


def test_one_account_without_a_list_does_not_hold_up_the_others(world: World) -> None:
    """The sick one is named; the leftover of the other is deleted."""
    first, second = opened(world, 2)
    leave_behind(world, first.id, second.id)
    sick = next(each for each in world.accounts() if each.id == first.account_id)
    world.sandbox.fault({"status": 500, "body": {}}, path_regex="/users/me/meetings", user_id=sick.zoom_user_id)

    done = reconciled(world)

    assert [each.account for each in done.not_listed] == [sick.email]
    assert on_zoom(world) == {first.zoom_meeting_id}


def test_many_leftovers_wait_for_a_person(world: World) -> None:
    """More than 5 % in one pass is no leftover but a mistake, perhaps ours: not one of them is deleted."""
    meetings = opened(world, 3)
    leave_behind(world, *(each.id for each in meetings[:2]))

    done = reconciled(world)

    assert [line.done for line in done.lines] == ["refused", "refused"]
    assert (done.refused, done.fixed) == (2, 0)
    assert len(on_zoom(world)) == 3
    assert {each.state for each in world.meetings()} == {"created"}

    assert [each.cleared_at for each in world.all(Alert, kind="reconcile")] == [None]

    looked_at = reconciled(world, allow_many=True)

    assert [line.done for line in looked_at.lines] == ["gone", "gone"]
    assert on_zoom(world) == {meetings[2].zoom_meeting_id}
    assert [each.cleared_at is None for each in world.all(Alert, kind="reconcile")] == [False]


def test_refused_deletions_are_told_once_until_they_are_settled(world: World) -> None:
    """Not again every hour; and a pass that lacks a list does not know whether they are."""
    meetings = opened(world, 3)
    leave_behind(world, *(each.id for each in meetings[:2]))
    reconciled(world)
    reconciled(world)
    world.sandbox.fault({"status": 500, "body": {}}, path_regex="/users/me/meetings")
    reconciled(world)

    assert [each.cleared_at for each in world.all(Alert, kind="reconcile")] == [None]

    world.sandbox.clear_faults()
    for meeting in meetings[:2]:
        world.sandbox.delete_meeting(str(meeting.zoom_meeting_id))
    reconciled(world)

    assert [each.cleared_at is None for each in world.all(Alert, kind="reconcile")] == [False]


def test_a_meeting_that_clients_wait_for_and_zoom_does_not_list_is_asked_about(world: World) -> None:
    """Absence from a list proves nothing, so that very meeting is asked about before anything follows."""
    [meeting] = opened(world)
    world.sandbox.delete_meeting(str(meeting.zoom_meeting_id))

    done = reconciled(world)

    assert told(done) == [("A-1", "not_listed", "asked about")]
    [lease] = world.leases()
    assert lease.ask_at is not None
    assert (lease.state, world.meetings()[0].state) == ("ready", "created")


def test_people_inside_whose_coming_we_missed_are_asked_about(world: World) -> None:
    """The webhook got lost; the list of running meetings tells."""
    [meeting] = opened(world)
    world.sandbox.start_meeting(str(meeting.zoom_meeting_id))

    done = reconciled(world)

    assert told(done) == [("A-1", "live_unnoticed", "asked about")]
    assert world.leases()[0].ask_at is not None


def test_what_zoom_confirmed_as_gone_and_lists_again_is_deleted_again(world: World) -> None:
    """Recovered in the portal, or a confirmation that was wrong: somebody could start it."""
    [meeting] = opened(world)
    leave_behind(world, meeting.id)
    change(world, meeting.id, state="gone", gone_at=utcnow())

    done = reconciled(world)

    assert told(done) == [("A-1", "still_there", "gone")]
    assert on_zoom(world) == set()


def test_a_creation_that_got_no_answer_is_adopted_and_deleted(world: World) -> None:
    """As the duty to look for it would have done a little later."""
    [meeting] = opened(world)
    leave_behind(world, meeting.id)
    change(world, meeting.id, state="unknown", zoom_meeting_id=None, next_attempt_at=utcnow() + timedelta(days=1))

    done = reconciled(world)

    assert told(done) == [("A-1", "found", "gone")]
    assert on_zoom(world) == set()


@pytest.mark.parametrize(
    ("outcome", "stays"), [("sought", True), (None, True), ("attached", False), ("gave_up", False)]
)
def test_a_meeting_stays_until_its_recording_is_final(world: World, outcome: str | None, stays: bool) -> None:
    """Its deletion could take the recording along; an instance nobody has asked about yet counts as sought."""
    [meeting] = opened(world)
    leave_behind(world, meeting.id)
    held(world, meeting.id, outcome)

    done = reconciled(world)

    assert bool(on_zoom(world)) == stays
    assert bool(done.lines) != stays
    # Zoom does not say what a deletion does to a recording: it is read once more.
    rechecked = [each.outcome for each in world.all(Recording) if each.recheck_at is not None]
    assert rechecked == (["attached"] if outcome == "attached" else [])


def test_what_was_held_stays_while_deleting_is_off_or_stopped(world: World) -> None:
    """A setting says so, or a recording was lost with its meeting; what nobody came to goes all the same."""
    meetings = opened(world, 2)
    leave_behind(world, *(each.id for each in meetings))
    held(world, meetings[0].id, "attached")
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Installation).values(deletion_stopped_at=utcnow(), deletion_stopped_reason="lost"))

    assert [line.done for line in reconciled(world).lines] == ["gone"]
    assert on_zoom(world) == {meetings[0].zoom_meeting_id}


def test_a_meeting_that_was_held_without_a_trace_of_its_recording_is_reported(world: World) -> None:
    """Its lease knows that people were inside; nobody ever looked for what Zoom recorded of it."""
    [meeting] = opened(world)
    leave_behind(world, meeting.id)
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Lease).values(live_at=utcnow()))

    assert told(reconciled(world)) == [("A-1", "kept", "reported")]
    assert on_zoom(world) == {meeting.zoom_meeting_id}


def test_a_look_changes_nothing(world: World) -> None:
    """What would be done is told, nothing is done."""
    first, second = opened(world, 2)
    leave_behind(world, first.id)
    world.sandbox.delete_meeting(str(second.zoom_meeting_id))

    done = reconciled(world, dry_run=True)

    assert {line.done for line in done.lines} == {"would be done"}
    assert on_zoom(world) == {first.zoom_meeting_id}
    assert world.all(Event, run_id="pass") == []
    assert all(lease.ask_at is None for lease in world.leases())


def test_a_pass_over_one_location_leaves_the_others(world: World) -> None:
    """Support looks at the location that called."""
    [meeting] = opened(world)
    leave_behind(world, meeting.id)
    other = world.location("Other Clinic")

    done = reconciled(world, location_id=other.id)

    assert (done.accounts, done.lines) == (1, ())
    assert on_zoom(world) == {meeting.zoom_meeting_id}


def held(world: World, meeting_id: int, outcome: str | None) -> None:
    """Let a meeting have been held; *outcome* of its recording, None where nobody has looked for it."""
    [meeting] = world.meetings(id=meeting_id)
    [lease] = world.leases(id=meeting.lease_id)
    about = {"location_id": meeting.location_id, "meeting_id": meeting.id, "zoom_uuid": "an-instance=="}
    now = utcnow()
    with world.parts.sessions.begin() as session:
        session.add(MeetingInstance(**about, started_at=now, last_sign_at=now, ended_at=now, ended_by="event"))
        if outcome:
            owner = {"appointment_id": lease.appointment_id, "account_id": lease.account_id}
            session.add(Recording(**about, **owner, outcome=outcome, sought_since=now))
