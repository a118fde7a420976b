"""Zoom's answer is lost, late or no answer at all: whether the meeting was made or not, there is one in the end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from core.clock import utcnow
from core.services.lease import claim_stalled
from core.zoom import wire
from tests.faults.given import (
    CLAIM_EXPIRED,
    CREATE,
    LIST,
    TICK,
    after,
    everything_was_made_once,
    outcomes,
    seat,
    settled,
    user_id,
    wait_until,
)
from tests.world import World

UNCLEAR: list[dict[str, Any]] = [{"status": 500}, {"reset": True}, {"html": True}, {"html": True, "status": 200}]


@pytest.fixture
def due(world: World) -> World:
    """One account, one due appointment."""
    world.location(accounts=1)
    world.book("A-1")
    return world


@pytest.mark.parametrize("effect", UNCLEAR)
def test_an_unclear_answer_to_a_create_that_took_effect(due: World, effect: dict[str, Any]) -> None:
    """The next run finds the meeting by its reference and adopts it: one meeting, one link, one mail."""
    due.sandbox.fault({**effect, "when": "after"}, times=1, **CREATE)

    assert outcomes(due) == {"A-1": "tried again soon"}
    assert due.sandbox.mail_count() == 0
    assert outcomes(due, now=after(TICK)) == {"A-1": "ready"}

    everything_was_made_once(due, ["A-1"])
    assert [meeting.adopted for meeting in due.meetings()] == [True]


@pytest.mark.parametrize("effect", UNCLEAR)
def test_an_unclear_answer_to_a_create_that_took_none(due: World, effect: dict[str, Any]) -> None:
    """The next run looks for it, finds nothing and makes it; what may still turn up is looked for until it cannot."""
    due.sandbox.fault(effect, times=1, **CREATE)

    assert outcomes(due) == {"A-1": "tried again soon"}
    assert due.appointment("A-1").reason == "zoom_unavailable"
    assert outcomes(due, now=after(TICK)) == {"A-1": "ready"}

    everything_was_made_once(due, ["A-1"])
    assert [meeting.state for meeting in due.meetings()] == ["unknown", "created"]
    assert settled(due, later=timedelta(minutes=2)) == ["later"]
    assert settled(due, later=timedelta(minutes=20)) == ["gone"]
    everything_was_made_once(due, ["A-1"])


def test_a_create_that_timed_out_after_it_took_effect(due: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """We hang up first; the meeting is adopted by the next run."""
    monkeypatch.setattr(wire, "READ_SECONDS", 0.5)
    due.sandbox.fault({"timeout": 30, "when": "after"}, times=1, **CREATE)

    assert outcomes(due) == {"A-1": "tried again soon"}
    assert "did not answer in time" in str(due.appointment("A-1").reason_detail)
    assert outcomes(due, now=after(TICK)) == {"A-1": "ready"}

    everything_was_made_once(due, ["A-1"])


def test_a_slow_answer_is_waited_for(due: World) -> None:
    """Within the time-out slow is not wrong."""
    due.sandbox.fault({"slow": 1500}, times=1, **CREATE)

    assert outcomes(due) == {"A-1": "ready"}
    everything_was_made_once(due, ["A-1"])


def test_a_lost_connection_is_not_sent_twice(due: World) -> None:
    """No library of ours repeats a create by itself: that would be a second meeting."""
    due.sandbox.fault({"lose_reply": True}, times=1, **CREATE)

    assert outcomes(due) == {"A-1": "tried again soon"}
    assert len(due.zoom_meetings()) == 1


def test_doubt_stays_while_looking_fails(due: World) -> None:
    """A failure to look is not an answer: nothing is made until Zoom has said whether the meeting exists."""
    due.sandbox.fault({"lose_reply": True}, times=1, **CREATE)
    due.sandbox.fault({"status": 503}, times=1, **LIST)

    assert outcomes(due) == {"A-1": "tried again soon"}
    assert outcomes(due, now=after(TICK)) == {"A-1": "tried again soon"}
    assert outcomes(due, now=after(2 * TICK)) == {"A-1": "ready"}

    everything_was_made_once(due, ["A-1"])


def test_doubt_stays_with_the_account_when_its_appointment_moves_on(world: World) -> None:
    """The grant died before anybody could look: the next account is used, and the old one is not free meanwhile."""
    world.location(accounts=2)
    world.book("A-1")
    world.sandbox.fault({"lose_reply": True}, times=1, **CREATE)
    outcomes(world)
    world.sandbox.revoke_consent(seat(1))

    assert outcomes(world, now=after(TICK)) == {"A-1": "ready"}

    [doubtful, made] = world.meetings()
    assert (doubtful.state, made.state) == ("unknown", "created")
    [first, second] = world.leases()
    assert (first.release_reason, second.state) == ("moved", "ready")


def test_a_refusal_of_one_try_does_not_forget_the_doubt_of_another(world: World) -> None:
    """Looking is refused for good: the lease stays with its account, for the meeting may exist."""
    world.location(accounts=2)
    world.book("A-1")
    world.sandbox.fault({"lose_reply": True}, times=1, **CREATE)
    outcomes(world)
    refusal = {"status": 400, "body": {"code": 300, "message": "Invalid field."}}
    world.sandbox.fault(refusal, user_id=user_id(world, 1), **LIST)

    assert outcomes(world, now=after(TICK)) == {"A-1": "put aside"}

    assert [lease.state for lease in world.leases()] == ["reserved"]
    assert [meeting.state for meeting in world.meetings()] == ["intended"]


def test_a_run_that_comes_back_late_does_not_touch_the_link_that_another_has_opened(due: World) -> None:
    """It made the meeting and fell asleep; another run adopted it. Its late answer deletes nothing."""
    due.allocate(run_id="sleeper")
    due.sandbox.configure(latency_ms=4000)
    with ThreadPoolExecutor(1) as pool:
        sleeping = pool.submit(due.create, "sleeper")
        wait_until(due.zoom_meetings, "the meeting is on Zoom")
        due.sandbox.configure(latency_ms=0)
        assert outcomes(due, now=after(CLAIM_EXPIRED)) == {"A-1": "ready"}
        assert [each.outcome for each in sleeping.result()] == ["claim lost"]

    assert settled(due) == []
    everything_was_made_once(due, ["A-1"])


def test_a_run_that_comes_back_late_leaves_the_appointment_to_the_run_that_took_it_over(due: World) -> None:
    """The other has claimed it and not come far: the fence decides, and the meeting is the other's to find."""
    due.allocate(run_id="sleeper")
    due.sandbox.configure(latency_ms=3000)
    with ThreadPoolExecutor(1) as pool:
        sleeping = pool.submit(due.create, "sleeper")
        wait_until(due.zoom_meetings, "the meeting is on Zoom")
        due.sandbox.configure(latency_ms=0)
        with due.parts.sessions.begin() as session:
            assert claim_stalled(session, run_id="heir", limit=1, now=after(CLAIM_EXPIRED)) == 1
        assert [each.outcome for each in sleeping.result()] == ["claim lost"]
    assert [meeting.state for meeting in due.meetings()] == ["intended"]

    assert [each.outcome for each in due.create("heir")] == ["ready"]
    due.notify()
    everything_was_made_once(due, ["A-1"])


def test_a_meeting_that_comes_late_beside_a_new_one_is_deleted(due: World) -> None:
    """It was looked for and not there yet; when it turns up, the link of the other one stays and this one goes."""
    due.allocate(run_id="sleeper")
    fault = due.sandbox.fault({"slow": 3000}, times=1, **CREATE)
    with ThreadPoolExecutor(1) as pool:
        sleeping = pool.submit(due.create, "sleeper")
        wait_until(lambda: fault not in [each["id"] for each in due.sandbox.faults()], "Zoom was asked")
        assert outcomes(due, now=after(CLAIM_EXPIRED)) == {"A-1": "ready"}
        assert [each.outcome for each in sleeping.result()] == ["claim lost"]
    assert len(due.zoom_meetings()) == 2

    assert settled(due) == ["gone"]
    everything_was_made_once(due, ["A-1"])


def test_looking_finds_what_was_made_for_a_start_that_has_passed(world: World) -> None:
    """Opened late, its answer lost: the list that is searched also holds meetings that should have begun."""
    world.location(accounts=1)
    booked = world.book("A-1", starts_in=timedelta(seconds=2))
    world.sandbox.fault({"lose_reply": True}, times=1, **CREATE)
    outcomes(world)

    late = max(after(TICK), booked.starts_at + timedelta(minutes=2))
    world.sandbox.configure(clock_offset_seconds=(late - utcnow()).total_seconds())
    assert outcomes(world, now=late) == {"A-1": "ready"}

    everything_was_made_once(world, ["A-1"])
