"""Which appointment gets which account: longest idle first, earliest start first, and who is passed over."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.clock import utcnow
from core.db.models import Account, Event, Location
from core.services.lease import allocate
from core.zoom.budget import DAILY_CREATES, spend
from tests.integration.allocation.given import (
    MINUTE,
    change,
    idle,
    in_cooldown,
    location_of,
    pause_all,
    served,
    still_on_zoom,
)
from tests.world import World


def test_the_account_that_has_been_idle_the_longest_is_leased(world: World) -> None:
    """Not the one that was connected first."""
    world.location(accounts=3)
    accounts = idle(world, 10, 40, 20)
    world.book("A-1")

    world.allocate()

    assert served(world) == {"A-1": accounts[1].email}
    [lease] = world.leases()
    assert (lease.account_idle_since, lease.free_accounts) == (accounts[1].idle_since, 3)


def test_the_earliest_start_is_served_first(world: World) -> None:
    """Whoever booked first; the earliest gets the account that has been idle the longest."""
    world.location(accounts=2)
    first, second = idle(world, 10, 40)
    world.book("LATEST", starts_in=9 * MINUTE)
    world.book("EARLIEST", starts_in=7 * MINUTE)
    world.book("MIDDLE", starts_in=8 * MINUTE)

    world.allocate()

    assert served(world) == {"EARLIEST": second.email, "MIDDLE": first.email}
    assert world.appointment("LATEST").link == "waiting"


def test_a_batch_that_is_cut_short_serves_the_earliest_and_marks_nobody_waiting(world: World) -> None:
    """The others are next run's, not short of an account."""
    world.location(accounts=3)
    for minutes in (9, 7, 8):
        world.book(f"A-{minutes}", starts_in=minutes * MINUTE)

    world.allocate(limit=1)

    assert list(served(world)) == ["A-7"]
    assert {world.appointment(name).link for name in ("A-8", "A-9")} == {"not_due"}


def test_a_lease_says_who_granted_it_and_why(world: World) -> None:
    """The timeline has the account's idle time, how many were free, and the run."""
    world.location(accounts=2)
    world.book("A-1")

    world.allocate(run_id="run-of-this-test")

    [event] = world.all(Event, kind="lease_granted")
    [lease] = world.leases()
    assert (event.lease_id, event.account_id, event.run_id) == (lease.id, lease.account_id, "run-of-this-test")
    assert event.detail["free_accounts"] == 2


def test_an_account_whose_cooldown_has_passed_is_free_since_then(world: World) -> None:
    """Whoever looks closes it, and idle since is when the cooldown ended, not when somebody looked."""
    world.location(accounts=2)
    cooled, rested = idle(world, 90, 10)
    ended = utcnow().replace(microsecond=0) - 30 * MINUTE
    lease = in_cooldown(world, cooled, until=ended)
    world.book("A-1")

    world.allocate()

    assert served(world) == {"A-1": cooled.email}
    [closed] = world.leases(id=lease.id)
    assert (closed.state, closed.release_reason, closed.released_at) == ("released", "cooled", ended)
    [account] = world.accounts(id=cooled.id)
    assert account.idle_since == ended
    assert [event.at for event in world.all(Event, kind="lease_released")] == [ended]
    assert rested.id != cooled.id


def test_what_cooled_down_just_now_stands_last_in_line(world: World) -> None:
    """A passed cooldown does not let an account keep the idle time it had before its lease."""
    world.location(accounts=2)
    cooled, rested = idle(world, 90, 10)
    in_cooldown(world, cooled, until=utcnow() - MINUTE)
    world.book("A-1")

    world.allocate()

    assert served(world) == {"A-1": rested.email}


def test_an_account_that_cools_down_is_not_free(world: World) -> None:
    """Not a second before its cooldown has passed."""
    world.location(accounts=1)
    [account] = world.accounts()
    until = utcnow() + 2 * MINUTE
    in_cooldown(world, account, until=until)
    world.book("A-1")

    world.allocate(now=until - timedelta(seconds=1))
    assert world.appointment("A-1").link == "waiting"

    world.allocate(now=until)
    assert served(world) == {"A-1": account.email}


def _benched(world: World, account: Account) -> None:
    change(world, Account, account.id, benched_until=utcnow() + MINUTE, bench_reason="quota_spent")


def _busy_elsewhere(world: World, account: Account) -> None:
    change(world, Account, account.id, busy_elsewhere_since=utcnow())


def _draining(world: World, account: Account) -> None:
    change(world, Account, account.id, connection="draining")


def _needs_reauth(world: World, account: Account) -> None:
    change(world, Account, account.id, connection="needs_reauth")


def _budget_spent(world: World, account: Account) -> None:
    with world.parts.sessions.begin() as session:
        spend(session, {account.zoom_user_id: DAILY_CREATES}, day=utcnow().date())


def _meeting_to_be_deleted(world: World, account: Account) -> None:
    still_on_zoom(world, account, "deleting")


def _meeting_in_doubt(world: World, account: Account) -> None:
    still_on_zoom(world, account, "unknown")


OUT_OF_THE_POOL = [
    _benched,
    _busy_elsewhere,
    _draining,
    _needs_reauth,
    _budget_spent,
    _meeting_to_be_deleted,
    _meeting_in_doubt,
]


@pytest.mark.parametrize("take_out", OUT_OF_THE_POOL)
def test_an_account_that_cannot_be_used_is_passed_over(
    world: World, take_out: Callable[[World, Account], None]
) -> None:
    """The next one is leased instead, although it has been idle for less."""
    world.location(accounts=2)
    out, other = idle(world, 40, 10)
    take_out(world, out)
    world.book("A-1")

    world.allocate()

    assert served(world) == {"A-1": other.email}


@pytest.mark.parametrize("take_out", OUT_OF_THE_POOL)
def test_an_appointment_waits_when_the_only_account_cannot_be_used(
    world: World, take_out: Callable[[World, Account], None]
) -> None:
    """It is short of an account, and says whether one is connected at all."""
    world.location(accounts=1)
    [account] = world.accounts()
    take_out(world, account)
    world.book("A-1")

    allocated = world.allocate()

    connected = take_out not in (_draining, _needs_reauth)
    reason = "no_free_account" if connected else "no_connected_account"
    assert [waiting.reason for waiting in allocated.waiting] == [reason]
    assert (world.appointment("A-1").link, world.appointment("A-1").reason) == ("waiting", reason)


def test_a_bench_that_has_ended_keeps_nobody_out(world: World) -> None:
    """Until is a moment, not an errand for somebody."""
    world.location(accounts=1)
    [account] = world.accounts()
    change(world, Account, account.id, benched_until=utcnow(), bench_reason="quota_spent")
    world.book("A-1")

    world.allocate()

    assert served(world) == {"A-1": account.email}


def _suspend(world: World) -> None:
    change(world, Location, location_of(world).id, status="suspended")


def _pause(world: World) -> None:
    change(world, Location, location_of(world).id, allocation_paused_at=utcnow())


@pytest.mark.parametrize(
    ("stop", "reason"),
    [(_suspend, "location_suspended"), (_pause, "allocation_paused"), (pause_all, "allocation_paused")],
)
def test_a_location_that_is_stopped_gets_none(world: World, stop: Callable[[World], None], reason: str) -> None:
    """Although an account is free; the reason says who has to act."""
    world.location(accounts=1)
    world.book("A-1")
    stop(world)

    world.allocate()

    assert world.leases() == []
    assert world.appointment("A-1").reason == reason


def test_a_location_without_accounts_says_so(world: World) -> None:
    """Nothing is connected: waiting alone will not help."""
    world.location(accounts=0)
    world.book("A-1")

    world.allocate()

    assert world.appointment("A-1").reason == "no_connected_account"


def test_a_stopped_location_does_not_stop_others(world: World) -> None:
    """Pause flags are kept per location."""
    world.location("Harbour Clinic", accounts=1)
    world.location("Hill Clinic", accounts=1)
    world.book("A-1", location="Harbour Clinic")
    world.book("B-1", location="Hill Clinic")
    _pause(world)

    world.allocate()

    assert list(served(world)) == ["B-1"]


def test_a_location_that_another_run_holds_is_busy_and_not_short(world: World) -> None:
    """While it decides, nobody else marks its appointments waiting, and nobody waits for its lock."""
    world.location(accounts=1)
    world.book("A-1", starts_in=8 * MINUTE)
    world.book("A-2", starts_in=9 * MINUTE)
    with world.parts.sessions.begin() as other_run:
        allocate(other_run, hours=world.parts.hours, limit=1, run_id="other", now=utcnow())

        with world.parts.sessions.begin() as session:
            ours = allocate(session, hours=world.parts.hours, limit=250, run_id="ours", now=utcnow())
        assert (ours.granted, ours.waiting) == ([], [])

    assert list(served(world)) == ["A-1"]


def test_marking_who_waits_lets_no_later_start_be_served(world: World) -> None:
    """An account comes free while one run marks the earlier appointment; another run must not pass over it."""
    world.location(accounts=1)
    [account] = world.accounts()
    change(world, Account, account.id, busy_elsewhere_since=utcnow())
    world.book("LATER", starts_in=9 * MINUTE)
    world.allocate()
    world.book("EARLIER", starts_in=8 * MINUTE)
    with world.parts.sessions.begin() as marking:
        marked = allocate(marking, hours=world.parts.hours, limit=250, run_id="marking", now=utcnow())
        assert len(marked.waiting) == 1
        change(world, Account, account.id, busy_elsewhere_since=None)

        with world.parts.sessions.begin() as session:
            allocate(session, hours=world.parts.hours, limit=250, run_id="ours", now=utcnow())
        assert served(world) == {}

    world.allocate()
    assert list(served(world)) == ["EARLIER"]
