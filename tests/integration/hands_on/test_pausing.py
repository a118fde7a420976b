"""Pausing the allocation: of one location or of all, with a reason, until somebody resumes it."""

from datetime import timedelta
from typing import Any

import pytest

from core.clock import utcnow
from core.db.models import AppointmentRevision, Event, Installation, Location
from core.errors import InvalidInput
from core.services.locations import find_location
from core.services.pause import pause_allocation, resume_allocation
from tests.integration.hands_on.given import PERSON
from tests.world import World

MINUTE = timedelta(minutes=1)


def paused(world: World, name: str | None = "Harbour Clinic", **said: Any) -> bool:
    """Pause a location, or all."""
    with world.parts.sessions.begin() as session:
        place = find_location(session, name) if name else None
        return pause_allocation(session, location=place, now=utcnow(), **{**PERSON, **said})


def resumed(world: World, name: str | None = "Harbour Clinic") -> bool:
    """Resume a location, or all."""
    with world.parts.sessions.begin() as session:
        place = find_location(session, name) if name else None
        return resume_allocation(session, location=place, now=utcnow(), **PERSON)


@pytest.mark.parametrize("name", ["Harbour Clinic", None])
def test_while_it_is_paused_what_is_due_waits_and_says_why(world: World, name: str | None) -> None:
    """After that it is served."""
    world.location()
    world.book("A-1")

    assert paused(world, name)
    assert world.run() == []
    assert (world.appointment("A-1").link, world.appointment("A-1").reason) == ("waiting", "allocation_paused")

    assert resumed(world, name)
    assert [outcome.outcome for outcome in world.run()] == ["ready"]


def test_once_resumed_who_finds_no_account_says_so(world: World) -> None:
    """The pause is over; what he waits for now is an account, and only that is told."""
    world.location(accounts=1)
    world.book("A-1", starts_in=9 * MINUTE)
    world.book("A-2")
    paused(world)
    world.run()

    resumed(world)
    world.run()

    assert (world.appointment("A-1").link, world.appointment("A-2").link) == ("ready", "waiting")
    assert world.appointment("A-2").reason == "no_free_account"


def test_what_a_pause_made_late_or_missed_was_not_for_want_of_an_account(world: World) -> None:
    """More accounts would have been of no help: of those that waited only the one who found none free counts so."""
    world.location(accounts=1)
    world.book("A-1", starts_in=9 * MINUTE)
    world.book("A-2")
    world.location("Quay Clinic")
    world.book("A-3", location="Quay Clinic")
    paused(world)
    paused(world, "Quay Clinic")
    now = utcnow()
    world.run(now=now)
    resumed(world)
    world.run(now=now + 5 * MINUTE)
    world.run(now=now + 30 * MINUTE)

    judged = [(revision.outcome, revision.cause) for revision in world.all(AppointmentRevision)]
    assert judged == [("late", "us"), ("missed", "capacity"), ("missed", "us")]


def test_an_opened_link_stays(world: World) -> None:
    """A pause stops what is new."""
    world.location()
    world.book("A-1")
    world.run()

    paused(world)
    world.run()

    assert world.appointment("A-1").link == "ready"


def test_one_location_alone_is_paused(world: World) -> None:
    """The others go on."""
    for name in ("Harbour Clinic", "Quay Clinic"):
        world.location(name)
        world.book("A-1", location=name)

    paused(world)

    assert [outcome.outcome for outcome in world.run()] == ["ready"]
    assert world.appointment("A-1", "Quay Clinic").link == "ready"


def test_resuming_all_leaves_alone_what_is_paused_itself(world: World) -> None:
    """Each pause has a reason of its own."""
    world.location()
    world.book("A-1")
    paused(world)
    paused(world, None)

    resumed(world, None)

    assert world.run() == []


def test_both_are_noted_once_with_who_and_why(world: World) -> None:
    """Pausing what is paused changes nothing."""
    world.location()

    assert (paused(world), paused(world)) == (True, False)
    [place] = world.all(Location)
    assert (place.allocation_paused_by, place.allocation_paused_reason) == (PERSON["actor"], PERSON["reason"])
    assert (resumed(world), resumed(world)) == (True, False)
    assert (paused(world, None), resumed(world, None)) == (True, True)

    notes = [
        (event.kind, event.actor, event.detail, event.location_id)
        for event in world.all(Event)
        if event.kind.startswith("allocation")
    ]
    why = {"role": PERSON["role"], "reason": PERSON["reason"]}
    assert notes == [
        ("allocation_paused", "Sam", why, place.id),
        ("allocation_resumed", "Sam", why, place.id),
        ("allocation_paused", "Sam", why, None),
        ("allocation_resumed", "Sam", why, None),
    ]
    [installation] = world.all(Installation)
    assert installation.allocation_paused_reason is None


def test_a_reason_has_to_be_given(world: World) -> None:
    """Whoever finds it paused wants to know why."""
    world.location()

    with pytest.raises(InvalidInput, match="reason"):
        paused(world, reason=" ")
