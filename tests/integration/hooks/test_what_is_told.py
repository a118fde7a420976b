"""Each event comes from what really happened: once, in its transaction, to those who asked for it."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import AppointmentRevision
from core.domain.hook_events import TOLD_AS, HookEvent
from core.errors import AccountUnfit
from core.services.deauthorized import deauthorized
from core.services.disconnect_now import _take_off
from core.services.opening.one import back_in_line
from core.services.quarantine import quarantine
from core.services.timeline import note
from core.services.unfit import note_unfit
from tests.integration.booking.test_cancelling import cancelled
from tests.integration.booking.test_rescheduling import moved as rescheduled
from tests.integration.hands_on.given import freed, moved, past_its_end
from tests.integration.hooks.given import URL, hooks, listen, told
from tests.integration.lifecycle.given import MINUTE, Life
from tests.integration.lifecycle.test_changes import rescheduled as moved_while_live
from tests.integration.recordings import given as recorded
from tests.world import TEST, World

REFUSAL = {"status": 400, "body": {"code": 300, "message": "Invalid topic."}}


def visited(life: Life, begin: datetime) -> None:
    """Two people come in at *begin*, are seen, and leave after twenty minutes."""
    life.until(begin)
    here = [life.world.sandbox.join(life.meeting_id, name) for name in ("Host", "Guest")]
    life.go_on()
    life.until(begin + 20 * MINUTE)
    for guest in here:
        life.world.sandbox.leave(life.meeting_id, guest)


def test_a_whole_life_is_told_in_order(life: Life) -> None:
    """Booked, link, live, over, recorded; with who did it and of which revision."""
    world = life.world
    world.location()
    listen(world)
    appointment = world.book()
    world.run()
    visited(life, appointment.starts_at)
    life.go_on(minutes=12)
    life.world.sandbox.finish_recording(life.meeting_id)
    life.go_on(minutes=1)
    life.go_on(minutes=30)

    assert told(world) == [
        "appointment.booked",
        "appointment.link_ready",
        "appointment.live",
        "appointment.ended",
        "appointment.recording_ready",
    ]
    assert {each.revision for each in hooks(world)} == {1}
    assert {each.appointment_id for each in hooks(world)} == {appointment.id}
    assert [each.payload["actor"] for each in hooks(world)] == [TEST, "system", "system", "system", "zoom"]
    assert {each.recipient for each in hooks(world)} == {URL}


def test_a_meeting_that_nothing_records_ends_as_well(life: Life) -> None:
    """Its account cools down at once, without a recording to wait for."""
    appointment = life.opened()
    listen(life.world)
    with life.world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE meetings SET recorded = false"))
    visited(life, appointment.starts_at)
    life.go_on(minutes=12)

    assert life.lease.state == "cooldown"
    assert told(life.world) == ["appointment.live", "appointment.ended"]


def test_moved_and_cancelled(world: World) -> None:
    """A move raises the revision that is told; another end alone is a move, too."""
    world.location()
    listen(world)
    appointment = world.book(starts_in=timedelta(hours=2))
    rescheduled(world, appointment.starts_at, ends_at=appointment.ends_at + 10 * MINUTE)
    rescheduled(world)
    cancelled(world)

    assert [(each.kind, each.revision) for each in hooks(world)] == [
        ("appointment.booked", 1),
        ("appointment.rescheduled", 1),
        ("appointment.rescheduled", 2),
        ("appointment.cancelled", 2),
    ]


def test_a_link_that_takes_another_one_s_place_is_told_as_such(world: World) -> None:
    """Moved to another account by hand: the link told before is dead. After a move in time it is a first link again."""
    world.location(accounts=2)
    listen(world, events=["appointment.link_ready", "appointment.link_replaced"])
    world.book()
    world.run()
    moved(world)
    world.run()
    rescheduled(world, by=timedelta(minutes=-1))
    world.run()

    assert [(each.kind, each.revision) for each in hooks(world)] == [
        ("appointment.link_ready", 1),
        ("appointment.link_replaced", 1),
        ("appointment.link_ready", 2),
    ]
    assert len({each.meeting_id for each in hooks(world)}) == 3


def test_waiting_is_told_once(world: World) -> None:
    """However many ticks look at it."""
    world.location(accounts=0)
    world.book()
    listen(world)
    world.run()
    world.run()

    assert told(world) == ["appointment.waiting"]


def test_a_link_that_failed_or_was_missed(life: Life) -> None:
    """Zoom refuses this meeting for good; the appointment ends without a link."""
    world = life.world
    world.location()
    listen(world)
    world.sandbox.fault(REFUSAL, method="POST", path_regex="/meetings")
    appointment = world.book()
    world.run()
    life.until(appointment.ends_at + MINUTE)
    world.run(now=life.now)

    assert told(world) == ["appointment.booked", "appointment.link_failed", "appointment.missed"]


def test_nobody_came(life: Life) -> None:
    """Found out by the lifecycle."""
    appointment = life.opened()
    listen(life.world)
    life.until(appointment.starts_at + 16 * MINUTE)
    life.go_on()

    assert told(life.world) == ["appointment.no_show"]


def test_nobody_came_and_a_person_freed_the_account(world: World) -> None:
    """It is said by whoever ended it, and the timeline says so as well."""
    world.location()
    world.book()
    world.run()
    listen(world)
    past_its_end(world)
    freed(world)

    [hook] = hooks(world)
    assert (hook.kind, hook.payload["actor"]) == ("appointment.no_show", "Sam")


def test_a_live_meeting_whose_account_is_disconnected_has_ended_for_us(life: Life) -> None:
    """Nobody would ever tell of its end."""
    appointment = life.opened()
    life.until(appointment.starts_at)
    life.world.sandbox.join(life.meeting_id)
    life.go_on(minutes=1)
    assert life.lease.state == "live"
    listen(life.world)
    parts = life.world.parts
    with parts.sessions.begin() as session:
        _take_off(
            session, life.lease.account_id, live=True, hours=parts.hours, actor=TEST, role="support", now=life.now
        )

    assert told(life.world) == ["appointment.ended"]


def test_a_recording_of_an_earlier_time_says_which(life: Life) -> None:
    """The appointment has been moved on; what ends and is recorded was its first revision."""
    appointment = life.opened()
    life.until(appointment.starts_at)
    life.world.sandbox.join(life.meeting_id)
    life.go_on(minutes=2)
    listen(life.world)
    moved_while_live(life, by=timedelta(hours=3))
    life.go_on()
    life.world.sandbox.finish_recording(str(life.world.meetings()[0].zoom_meeting_id))
    life.go_on()

    assert [(each.kind, each.revision) for each in hooks(life.world)] == [
        ("appointment.rescheduled", 2),
        ("appointment.ended", 1),
        ("appointment.recording_ready", 1),
    ]


def test_a_recording_is_told_once_it_is_complete(life: Life) -> None:
    """Not while Zoom is at work on a file, and not again for a transcript."""
    world = life.world
    [meeting] = recorded.opened(world, "A-1")
    recorded.hold(world, meeting)
    recorded.seek(world, meeting)
    listen(world)
    recorded.found(world, meeting, recorded.file(status="processing"))
    assert told(world) == []
    recorded.found(world, meeting)
    recorded.found(world, meeting, recorded.file("t1", "TRANSCRIPT"), whole=False)

    [hook] = hooks(world)
    assert hook.kind == "appointment.recording_ready"
    assert hook.next_attempt_at < hook.created_at, "Zoom's time lies in the past"


def test_an_account_that_a_person_has_to_look_at(world: World) -> None:
    """Its licence is gone, or its user removed the app. What the run was about is not told."""
    world.location(accounts=2)
    appointment = world.book(starts_in=timedelta(hours=2))
    listen(world)
    one, other = world.accounts()
    with world.parts.sessions.begin() as session:
        error = AccountUnfit("licence_gone", "The licence is gone.")
        note_unfit(session, one.id, error, now=utcnow(), actor="system", appointment_id=appointment.id)
    with world.parts.sessions.begin() as session:
        about = {"zoom_account_id": other.zoom_account_id, "zoom_user_id": other.zoom_user_id}
        deauthorized(session, **about, at=utcnow(), now=utcnow())

    assert told(world) == ["account.needs_attention"] * 2
    assert [each.payload["account_id"] for each in hooks(world)] == [one.id, other.id]
    assert [each.payload["detail"]["reason"] for each in hooks(world)] == ["licence_gone", "deauthorized"]
    assert {(each.appointment_id, each.revision) for each in hooks(world)} == {(None, None)}


def test_an_account_that_a_person_takes_out_is_that_person_s_business(world: World) -> None:
    """Nobody else has to be called."""
    world.location()
    listen(world)
    with world.parts.sessions.begin() as session:
        quarantine(
            session, location="Harbour Clinic", email="seat1@harbour-clinic.test", reason="tidying", until=None,
            actor="Sam", role="support", now=utcnow(),
        )  # fmt: skip

    assert told(world) == []


def test_what_is_rolled_back_is_not_told(world: World) -> None:
    """The webhook stands in the transaction of what it tells."""
    world.location()
    appointment = world.book()
    place = listen(world).location_id
    about = {"at": utcnow(), "actor": TEST, "location_id": place, "appointment_id": appointment.id}
    with world.parts.sessions() as session:
        note(session, "link_missed", **about)
        assert session.scalar(sa.text("SELECT count(*) FROM messages WHERE channel = 'hook'")) == 1
        session.rollback()

    assert hooks(world) == []


def test_only_who_listens_there_and_to_that_is_told(world: World) -> None:
    """Not other locations, not a disabled endpoint, not who asked for something else; each of two who listen."""
    world.location()
    world.location("North Clinic")
    listen(world, location="North Clinic")
    listen(world, URL + "/disabled", disabled=True)
    listen(world, URL + "/other", events=["appointment.cancelled"])
    one = listen(world, URL + "/some", events=["appointment.booked", "appointment.live"])
    other = listen(world, URL + "/all")
    world.book()

    assert sorted(each.endpoint_id for each in hooks(world)) == [one.id, other.id]
    assert told(world) == ["appointment.booked"] * 2


def test_a_statement_that_writes_many_lines_tells_each(world: World) -> None:
    """Two hundred wait at once: two hundred webhooks, each with an id of its own that stays the same."""
    world.location(accounts=0)
    listen(world, events=["appointment.waiting"])
    for number in range(20):
        world.book(f"A-{number}")
    world.run()

    assert len(hooks(world)) == len({each.message_id for each in hooks(world)}) == 20
    assert all(re.fullmatch(r"zp-[0-9a-f-]+-[0-9a-f]{24}", each.message_id) for each in hooks(world))


def test_the_trigger_and_the_list_of_events_say_the_same(world: World) -> None:
    """Every kind that the trigger knows is in the list with its events, and no other."""
    with world.parts.sessions() as session:
        body = session.scalar(sa.text("SELECT prosrc FROM pg_proc WHERE proname = 'queue_hooks'"))
    cases = re.findall(r"WHEN '([a-z_]+)' THEN(.*?)(?=WHEN '[a-z_]+' THEN|END AS hook)", body, re.DOTALL)
    by_trigger = {kind: set(re.findall(r"'((?:appointment|account)\.[a-z_]+)'", rest)) for kind, rest in cases}

    assert by_trigger == {kind: set(events) for kind, events in TOLD_AS.items()}
    assert {event for events in TOLD_AS.values() for event in events} == set(HookEvent)


@pytest.mark.parametrize("kind", TOLD_AS)
def test_every_kind_that_is_told_is_written_somewhere(kind: str) -> None:
    """A kind that was renamed would be silent for ever."""
    core = Path(__file__).parents[3] / "core"
    files = [path for path in core.rglob("*") if path.suffix in (".py", ".sql")]
    writers = [path for path in files if "migrations" not in path.parts and path.name != "hook_events.py"]

    assert any(re.search(rf"""["']{kind}["']""", path.read_text(encoding="utf-8")) for path in writers)


def test_put_aside_and_back_in_line_it_waits_again(world: World) -> None:
    """An isolated run found no account: it is told once, however often that happens."""
    world.location(accounts=0)
    appointment = world.book()
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE appointments SET link = 'failed', isolated_at = now()"))
    listen(world)
    for _ in range(2):
        with world.parts.sessions.begin() as session:
            assert back_in_line(session, appointment.id, run_id="run", now=utcnow())

    assert told(world) == ["appointment.waiting"]
    [revision] = world.all(AppointmentRevision)
    assert revision.waiting_since is not None, "what it misses from now on it misses for want of an account"
