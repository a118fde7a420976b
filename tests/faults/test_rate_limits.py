"""Zoom's limits: kept by ourselves, obeyed when Zoom says so, and no appointment is lost to them."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Account, Appointment, ZoomLimit
from core.services.cancel import cancel
from tests.faults.conftest import Start
from tests.faults.given import (
    CREATE,
    CREATE_ROUTE,
    after,
    book_many,
    everything_was_made_once,
    outcomes,
    seat,
    user_id,
    wait_until,
)
from tests.world import TEST, World


@pytest.mark.parametrize("told", [{}, {"retry_after": 1}, {"retry_after": "1"}])
def test_a_429_is_waited_out_within_the_run(world: World, told: dict[str, Any]) -> None:
    """Whether Zoom says for how long or not: it took no effect, so it is asked once more after a pause."""
    world.location(accounts=3)
    names = book_many(world, 3)
    world.sandbox.fault({"status": 429, **told}, times=1, **CREATE)

    assert set(outcomes(world).values()) == {"ready"}

    everything_was_made_once(world, names)
    assert world.sandbox.stats()["answers"][CREATE_ROUTE] == {"201": 3, "429": 1}


def test_a_long_pause_is_obeyed_and_nobody_is_put_aside_for_it(world: World) -> None:
    """Zoom asks for a minute: what is due goes back into the line until then, its account included."""
    world.location(accounts=3)
    names = book_many(world, 3)
    world.sandbox.fault({"status": 429, "retry_after": 60}, **CREATE)

    done = outcomes(world)
    calls = world.sandbox.stats()["answers"][CREATE_ROUTE]["429"]

    assert set(done.values()) == {"tried again soon"}
    assert calls <= 3, "a pause was asked for, and Zoom was asked all the same"
    assert {world.appointment(name).reason for name in names} == {"rate_limited"}
    assert {(a.isolation, a.attempts) for a in world.all(Appointment)} == {(0, 0)}
    soonest = min(lease.claimed_until for lease in world.leases())
    assert soonest > after(timedelta(seconds=40))
    assert outcomes(world, now=after(timedelta(seconds=20))) == {}

    world.sandbox.clear_faults()
    _let_the_pause_pass(world)
    assert set(outcomes(world, now=after(timedelta(seconds=61))).values()) == {"ready"}
    everything_was_made_once(world, names)


def test_a_pause_of_one_zoom_account_stops_no_other(world: World) -> None:
    """Limits are kept per Zoom account, as Zoom counts them."""
    world.location("Harbour Clinic", accounts=1)
    world.location("Hill Clinic", accounts=1)
    world.book("A-1")
    world.book("B-1", location="Hill Clinic")
    world.sandbox.fault({"status": 429, "retry_after": 60}, user_id=user_id(world, 1), **CREATE)

    assert outcomes(world) == {"A-1": "tried again soon", "B-1": "ready"}


def test_a_host_whose_day_is_used_up_rests_until_midnight_and_the_next_one_is_used(world: World) -> None:
    """The hundred a day of one user: benched until 00:00 UTC, in the same run the next account."""
    world.location(accounts=2)
    world.sandbox.configure(daily_create_limit=1)
    world.book("A-1")
    outcomes(world)
    _cancelled(world, "A-1")
    with world.parts.sessions.begin() as session:  # the first account is the one that has been idle the longest again
        long_ago = utcnow() - timedelta(days=1)
        session.execute(sa.update(Account).where(Account.email == seat(1)).values(idle_since=long_ago))
    world.book("A-2")

    done = [(each.account, each.outcome) for each in world.run()]

    assert done == [(seat(1), "next account"), (seat(2), "ready")]
    [benched] = world.accounts(email=seat(1))
    midnight = (utcnow() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert (benched.bench_reason, benched.benched_until) == ("quota_spent", midnight)
    assert [meeting["host_email"] for meeting in world.zoom_meetings()] == [seat(2)]


def test_failed_tries_do_not_use_up_the_day(world: World) -> None:
    """An outage must not leave every account spent until midnight: only meetings that exist are counted."""
    world.location(accounts=1)
    world.book("A-1")
    fault = world.sandbox.fault({"status": 503}, **CREATE)
    for tick in range(3):
        outcomes(world, now=after(tick * timedelta(seconds=11)))
    world.sandbox.remove_fault(fault)
    outcomes(world, now=after(timedelta(seconds=40)))

    with world.parts.sessions() as session:
        assert session.scalars(sa.text("SELECT creates FROM zoom_budget")).all() == [1]


def test_two_processes_together_keep_the_limit(world: World, start_run: Start) -> None:
    """Forty meetings of one Zoom account through two runs at twenty a second: never more, and Zoom refuses nothing."""
    world.location(accounts=40)
    names = book_many(world, 40)
    world.sandbox.clear_stats()

    runs = [start_run(name, limit=20, ZOOM_PLAN="pro") for name in ("one", "two")]
    assert [run.wait(timeout=60) for run in runs] == [0, 0]

    stats = world.sandbox.stats()
    assert stats["answers"][CREATE_ROUTE] == {"201": 40}
    assert stats["peak_per_second"]["Medium"] <= 20
    wait_until(lambda: world.sandbox.mail_count() == 40, "all mails have arrived")
    everything_was_made_once(world, names)


def _let_the_pause_pass(world: World) -> None:
    """The limiter goes by the clock of the database, which no test can set."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(ZoomLimit).values(next_at=utcnow()))


def _cancelled(world: World, external_id: str) -> None:
    parts = world.parts
    cancel(parts.sessions, parts.zoom, location="Harbour Clinic", external_id=external_id, actor=TEST, clock=utcnow)
