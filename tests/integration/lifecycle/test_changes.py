"""Cancelled, rescheduled or freed by hand while somebody is or was inside: the recording comes, and nothing is left."""

from datetime import timedelta

from core.services.cancel import Cancelled, cancel
from core.services.free import free_now
from core.services.reschedule import Rescheduled, reschedule
from core.services.vacate import Vacated
from tests.integration.lifecycle.given import MINUTE, Life
from tests.world import TEST


def cancelled(life: Life, *, end_meeting: bool = True) -> Cancelled:
    """Cancel, and end the meeting."""
    parts = life.world.parts
    return cancel(
        parts.sessions,
        parts.zoom,
        location="Harbour Clinic",
        external_id="A-1",
        actor=TEST,
        clock=life.clock,
        end_meeting=end_meeting,
    )


def rescheduled(life: Life, *, by: timedelta) -> Rescheduled:
    """Move it to later, and end the meeting."""
    parts, booked = life.world.parts, life.world.appointment()
    return reschedule(
        parts.sessions,
        parts.zoom,
        location="Harbour Clinic",
        external_id="A-1",
        starts_at=booked.starts_at + by,
        ends_at=booked.ends_at + by,
        actor=TEST,
        hours=parts.hours,
        clock=life.clock,
        end_meeting=True,
    )


def freed(life: Life) -> bool:
    """Free the account of the newest lease."""
    parts = life.world.parts
    done = free_now(
        parts.sessions, parts.zoom, location="Harbour Clinic", email="seat1@harbour-clinic.test",
        actor=TEST, role="support", reason="needed", clock=life.clock,
    )  # fmt: skip
    return done.free


def test_cancelled_while_live_the_account_goes_through_recording_and_cooldown(life: Life) -> None:
    """The appointment stays cancelled, whatever its lease goes through."""
    appointment = life.opened()
    life.until(appointment.starts_at)
    life.world.sandbox.join(life.meeting_id)
    life.go_on(minutes=2)
    assert life.lease.state == "live"

    assert cancelled(life).account == Vacated(free=False, held=True)
    life.go_on()
    assert (life.lease.state, life.world.appointment().status) == ("processing", "cancelled")

    life.world.sandbox.finish_recording(life.meeting_id)
    life.go_on()
    assert life.lease.state == "cooldown"
    life.go_on(minutes=6)
    assert (life.lease.state, life.lease.release_reason) == ("released", "cooled")
    assert [each.outcome for each in life.recordings()] == ["attached"]
    assert life.world.zoom_meetings() == []
    assert life.world.appointment().status == "cancelled"


def test_so_it_does_when_none_of_zoom_s_events_arrive(life: Life) -> None:
    """What Zoom said when it was asked is evidence enough."""
    appointment = life.opened()
    life.until(appointment.starts_at)
    life.world.sandbox.join(life.meeting_id)

    cancelled(life)
    life.go_on(deaf=True)
    assert life.lease.state == "processing"

    life.world.sandbox.finish_recording(life.meeting_id)
    for _ in range(4):
        life.go_on(minutes=20, deaf=True)
    assert life.lease.state == "released"
    assert [each.outcome for each in life.recordings()] == ["attached"]
    assert life.world.zoom_meetings() == []


def test_rescheduled_while_live_both_times_go_their_ways(life: Life) -> None:
    """The old lease cools down; the appointment is booked for its new time, and is not over by the end of the old."""
    appointment = life.opened()
    life.until(appointment.starts_at)
    life.world.sandbox.join(life.meeting_id)
    life.go_on(minutes=2)

    rescheduled(life, by=timedelta(hours=2))
    life.go_on()
    assert (life.lease.state, life.world.appointment().status, life.world.appointment().link) == (
        "processing",
        "booked",
        "not_due",
    )
    life.world.sandbox.finish_recording(life.meeting_id)
    life.go_on()
    life.go_on(minutes=6)
    assert life.lease.state == "released"
    life.until(appointment.starts_at + timedelta(hours=2) - 9 * MINUTE)
    assert [outcome.outcome for outcome in life.world.run(now=life.now)] == ["ready"]


def test_who_slipped_in_before_the_deletion_is_recorded_too(life: Life) -> None:
    """Zoom was down when it was cancelled; somebody held the meeting meanwhile; then it was to be deleted."""
    appointment = life.opened()
    life.until(appointment.starts_at - 5 * MINUTE)
    outage = life.world.sandbox.fault({"status": 503}, path_regex="/v2/meetings/")
    cancelled(life, end_meeting=False)
    assert life.lease.state == "closing"
    life.world.sandbox.remove_fault(outage)
    guest = life.world.sandbox.join(life.meeting_id)
    life.go_on(minutes=1, deaf=True)
    assert life.lease.state == "live"

    life.world.sandbox.leave(life.meeting_id, guest)
    life.go_on(minutes=1)
    life.world.sandbox.finish_recording(life.meeting_id)
    life.go_on(minutes=1)
    life.go_on(minutes=6)
    assert life.lease.state == "released"
    assert [each.outcome for each in life.recordings()] == ["attached"]
    assert life.world.zoom_meetings() == []


def test_freed_by_hand_the_recording_still_comes_and_its_meeting_goes(life: Life) -> None:
    """The account is somebody else's by then."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at, end=appointment.ends_at)
    life.go_on()
    assert life.lease.state == "processing"

    assert freed(life)
    assert life.lease.release_reason == "freed"
    life.world.sandbox.finish_recording(life.meeting_id)
    life.go_on(minutes=1)
    assert [each.outcome for each in life.recordings()] == ["attached"]
    assert life.world.zoom_meetings() == []
