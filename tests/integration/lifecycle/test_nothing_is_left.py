"""Where a question without an answer, a dead process or a detour could have kept an account or left a meeting."""

import json

import sqlalchemy as sa

from core.db.models import MeetingInstance
from core.services.probe import probe_accounts
from core.services.recordings.finished import delete_finished
from tests.integration.lifecycle.given import MINUTE, Life
from tests.integration.lifecycle.test_changes import cancelled, freed


def held_and_cooling(life: Life) -> None:
    """The recording is attached, the meeting is deleted, and the account cools down."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at, end=appointment.ends_at)
    life.world.sandbox.finish_recording(life.meeting_id)
    life.go_on()
    life.go_on()
    assert (life.lease.state, life.lease.ask_at, life.meeting.state) == ("cooldown", None, "gone")


def test_what_comes_to_light_after_the_deletion_keeps_no_account(life: Life) -> None:
    """Zoom is asked about it although the meeting is gone; that is an answer, too."""
    held_and_cooling(life)
    with life.world.parts.sessions.begin() as session:  # as after a recording that was short at first
        session.execute(sa.text("UPDATE recordings SET final_at = final_at + interval '2 minutes'"))
        session.execute(sa.text("UPDATE leases SET look_at = now()"))
    life.go_on(minutes=3)
    life.go_on(minutes=6)

    assert (life.lease.state, life.lease.release_reason) == ("released", "cooled")


def test_who_comes_back_just_before_the_deletion_is_waited_for(life: Life) -> None:
    """The meeting was about to be deleted; it is afterwards, and the account is free."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at, end=appointment.ends_at)
    first = life.world.sandbox.meeting(int(life.meeting_id))["instances"][0]["uuid"]
    life.world.sandbox.finish_recording(life.meeting_id, first)
    life.bring()
    life.tick()
    life.ask()
    with life.world.parts.sessions.begin() as session:
        assert delete_finished(session, now=life.now, enabled=True) == 1
    guest = life.world.sandbox.join(life.meeting_id)
    life.go_on()
    assert life.lease.state == "live"

    life.world.sandbox.leave(life.meeting_id, guest)
    life.go_on(minutes=2, deaf=True)
    life.world.sandbox.finish_recording(life.meeting_id)
    life.lose()
    for _ in range(8):
        life.go_on(minutes=10, deaf=True)
    assert life.lease.state == "released"
    assert life.world.zoom_meetings() == []


def test_tried_out_deleted_on_zoom_and_cancelled_before_it_was_made_again(life: Life) -> None:
    """Its lease has no meeting at all; who was in the one that is gone does not keep it."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at - 9 * MINUTE, end=appointment.starts_at - 8 * MINUTE, guests=1)
    life.go_on()
    life.world.sandbox.delete_meeting(life.meeting_id)
    life.bring()
    life.tick()
    life.ask()
    assert life.lease.state == "reserved"

    assert cancelled(life, end_meeting=False).account.free
    assert (life.lease.state, life.lease.release_reason) == ("released", "cancelled")


def test_tried_out_deleted_on_zoom_and_made_again_for_nobody(life: Life) -> None:
    """A no-show whose first meeting was recorded: the second one goes as well."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at - 9 * MINUTE, end=appointment.starts_at - 8 * MINUTE, guests=1)
    life.world.sandbox.finish_recording(life.meeting_id)
    life.go_on()
    life.world.sandbox.delete_meeting(life.meeting_id)
    life.bring()
    life.tick()
    life.ask()
    life.world.run(now=life.now)
    assert (life.lease.state, len(life.world.zoom_meetings())) == ("ready", 1)

    life.until(appointment.starts_at + 16 * MINUTE)
    for _ in range(4):
        life.go_on(minutes=3)
    assert life.world.appointment().status == "no_show"
    assert life.lease.state == "released"
    assert life.world.zoom_meetings() == []


def test_a_meeting_deleted_and_recovered_on_zoom_is_what_it_was(life: Life) -> None:
    """Zoom knows it again, so it is not asked about it over and over, and nobody's coming is noticed."""
    appointment = life.opened()
    with life.world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE meetings SET portal_deleted_at = now()"))
        session.execute(sa.text("UPDATE leases SET look_at = now()"))
    life.go_on(minutes=1)
    assert life.lease.state == "ready"
    assert life.lease.ask_at is not None and life.lease.ask_at > appointment.starts_at

    life.until(appointment.starts_at + 16 * MINUTE)
    life.go_on()
    assert life.world.appointment().status == "no_show"
    assert life.lease.state == "released"


def test_the_account_is_free_in_the_same_moment_in_which_its_meeting_is_known_to_be_gone(life: Life) -> None:
    """Whatever happens to the run that learned it: there is no step left that it could be stopped before."""
    life.opened()
    outage = life.world.sandbox.fault({"status": 503}, path_regex="/v2/meetings/")
    cancelled(life, end_meeting=False)
    life.world.sandbox.remove_fault(outage)
    with life.world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE meetings SET next_attempt_at = now()"))
        session.execute(
            sa.text("""
            CREATE FUNCTION not_without_its_lease() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF EXISTS (SELECT FROM leases WHERE id = NEW.lease_id AND state = 'closing') THEN
                    RAISE 'the meeting is gone and its lease is not over';
                END IF;
                RETURN NULL;
            END $$;
            CREATE CONSTRAINT TRIGGER not_without_its_lease AFTER UPDATE ON meetings
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'gone')
            EXECUTE FUNCTION not_without_its_lease();
            """)
        )
    life.settle()
    assert (life.lease.state, life.meeting.state) == ("released", "gone")


def test_an_event_that_no_column_takes_holds_up_nobody(life: Life) -> None:
    """It is kept as it came; what came before and after it is applied."""
    appointment = life.opened()

    def spoiled(bodies: list[bytes]) -> None:
        broken = json.loads(next(body for body in bodies if b"recording.completed" in body))
        recording = broken["payload"]["object"]
        recording["recording_files"] = [recording["recording_files"][0] | {"id": "another", "play_url": "\0"}]
        bodies.insert(0, json.dumps(broken).encode())

    life.held(begin=appointment.starts_at, end=appointment.ends_at)
    life.world.sandbox.finish_recording(life.meeting_id)
    life.bring(order=spoiled)
    life.tick()
    assert life.lease.state == "cooldown"
    with life.world.parts.sessions() as session:
        left = session.execute(
            sa.text("SELECT event, outcome FROM inbox WHERE event = 'recording.completed' ORDER BY id")
        ).all()
    assert left == [("recording.completed", "unreadable"), ("recording.completed", "applied")]


def test_an_old_link_that_was_used_again_ends_too(life: Life) -> None:
    """The account was freed by hand; somebody came back, and the event of his leaving was lost. The probe sees it."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at, end=appointment.ends_at)
    life.go_on()
    assert freed(life)
    guest = life.world.sandbox.join(life.meeting_id)
    life.bring()
    life.tick()
    life.world.sandbox.leave(life.meeting_id, guest)
    life.lose()
    assert life.world.accounts()[0].busy_elsewhere_since is not None

    parts = life.world.parts
    life.until(life.now + 3 * MINUTE)
    probe_accounts(parts.sessions, parts.zoom, hours=parts.hours, clock=life.clock, run_id="settle")
    assert [each.ended_by for each in life.world.all(MeetingInstance)] == ["event", "asked"]
    assert [each.outcome for each in life.recordings()] == ["sought", "sought"]
    life.world.sandbox.finish_recording(life.meeting_id)
    for _ in range(5):
        life.go_on(minutes=20)
    assert life.world.zoom_meetings() == []


def test_cancelled_after_it_was_held_unheard_it_keeps_its_recording(life: Life) -> None:
    """No event came, nobody is inside any more: Zoom is asked whether anybody was before the meeting is deleted."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at, end=appointment.starts_at + 5 * MINUTE)
    life.lose()

    assert not cancelled(life, end_meeting=False).account.free
    assert (life.lease.state, len(life.world.zoom_meetings())) == ("live", 1)
    life.world.sandbox.finish_recording(life.meeting_id)
    for _ in range(6):
        life.go_on(minutes=5, deaf=True)

    assert [each.outcome for each in life.recordings()] == ["attached"]
    assert life.world.appointment().status == "cancelled"
    assert (life.lease.state, life.world.zoom_meetings()) == ("released", [])


def test_freed_after_it_was_held_unheard_it_keeps_its_recording(life: Life) -> None:
    """The same where a person frees the account after the scheduled end."""
    appointment = life.opened()
    life.held(begin=appointment.starts_at, end=appointment.ends_at)
    life.lose()
    life.until(appointment.ends_at + MINUTE)

    freed(life)
    assert [each.outcome for each in life.recordings()] == ["sought"]
    life.world.sandbox.finish_recording(life.meeting_id)
    for _ in range(6):
        life.go_on(minutes=5, deaf=True)

    assert [each.outcome for each in life.recordings()] == ["attached"]
    assert (life.lease.state, life.world.zoom_meetings()) == ("released", [])
