"""A failed link is tried again when a person asks, by one isolated run, however often it is asked for."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from core.clock import utcnow
from core.db.models import Event
from core.errors import Conflict, NotFound
from core.services.due import isolated_work
from core.services.opening.one import begin_isolated, lease_for
from core.services.retry import Retried, retry_link
from tests.faults.given import CREATE, everything_was_made_once
from tests.world import World

REFUSED = {"status": 400, "body": {"code": 300, "message": "Validation Failed."}}


def failed(world: World) -> int:
    """An appointment that Zoom refused in bulk and again in its first isolated run."""
    world.location(accounts=2)
    appointment = world.book("A-1")
    world.sandbox.fault(REFUSED, times=2, **CREATE)
    world.run()
    isolated_run(world)
    assert world.appointment().link == "failed"
    return int(appointment.id)


def asked_for(world: World) -> list[int]:
    """The numbers of the isolated runs that the sensor would start now."""
    with world.parts.sessions() as session:
        return [w.isolation for w in isolated_work(session, hours=world.parts.hours, now=utcnow(), limit=10)]


def isolated_run(world: World) -> None:
    """What the job open_meeting does for the appointment that was put aside."""
    run_id = f"isolated-{world.appointment().isolation}"
    about = {"hours": world.parts.hours, "now": utcnow()}
    with world.parts.sessions.begin() as session:
        assert begin_isolated(session, world.appointment().id, **about)
        lease_for(session, [world.appointment().id], run_id=run_id, **about)
    world.create(run_id)
    world.notify(run_id)


def retried(world: World, appointment_id: int, *, later: timedelta = timedelta(0)) -> Retried:
    """Ask for it as an engineer would."""
    with world.parts.sessions.begin() as session:
        return retry_link(session, appointment_id, actor="Sam", role="engineer", now=utcnow() + later)


def test_a_failed_link_gets_a_run_with_the_next_number(world: World) -> None:
    """The number is part of the run's key: under the old one Dagster would start nothing."""
    appointment_id = failed(world)
    assert asked_for(world) == []

    assert retried(world, appointment_id).asked
    assert asked_for(world) == [2]
    [event] = world.all(Event, kind="link_retried")
    assert (event.actor, event.detail["role"], event.detail["attempt"]) == ("Sam", "engineer", 2)

    isolated_run(world)
    assert world.appointment().link == "ready"
    everything_was_made_once(world, ["A-1"])


def test_two_clicks_at_once_ask_for_one_run_and_mint_one_meeting(world: World) -> None:
    """One raises the number under the appointment's lock; the other one finds it raised."""
    appointment_id = failed(world)
    barrier = Barrier(8)

    def click(_: int) -> bool:
        barrier.wait(10)
        return retried(world, appointment_id).asked

    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(click, range(8)))

    assert sorted(asked) == [False] * 7 + [True]
    assert asked_for(world) == [2]
    isolated_run(world)
    assert asked_for(world) == []
    everything_was_made_once(world, ["A-1"])


def test_while_its_run_is_under_way_nothing_more_is_asked_for(world: World) -> None:
    """That run may be creating the meeting at this moment; if it dies, it is asked for again by itself."""
    appointment_id = failed(world)
    retried(world, appointment_id)
    with world.parts.sessions.begin() as session:
        begin_isolated(session, appointment_id, hours=world.parts.hours, now=utcnow())

    again = retried(world, appointment_id)

    assert not again.asked and "already" in again.sentence
    assert asked_for(world) == []


def test_what_has_not_failed_is_refused(world: World) -> None:
    """What is over, what has its link, and what does not exist: each with a sentence, and nothing is asked for."""
    appointment_id = failed(world)
    with pytest.raises(Conflict, match="any more"):
        retried(world, appointment_id, later=timedelta(hours=1))
    retried(world, appointment_id)
    isolated_run(world)

    with pytest.raises(Conflict, match="has not failed"):
        retried(world, appointment_id)
    with pytest.raises(NotFound):
        retried(world, 4711)
    assert asked_for(world) == []
