"""Cancelling: the appointment at once, its meeting on Zoom right after, its account as soon as Zoom has confirmed."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core.clock import utcnow
from core.db.models import Event, MeetingInstance
from core.errors import Conflict, MeetingInProgress, NotFound
from core.services.cancel import Cancelled, cancel
from core.services.closing import settle_owed
from core.services.vacate import Vacated
from tests.world import TEST, World

FREE = Vacated(free=True)
CREATE = {"method": "POST", "path_regex": "/users/me/meetings$"}


def cancelled(world: World, external_id: str = "A-1", *, end_meeting: bool = False) -> Cancelled:
    """Cancel as a person at the console would."""
    parts = world.parts
    return cancel(
        parts.sessions,
        parts.zoom,
        location="Harbour Clinic",
        external_id=external_id,
        actor=TEST,
        clock=utcnow,
        end_meeting=end_meeting,
    )


def settled(world: World, *, later: timedelta = timedelta(0)) -> list[str]:
    """What a settling run comes to, *later* from now."""
    parts = world.parts
    done = settle_owed(parts.sessions, parts.zoom, clock=lambda: utcnow() + later, run_id="settle")
    return [each.outcome for each in done]


def opened(world: World) -> int:
    """One appointment with its link; returns the meeting's id on Zoom."""
    world.location(accounts=1)
    world.book("A-1")
    world.run()
    [meeting] = world.zoom_meetings()
    return int(meeting["id"])


def test_before_the_link_is_opened_zoom_is_not_asked(world: World) -> None:
    """There is nothing on Zoom, so nothing of ours may depend on it."""
    world.location(accounts=1)
    world.book("A-1", starts_in=timedelta(hours=1))

    assert cancelled(world) == Cancelled("A-1", was_cancelled_before=False, account=FREE)

    assert (world.appointment("A-1").status, world.appointment("A-1").link) == ("cancelled", "ended")
    assert world.sandbox.stats()["answers"] == {}
    assert world.messages() == []
    assert world.run() == []


def test_an_opened_link_dies_and_its_account_is_free_in_the_same_request(world: World) -> None:
    """The meeting is gone from Zoom, and the account is leased to the next one at once."""
    opened(world)

    assert cancelled(world).account.free

    assert world.zoom_meetings() == []
    [lease] = world.leases()
    assert (lease.state, lease.release_reason) == ("released", "cancelled")
    [account] = world.accounts()
    assert account.idle_since == lease.released_at
    world.book("A-2")
    assert [outcome.outcome for outcome in world.run()] == ["ready"]


def test_cancelling_twice_is_fine(world: World) -> None:
    """The second says so and changes nothing."""
    opened(world)
    cancelled(world)

    assert cancelled(world) == Cancelled("A-1", was_cancelled_before=True, account=FREE)
    assert len(world.all(Event, kind="appointment_cancelled")) == 1


def test_a_client_who_has_the_link_is_told(world: World) -> None:
    """By one notice, in the outbox of the same transaction."""
    opened(world)

    cancelled(world)
    world.notify()

    mails = world.sandbox.wait_for_mail("a-1@clients.test", count=2)
    assert [message.kind for message in world.messages()] == ["join_link", "cancelled"]
    assert len({mail["message_id"] for mail in mails}) == 2


def test_a_link_that_has_not_left_does_not_leave_any_more(world: World) -> None:
    """Its mail is dropped, and who never got a link gets no notice either."""
    world.location(accounts=1)
    world.book("A-1")
    world.create(_allocated(world))

    cancelled(world)
    world.notify()

    assert [(message.kind, message.status) for message in world.messages()] == [("join_link", "dropped")]
    assert world.sandbox.mail_count() == 0


def _allocated(world: World) -> str:
    world.allocate(run_id="run")
    return "run"


def test_while_zoom_is_down_the_account_is_closing_and_freed_when_zoom_is_back(world: World) -> None:
    """Somebody could still start the old meeting, so nobody else gets the account until Zoom has confirmed."""
    opened(world)
    world.sandbox.fault({"status": 503}, path_regex="/v2/meetings/")

    assert not cancelled(world).account.free
    assert world.appointment("A-1").status == "cancelled"
    assert [lease.state for lease in world.leases()] == ["closing"]
    world.book("A-2")
    world.run()
    assert world.appointment("A-2").reason == "no_free_account"
    assert settled(world, later=timedelta(seconds=30)) == ["later"]

    world.sandbox.clear_faults()
    assert settled(world, later=timedelta(minutes=2)) == ["gone"]

    assert [lease.state for lease in world.leases()] == ["released"]
    assert world.zoom_meetings() == []
    world.run()
    assert world.appointment("A-2").link == "ready"


def test_a_meeting_of_a_revoked_account_is_not_asked_for_until_somebody_reconnects_it(world: World) -> None:
    """Nothing can be done before that: every run would be for nothing."""
    opened(world)
    world.sandbox.revoke_consent("seat1@harbour-clinic.test")

    assert not cancelled(world).account.free

    assert settled(world, later=timedelta(minutes=6)) == []
    assert [lease.state for lease in world.leases()] == ["closing"]


def test_while_people_are_inside_nothing_is_changed(world: World) -> None:
    """Whoever cancels has to decide to end their meeting first."""
    meeting = opened(world)
    world.sandbox.start_meeting(meeting)

    with pytest.raises(MeetingInProgress):
        cancelled(world)

    assert (world.appointment("A-1").status, world.appointment("A-1").link) == ("booked", "ready")
    assert [lease.state for lease in world.leases()] == ["ready"]
    assert [meeting["state"] for meeting in world.zoom_meetings()] == ["started"]


def test_people_who_are_inside_unknown_to_us_are_not_thrown_out(world: World) -> None:
    """Zoom did not answer when the cancellation asked; the deletion asks again before it deletes."""
    meeting = opened(world)
    world.sandbox.fault({"status": 503}, path_regex="/v2/meetings/")
    cancelled(world)
    world.sandbox.clear_faults()
    world.sandbox.start_meeting(meeting)

    assert settled(world, later=timedelta(minutes=3)) == ["live"]

    assert [meeting["state"] for meeting in world.zoom_meetings()] == ["started"]
    [lease] = world.leases()
    assert (lease.state, lease.closing_reason) == ("live", None)
    assert lease.ask_at is not None, "nobody would ask whether they have left"
    assert [meeting.state for meeting in world.meetings()] == ["created"]
    [instance] = world.all(MeetingInstance)
    assert instance.ended_at is None
    assert settled(world, later=timedelta(minutes=6)) == [], "its recording would be lost with it"


def test_told_to_the_people_inside_are_sent_out_and_the_recording_is_awaited(world: World) -> None:
    """The appointment is cancelled; the account stays taken, for its meeting was held and is not deleted yet."""
    meeting = opened(world)
    world.sandbox.start_meeting(meeting)

    done = cancelled(world, end_meeting=True)

    assert done.account == Vacated(free=False, held=True)
    assert world.appointment("A-1").status == "cancelled"
    assert [meeting["state"] for meeting in world.zoom_meetings()] == ["waiting"]
    [lease], [instance] = world.leases(), world.all(MeetingInstance)
    assert lease.state == "ready", "the lifecycle decides, from the evidence"
    assert lease.look_at is not None and lease.ask_at is not None
    assert instance.ended_by == "asked"
    assert [event.actor for event in world.all(Event, kind="meeting_ended_by_us")] == [TEST]


def test_a_meeting_that_did_not_end_is_ended_by_asking_again(world: World) -> None:
    """The appointment is cancelled all the same, and the answer says that people are still inside."""
    meeting = opened(world)
    world.sandbox.start_meeting(meeting)
    world.sandbox.fault({"status": 503}, method="PUT", path_regex="/status$")

    first = cancelled(world, end_meeting=True)

    assert first.account == Vacated(free=False, held=True, still_inside=True)
    assert "ask to end it again" in first.account.why_not_free
    assert [meeting["state"] for meeting in world.zoom_meetings()] == ["started"]

    world.sandbox.clear_faults()
    again = cancelled(world, end_meeting=True)
    assert (again.was_cancelled_before, again.account.still_inside) == (True, False)
    assert [meeting["state"] for meeting in world.zoom_meetings()] == ["waiting"]


def test_while_zoom_does_not_answer_its_events_tell_who_is_inside(world: World) -> None:
    """It told us that somebody came in and not that he left."""
    opened(world)
    entered(world)
    world.sandbox.fault({"status": 503}, path_regex="/v2/meetings/")

    with pytest.raises(MeetingInProgress):
        cancelled(world)

    assert world.appointment("A-1").status == "booked"


def test_what_was_tried_out_and_left_is_not_deleted_before_its_recording_is_final(world: World) -> None:
    """Whether a recording outlives its meeting is not documented."""
    opened(world)
    entered(world, left=True)

    assert cancelled(world).account == Vacated(free=False, held=True)

    assert world.appointment("A-1").status == "cancelled"
    assert len(world.zoom_meetings()) == 1
    assert [(lease.state, lease.closing_at) for lease in world.leases()] == [("ready", None)]


def test_who_came_and_went_while_zoom_was_down_is_recorded(world: World) -> None:
    """The events came after the cancellation: the closing is stopped instead of deleting what was held."""
    opened(world)
    world.sandbox.fault({"status": 503}, path_regex="/v2/meetings/")
    cancelled(world)
    entered(world, left=True)
    world.sandbox.clear_faults()

    assert settled(world, later=timedelta(minutes=3)) == ["live"]

    assert len(world.zoom_meetings()) == 1
    assert [lease.state for lease in world.leases()] == ["live"]
    assert len(world.all(Event, kind="closing_stopped")) == 1


def entered(world: World, *, left: bool = False) -> None:
    """Zoom's events have told that somebody was in the only meeting, and *left* it."""
    [meeting] = world.meetings()
    now = utcnow()
    with world.parts.sessions.begin() as session:
        session.add(
            MeetingInstance(
                location_id=meeting.location_id,
                meeting_id=meeting.id,
                zoom_uuid="instance==",
                started_at=now - timedelta(minutes=2),
                last_sign_at=now,
                ended_at=now if left else None,
                ended_by="event" if left else None,
            )
        )


def test_a_cancellation_while_the_meeting_is_being_made_wins(world: World) -> None:
    """The run that makes it has lost its claim: its meeting is deleted, its account freed, and no mail leaves."""
    world.location(accounts=1)
    world.book("A-1")
    run_id = _allocated(world)
    world.sandbox.fault({"slow": 1500}, **CREATE)
    with ThreadPoolExecutor(1) as pool:
        creating = pool.submit(world.create, run_id)
        until_under_way(world)
        assert not cancelled(world).account.free
        assert [each.outcome for each in creating.result()] == ["claim lost"]

    world.notify()
    assert settled(world) == ["gone"]

    assert world.zoom_meetings() == []
    assert (world.appointment("A-1").status, world.appointment("A-1").link) == ("cancelled", "ended")
    assert [lease.state for lease in world.leases()] == ["released"]
    assert world.messages() == []
    assert world.sandbox.mail_count() == 0


def until_under_way(world: World) -> None:
    """Until the intent is committed and Zoom has been asked."""
    deadline = time.monotonic() + 10
    while not world.sandbox.faults()[0]["hits"]:
        assert time.monotonic() < deadline, "Zoom was never asked"
        threading.Event().wait(0.01)


def test_a_meeting_made_by_a_run_that_died_is_found_and_deleted(world: World) -> None:
    """The run was killed with the call under way; after the cancellation the meeting is looked for by its reference."""
    world.location(accounts=1)
    world.book("A-1")
    run_id = _allocated(world)
    world.sandbox.fault({"lose_reply": True}, **CREATE)
    world.create(run_id)
    assert len(world.zoom_meetings()) == 1

    assert not cancelled(world).account.free
    assert settled(world, later=timedelta(minutes=1)) == ["gone"]

    assert world.zoom_meetings() == []
    assert [lease.state for lease in world.leases()] == ["released"]


def test_what_may_have_been_made_is_looked_for_until_it_cannot_come_any_more(world: World) -> None:
    """Zoom's list may lag, so not found once is not gone; after a quarter of an hour it is."""
    world.location(accounts=1)
    world.book("A-1")
    run_id = _allocated(world)
    world.sandbox.fault({"reset": True}, **CREATE)
    world.create(run_id)
    cancelled(world)

    assert settled(world, later=timedelta(minutes=1)) == ["later"]
    assert [lease.state for lease in world.leases()] == ["closing"]
    assert settled(world, later=timedelta(minutes=16)) == ["gone"]
    assert [lease.state for lease in world.leases()] == ["released"]


def test_what_is_over_cannot_be_cancelled(world: World) -> None:
    """There is nothing left to cancel."""
    world.location(accounts=0)
    booked = world.book("A-1")
    world.allocate(now=booked.starts_at + timedelta(minutes=15))
    assert world.appointment("A-1").status == "missed"

    with pytest.raises(Conflict, match="over"):
        cancelled(world)


def test_what_does_not_exist_is_not_found(world: World) -> None:
    """The answer says where to look."""
    world.location()

    with pytest.raises(NotFound, match="no appointment B-9"):
        cancelled(world, "B-9")
