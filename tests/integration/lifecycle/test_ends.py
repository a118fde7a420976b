"""How appointments end: as planned, early, late, twice, or not at all."""

from datetime import timedelta

from core.db.models import Event
from core.services.needed_links import CalendarChange
from tests.integration.lifecycle.given import MINUTE, Life


def test_a_whole_life(life: Life) -> None:
    """Link, meeting, recording, five minutes' rest, free; the meeting is deleted and the account idle from then on."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at, end=appointment.ends_at)
    life.bring()
    life.tick()
    assert life.lease.state == "processing"
    assert (life.world.appointment().status, life.world.appointment().link) == ("completed", "ended")

    life.until(appointment.ends_at + 3 * MINUTE)
    life.world.sandbox.finish_recording(life.meeting_id)
    life.bring()
    life.tick()
    assert life.lease.state == "cooldown"
    assert [each.outcome for each in life.recordings()] == ["attached"]
    processed = life.recordings()[0].final_at
    assert life.lease.cooldown_until == processed + timedelta(minutes=5)

    life.settle()
    assert life.world.zoom_meetings() == []
    life.until(processed + timedelta(minutes=5, seconds=1))
    life.tick()
    assert (life.lease.state, life.lease.release_reason) == ("released", "cooled")
    assert life.lease.released_at == life.world.accounts()[0].idle_since == processed + timedelta(minutes=5)


def test_while_people_are_inside_the_account_is_live(life: Life) -> None:
    """From the first sign on."""
    appointment = life.opened()
    life.until(appointment.starts_at)
    life.world.sandbox.join(life.meeting_id)
    life.bring(only="participant_joined")
    life.tick()

    assert life.lease.state == "live"
    assert abs(life.lease.live_at - appointment.starts_at) < timedelta(seconds=5)


def test_tried_out_early_and_left_is_ready_again(life: Life) -> None:
    """The client looks whether the link works; nothing has ended by that."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at - 8 * MINUTE, end=appointment.starts_at - 7 * MINUTE, guests=1)
    life.go_on()
    assert (life.lease.state, life.world.appointment().status) == ("ready", "booked")

    life.held(begin=appointment.starts_at, end=appointment.ends_at)
    life.go_on()
    assert life.lease.state == "processing"
    assert len(life.recordings()) == 2


def test_both_sides_drop_and_come_back(life: Life) -> None:
    """Within ten minutes it is the same meeting; each instance has a recording of its own."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at, end=appointment.starts_at + 10 * MINUTE)
    life.go_on()
    assert life.lease.state == "live"
    life.world.sandbox.finish_recording(life.meeting_id)
    life.held(begin=appointment.starts_at + 14 * MINUTE, end=appointment.starts_at + 20 * MINUTE)
    life.go_on()
    assert life.lease.state == "live"

    life.go_on(minutes=11)
    assert life.lease.state == "processing"
    assert sorted(each.outcome for each in life.recordings()) == ["attached", "sought"]


def test_the_first_recording_is_complete_while_the_second_instance_runs(life: Life) -> None:
    """It is attached and changes nothing for the account."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at, end=appointment.starts_at + 10 * MINUTE)
    first = life.world.sandbox.meeting(int(life.meeting_id))["instances"][0]["uuid"]
    life.until(appointment.starts_at + 12 * MINUTE)
    life.world.sandbox.join(life.meeting_id)
    life.world.sandbox.finish_recording(life.meeting_id, first)
    life.go_on()

    assert life.lease.state == "live"
    assert [each.outcome for each in life.recordings() if each.zoom_uuid == first] == ["attached"]


def test_everybody_left_and_nobody_came_back(life: Life) -> None:
    """Ten minutes after the last one left it is over, long before the scheduled end."""
    appointment = life.opened(minutes=60)
    life.held(begin=appointment.starts_at, end=appointment.starts_at + 5 * MINUTE)
    life.go_on(minutes=9)
    assert life.lease.state == "live"
    life.go_on(minutes=2)

    assert life.lease.state == "processing"
    assert abs(life.lease.ended_at - (appointment.starts_at + 15 * MINUTE)) < timedelta(seconds=10)


def test_an_overrun_stays_live_and_the_next_gets_another_account(life: Life) -> None:
    """Nobody is thrown out."""
    appointment = life.opened(accounts=2)
    life.until(appointment.starts_at)
    life.world.sandbox.join(life.meeting_id)
    life.until(appointment.ends_at + 5 * MINUTE)
    life.go_on()
    assert life.lease.state == "live"

    life.world.book("A-2", starts_in=life.offset + timedelta(minutes=5))
    life.world.run(now=life.now)
    first, second = life.world.leases()
    assert (first.state, second.state) == ("live", "ready")
    assert first.account_id != second.account_id


def test_nobody_came(life: Life) -> None:
    """Fifteen minutes after the start Zoom is asked; the meeting is deleted and the account free at once."""
    appointment = life.opened()
    life.until(appointment.starts_at + 14 * MINUTE)
    life.go_on()
    assert life.lease.state == "ready"
    life.go_on(minutes=1.1)

    assert (life.lease.state, life.lease.release_reason) == ("released", "no_show")
    assert (life.world.appointment().status, life.world.appointment().link) == ("no_show", "ended")
    assert life.world.zoom_meetings() == []


def test_nobody_came_is_not_believed_while_zoom_does_not_answer(life: Life) -> None:
    """No answer is no evidence: the account stays taken."""
    appointment = life.opened()
    life.until(appointment.starts_at + 16 * MINUTE)
    life.world.sandbox.fault({"status": 503}, method="GET")
    life.go_on()
    assert life.lease.state == "ready"
    life.world.sandbox.clear_faults()
    life.go_on(minutes=1)

    assert life.lease.release_reason == "no_show"


def test_every_event_is_lost(life: Life) -> None:
    """Zoom is asked at the end, says what was held, and everything comes out as it would have."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at, end=appointment.starts_at + 12 * MINUTE)
    life.held(begin=appointment.starts_at + 15 * MINUTE, end=appointment.ends_at - MINUTE)
    for instance in life.world.sandbox.meeting(int(life.meeting_id))["instances"]:
        life.world.sandbox.finish_recording(life.meeting_id, instance["uuid"])
    life.go_on(minutes=1.1, deaf=True)
    assert life.lease.state == "processing"
    assert [each.ended_by for each in life.instances()] == ["asked", "asked"]

    life.go_on(minutes=15, deaf=True)
    assert [each.outcome for each in life.recordings()] == ["attached", "attached"]
    assert life.lease.state == "cooldown"


def test_the_end_is_lost(life: Life) -> None:
    """After the scheduled end Zoom is asked and says that nobody is inside."""
    appointment = life.opened()
    life.until(appointment.starts_at)
    guest = life.world.sandbox.join(life.meeting_id)
    life.go_on()
    life.until(appointment.ends_at - MINUTE)
    life.world.sandbox.leave(life.meeting_id, guest)
    life.lose()
    life.go_on(minutes=1.1)

    assert life.lease.state == "processing"


def test_the_start_is_lost(life: Life) -> None:
    """The end tells of both."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at, end=appointment.ends_at)
    life.bring(only="meeting.ended")
    life.tick()

    assert life.lease.state == "processing"
    [instance] = life.instances()
    assert instance.ended_by == "event" and instance.started_at < instance.ended_at


def test_deleted_in_the_portal_before_it_took_place(life: Life) -> None:
    """Another meeting is made under the same account, and its link mailed."""
    appointment = life.opened()
    old = life.meeting_id
    life.until(appointment.starts_at - 6 * MINUTE)
    life.world.sandbox.delete_meeting(int(old))
    life.go_on()
    assert (life.lease.state, life.world.appointment().link) == ("reserved", "opening")
    life.world.run(now=life.now)

    assert (life.lease.state, life.world.appointment().link) == ("ready", "ready")
    assert life.meeting_id != old
    assert [each.state for each in life.world.meetings()] == ["gone", "created"]
    assert len(life.world.sandbox.mail()) == 2


def test_who_has_had_a_link_gets_the_next_one_although_his_calendar_has_left_zoom(life: Life) -> None:
    """His mail promised a meeting: one that was deleted in the portal is made anew all the same."""
    appointment = life.opened()
    life.until(appointment.starts_at - 6 * MINUTE)
    life.world.sandbox.delete_meeting(int(life.meeting_id))
    life.go_on()
    assert life.world.appointment().link == "opening"

    assert life.world.edit_calendar(meeting_location="phone", now=life.now) == CalendarChange(keep_their_link=1)
    life.world.run(now=life.now)

    assert (life.lease.state, life.world.appointment().link) == ("ready", "ready")


def test_not_found_once_is_unknown(life: Life) -> None:
    """Zoom's 404 without a word from Zoom itself is asked again before anything is done about it."""
    appointment = life.opened()
    life.until(appointment.starts_at + 15.1 * MINUTE)
    body = {"code": 3001, "message": "Meeting does not exist."}
    life.world.sandbox.fault({"status": 404, "body": body}, method="GET", path_regex=r"/v2/meetings/\d+$", times=1)
    life.tick()
    life.ask()
    assert life.lease.state == "ready"
    life.until(life.now + MINUTE)
    life.ask()

    assert life.lease.state == "closing"
    assert life.world.meetings()[0].state == "deleting"


def test_the_timeline_tells_the_whole_story(life: Life) -> None:
    """Each event, what followed from it, and the account that was given back."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at, end=appointment.ends_at, guests=1)
    life.go_on()
    life.world.sandbox.finish_recording(life.meeting_id)
    life.go_on(minutes=1)
    life.go_on(minutes=6)

    kinds = [each.kind for each in life.world.all(Event, appointment_id=appointment.id)]
    for kind in (
        "appointment_booked",
        "lease_granted",
        "link_ready",
        "mail_accepted",
        "zoom_meeting_started",
        "zoom_meeting_participant_joined",
        "zoom_meeting_ended",
        "meeting_over",
        "zoom_recording_completed",
        "recording_attached",
        "account_cooling",
        "zoom_asked",
        "meeting_gone",
        "lease_released",
    ):
        assert kind in kinds, kind
