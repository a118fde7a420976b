"""What-ifs: asked for by a row, replayed from real leases."""

import random
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import AppointmentRevision, WhatIfResult
from core.db.read.what_if import computed, facts, last, past_needs
from core.domain.capacity import Usual
from core.domain.due import OpeningHours
from core.domain.what_if import replay
from core.services.what_if import Answer, ask_for_all, ask_what_if, compute_what_ifs
from tests.world import World

MINUTE = timedelta(minutes=1)
CLOSE = sa.text("""
UPDATE leases SET state = 'released', released_at = :at, release_reason = 'cooled' WHERE id = :id
""")
OPENED = sa.text("""
WITH opened AS (
    UPDATE appointments AS a SET link = 'ready' FROM leases AS l WHERE l.appointment_id = a.id AND l.reserved_at = :now
    RETURNING a.id
)
UPDATE appointment_revisions AS r
SET outcome = CASE WHEN :now > due_at + interval '1 minute' THEN 'late' ELSE 'on_time' END,
    cause = CASE WHEN :now > due_at + interval '1 minute' THEN 'capacity' END
FROM opened AS o WHERE o.id = r.appointment_id
""")
USUAL = Usual(10 * MINUTE, timedelta(), timedelta(), 5 * MINUTE)


def compute(world: World, now: datetime | None = None) -> list[Answer]:
    """What the run does."""
    return compute_what_ifs(
        world.parts.sessions,
        hours=world.parts.hours,
        cooldown=5 * MINUTE,
        clock=lambda: now or utcnow(),
        run_id="run",
    )


def live_through(world: World, begin: datetime, minutes: int, occupies: dict[int, int]) -> None:
    """Let the real allocator deal accounts out, minute by minute; each is back when its meeting has had its minutes."""
    for minute in range(minutes):
        now = begin + minute * MINUTE
        with world.parts.sessions.begin() as session:
            over = [
                lease for lease in world.leases(released_at=None) if _over(world, lease.appointment_id, occupies) <= now
            ]
            for lease in over:
                given = {
                    "id": lease.id,
                    "at": _over(world, lease.appointment_id, occupies),
                    "account": lease.account_id,
                }
                session.execute(CLOSE, given)
                session.execute(sa.text("UPDATE accounts SET idle_since = :at WHERE id = :account"), given)
        world.allocate(now=now)
        with world.parts.sessions.begin() as session:
            session.execute(OPENED, {"now": now})


def _over(world: World, appointment_id: int, occupies: dict[int, int]) -> datetime:
    (revision,) = world.all(AppointmentRevision, appointment_id=appointment_id)
    return revision.due_at + occupies[appointment_id] * MINUTE


def test_a_replay_with_the_real_number_of_accounts_is_what_really_happened(world: World) -> None:
    """A busy afternoon with two accounts, dealt out by the allocator itself: as many late and as many missed."""
    world.location(accounts=2)
    begin = utcnow().replace(second=0, microsecond=0) + timedelta(hours=1)
    dice = random.Random(7)
    occupies: dict[int, int] = {}
    for number in range(14):
        starts_in = begin + dice.randrange(10, 110) * MINUTE - utcnow() + timedelta(seconds=1)
        appointment = world.book(f"A-{number}", starts_in=starts_in, minutes=20)
        occupies[appointment.id] = dice.randrange(25, 50)
    live_through(world, begin, 170, occupies)
    now = begin + 180 * MINUTE
    with world.parts.sessions() as session:
        (location,) = {each.location_id for each in world.accounts()}
        was = past_needs(session, location, begin - 30 * MINUTE, now, hours=world.parts.hours, usual=USUAL)
        in_fact = facts(session, location, begin - 30 * MINUTE, now)

    again = replay(was, 2)
    assert in_fact.late >= 3 and in_fact.missed >= 2, "the afternoon was busy enough to mean something"
    assert (again.late, again.missed) == (in_fact.late, in_fact.missed)
    assert replay(was, 14).bad == 0


def test_what_is_asked_for_is_computed_and_told(world: World) -> None:
    """Three at once next week and one account; who asks again meanwhile gets the same."""
    place = world.location(accounts=1)
    for number in range(3):
        world.book(f"A-{number}", starts_in=timedelta(days=7))
    with world.parts.sessions.begin() as session:
        assert ask_what_if(session, place.id, actor="console", now=utcnow())
        assert not ask_what_if(session, place.id, actor="console", now=utcnow())
        ask_for_all(session, now=utcnow())
    with world.parts.sessions() as session:
        waiting = last(session, place.id)
        assert waiting and waiting.under_way and computed(session, place.id) is None

    assert compute(world) == [Answer(place.id, accounts=1, links=0, enough=1, booked=3, enough_ahead=3)]
    with world.parts.sessions() as session:
        found = computed(session, place.id)
    assert found and found.booked and found.done == found.steps > 0
    assert [point["missed"] for point in found.booked["points"]] == [2, 1, 0]
    assert compute(world) == []


def test_what_was_begun_by_a_run_that_died_is_computed_by_the_next(world: World) -> None:
    """Its claim passes five minutes after it was last heard of."""
    place = world.location(accounts=1)
    with world.parts.sessions.begin() as session:
        ask_what_if(session, place.id, actor="console", now=utcnow())
        session.execute(sa.update(WhatIfResult).values(claimed_at=utcnow(), run_id="dead"))

    assert compute(world) == []
    assert len(compute(world, utcnow() + timedelta(minutes=6))) == 1


def test_whatever_makes_it_fail_it_is_said_and_not_tried_for_ever(world: World) -> None:
    """A late limit beyond all calendars: the run fails in plain sight, and the page offers another try."""
    place = world.location(accounts=1)
    world.book("A-1", starts_in=timedelta(days=7))
    with world.parts.sessions.begin() as session:
        ask_what_if(session, place.id, actor="console", now=utcnow())

    with pytest.raises(OverflowError):
        compute_what_ifs(
            world.parts.sessions,
            hours=OpeningHours(10 * MINUTE, timedelta.max),
            cooldown=5 * MINUTE,
            clock=utcnow,
            run_id="run",
        )
    with world.parts.sessions() as session:
        failed = last(session, place.id)
    assert failed is not None and failed.failed_at is not None and not failed.under_way


def test_a_cancelled_lease_takes_its_time_but_misses_nothing(world: World) -> None:
    """What was called off counts against the others only."""
    place = world.location(accounts=1)
    appointment = world.book("A-1")
    world.allocate()
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(AppointmentRevision).values(outcome="cancelled"))
        session.execute(
            sa.text("UPDATE leases SET state='released', released_at=:at, release_reason='cancelled'"),
            {"at": utcnow() + MINUTE},
        )
    with world.parts.sessions() as session:
        window = (utcnow() - timedelta(hours=1), utcnow() + timedelta(hours=1))
        (need,) = past_needs(session, place.id, *window, hours=world.parts.hours, usual=USUAL)

    assert need.id == appointment.id and not need.counts and need.leaves_at == need.free_at
