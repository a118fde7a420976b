"""Time passes for one appointment at the press of a button: in the sandbox alone, and its link stays its link."""

from datetime import timedelta

import pytest

from core.clock import utcnow
from core.db.models import AppointmentRevision, Event
from core.errors import Conflict, NotAllowed
from core.services.practice import Until, let_time_pass
from tests.world import TEST, World


def hurry(world: World, until: Until, mode: str = "sandbox") -> None:
    """As the page Sandbox does for A-1."""
    with world.parts.sessions.begin() as session:
        let_time_pass(
            session,
            world.appointment().id,
            until,
            mode=mode,
            hours=world.parts.hours,
            actor=TEST,
            role="admin",
            now=utcnow(),
        )


def revision(world: World) -> AppointmentRevision:
    """The one and only."""
    [found] = world.all(AppointmentRevision)
    assert isinstance(found, AppointmentRevision)
    return found


def test_an_appointment_of_next_week_becomes_due_begins_and_ends(world: World) -> None:
    """It is opened on time, keeps its only revision and its link, and each step is on its timeline."""
    world.location()
    world.book(starts_in=timedelta(days=7), minutes=30)

    hurry(world, Until.DUE)
    due = world.appointment()
    assert timedelta(minutes=9, seconds=55) < due.starts_at - utcnow() <= timedelta(minutes=10)
    assert due.ends_at - due.starts_at == timedelta(minutes=30)
    assert timedelta() <= utcnow() - revision(world).due_at < timedelta(seconds=5)
    world.run()
    [meeting] = world.zoom_meetings()
    assert (world.appointment().link, revision(world).outcome) == ("ready", "on_time")

    was_due = revision(world).due_at
    hurry(world, Until.START)
    assert timedelta() <= utcnow() - world.appointment().starts_at < timedelta(seconds=5)
    assert revision(world).starts_at == world.appointment().starts_at
    assert revision(world).due_at == was_due

    hurry(world, Until.END)
    assert timedelta() <= utcnow() - world.appointment().ends_at < timedelta(seconds=5)
    assert world.zoom_meetings() == [meeting]
    assert world.appointment().revision == 1
    kinds = [event.kind for event in world.all(Event, actor=TEST) if event.kind.startswith("practice_")]
    assert kinds == ["practice_due", "practice_start", "practice_end"]


@pytest.mark.parametrize("until", [Until.DUE, Until.RESTED])
def test_what_has_passed_does_not_pass_again(world: World, until: Until) -> None:
    """Its link is due and its account is no longer resting: the button was pressed by somebody who saw an old page."""
    world.location()
    world.book()
    before = world.appointment()

    with pytest.raises(Conflict):
        hurry(world, until)

    assert world.appointment().starts_at == before.starts_at


def test_outside_the_sandbox_no_time_is_hurried(world: World) -> None:
    """Whoever asks: the server refuses, and nothing has changed."""
    world.location()
    world.book(starts_in=timedelta(days=1))
    before = world.appointment()

    with pytest.raises(NotAllowed):
        hurry(world, Until.DUE, mode="production")

    assert world.appointment().starts_at == before.starts_at
