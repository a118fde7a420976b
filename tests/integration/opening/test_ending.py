"""After the scheduled end: Zoom decides whether a meeting is over, time alone frees nobody."""

from datetime import datetime, timedelta

from core.clock import utcnow
from core.services.ending import verify_past
from tests.world import World


def verify(world: World, now: datetime) -> list[str]:
    """What the run that verifies says at *now*."""
    ended = verify_past(
        world.parts.sessions, world.parts.zoom, cooldown=timedelta(minutes=5), clock=lambda: now, run_id="verify"
    )
    return [each.outcome for each in ended]


def test_an_account_cools_down_after_the_end_and_is_free_again(world: World) -> None:
    """Five minutes, then the next appointment gets it; its idle time counts from the end of the cooldown."""
    world.location(accounts=1)
    world.book("A-1", minutes=10)
    world.book("A-2", starts_in=timedelta(minutes=35))
    world.run()
    end = world.appointment("A-1").ends_at

    assert verify(world, end + timedelta(seconds=1)) == ["over"]
    assert world.leases()[0].state == "cooldown"
    assert (world.appointment("A-1").status, world.appointment("A-1").link) == ("completed", "ended")
    assert [each.outcome for each in world.run(now=end + timedelta(minutes=6))] == ["ready"]
    assert [lease.state for lease in world.leases()] == ["released", "ready"]


def test_while_people_are_inside_the_account_stays_theirs(world: World) -> None:
    """An overrun is asked about again a minute later."""
    world.location(accounts=1)
    world.book("A-1", minutes=10)
    world.run()
    world.sandbox.start_meeting(world.meetings()[0].zoom_meeting_id)
    late = world.appointment("A-1").ends_at + timedelta(seconds=1)

    assert verify(world, late) == ["live"]
    assert verify(world, late + timedelta(seconds=30)) == []
    world.sandbox.end_meeting(world.meetings()[0].zoom_meeting_id)
    assert verify(world, late + timedelta(minutes=2)) == ["over"]


def test_before_the_end_nobody_is_asked(world: World) -> None:
    """The scheduled end comes first."""
    world.location(accounts=1)
    world.book("A-1", minutes=10)
    world.run()

    assert verify(world, utcnow()) == []


def test_a_zoom_that_does_not_answer_frees_nobody(world: World) -> None:
    """No answer is not an answer."""
    world.location(accounts=1)
    world.book("A-1", minutes=10)
    world.run()
    world.sandbox.fault({"status": 503}, method="GET")

    assert verify(world, world.appointment("A-1").ends_at + timedelta(seconds=1)) == ["later"]
    assert world.leases()[0].state == "ready"
