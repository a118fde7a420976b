"""Waiting in line, being served late, and being missed when nobody could serve it."""

from datetime import timedelta

import pytest

from core.clock import utcnow
from core.db.models import Account, Appointment, AppointmentRevision, Event, Lease, Meeting
from core.domain.planning import DueWork
from core.services.due import due_work
from tests.integration.allocation.given import MINUTE, change, change_all, served
from tests.world import World


def work(world: World) -> DueWork:
    """What the sensor sees now."""
    with world.parts.sessions() as session:
        return due_work(session, hours=world.parts.hours, now=utcnow())


def test_waiting_is_written_once(world: World) -> None:
    """Ticks over those who wait write nothing, and nobody asks for a run on their account."""
    world.location(accounts=0)
    world.book("A-1")
    assert work(world).to_mark == 1

    assert len(world.allocate().waiting) == 1
    [before] = world.all(AppointmentRevision)
    assert world.allocate().waiting == []

    [after] = world.all(AppointmentRevision)
    assert after.waiting_since == before.waiting_since is not None
    assert len(world.all(Event, kind="link_waiting")) == 1
    assert (work(world).to_mark, work(world).servable) == (0, 0)


def test_who_waits_is_served_as_soon_as_an_account_is_free(world: World) -> None:
    """In the order of their starts, by whichever run comes next."""
    world.location(accounts=1)
    change_all(world, Account, benched_until=utcnow() + 60 * MINUTE)
    world.book("LATER", starts_in=9 * MINUTE)
    world.book("SOONER", starts_in=8 * MINUTE)
    world.allocate()
    assert served(world) == {}

    change_all(world, Account, benched_until=None)
    assert work(world).servable == 1
    world.allocate()

    assert list(served(world)) == ["SOONER"]
    assert world.appointment("SOONER").reason is None


def test_nothing_is_leased_before_it_is_due(world: World) -> None:
    """Ten minutes before its start, to the second."""
    world.location(accounts=1)
    booked = world.book("A-1", starts_in=30 * MINUTE)

    world.allocate(now=booked.starts_at - 10 * MINUTE - timedelta(seconds=1))
    assert served(world) == {}

    world.allocate(now=booked.starts_at - 10 * MINUTE)
    assert list(served(world)) == ["A-1"]


def test_a_late_link_is_opened_until_fifteen_minutes_after_the_start(world: World) -> None:
    """A client who waits a quarter of an hour may still be there."""
    world.location(accounts=1)
    booked = world.book("A-1", minutes=60)

    world.allocate(now=booked.starts_at + 15 * MINUTE - timedelta(seconds=1))

    assert list(served(world)) == ["A-1"]


def test_a_link_is_missed_fifteen_minutes_after_the_start(world: World) -> None:
    """Then nobody opens it by himself; the account stays free."""
    world.location(accounts=1)
    booked = world.book("A-1", minutes=60)

    missed = world.allocate(now=booked.starts_at + 15 * MINUTE).missed

    assert (missed, served(world)) == (1, {})
    assert (world.appointment("A-1").status, world.appointment("A-1").link) == ("missed", "missed")


def test_a_link_is_never_opened_past_the_end(world: World) -> None:
    """A short appointment is missed at its end, not a quarter of an hour after its start."""
    world.location(accounts=1)
    booked = world.book("A-1", minutes=5)

    assert world.allocate(now=booked.ends_at).missed == 1
    assert served(world) == {}


@pytest.mark.parametrize(
    ("reason", "waited", "cause"),
    [("no_free_account", True, "capacity"), ("zoom_unavailable", True, "zoom"), (None, False, "us")],
)
def test_what_is_missed_says_why(world: World, reason: str | None, waited: bool, cause: str) -> None:
    """Capacity where it waited, Zoom where Zoom failed it, us where nobody ever looked."""
    world.location(accounts=0)
    booked = world.book("A-1")
    if waited:
        world.allocate()
        change(world, Appointment, booked.id, reason=reason)

    world.allocate(now=booked.starts_at + 15 * MINUTE)

    [revision] = world.all(AppointmentRevision)
    assert (revision.outcome, revision.cause) == ("missed", cause)
    [event] = world.all(Event, kind="link_missed")
    assert event.detail == {"cause": cause, "reason": reason}


def test_the_account_of_a_missed_opening_is_free_when_nothing_can_be_left_on_zoom(world: World) -> None:
    """The run died before it asked Zoom for anything."""
    world.location(accounts=1)
    booked = world.book("A-1", minutes=60)
    world.allocate()
    late = booked.starts_at + 15 * MINUTE

    world.allocate(now=late)

    [lease] = world.leases()
    assert (lease.state, lease.release_reason) == ("released", "failed")
    [account] = world.accounts()
    assert account.idle_since == late


def test_the_account_of_a_missed_opening_is_kept_while_zoom_may_have_a_meeting(world: World) -> None:
    """An intent without an answer is looked for before the account is used again."""
    world.location(accounts=1)
    booked = world.book("A-1", minutes=60)
    world.allocate(run_id="dies")
    [lease] = world.leases()
    with world.parts.sessions.begin() as session:
        session.add(
            Meeting(
                location_id=lease.location_id,
                lease_id=lease.id,
                account_id=lease.account_id,
                reference="zp:test:1",
                state="intended",
                passcode=world.parts.vault.encrypt("secret"),
                intended_at=utcnow(),
            )
        )
    world.book("A-2", starts_in=24 * MINUTE)

    world.allocate(now=booked.starts_at + 15 * MINUTE)

    [meeting] = world.meetings()
    assert (meeting.state, world.appointment("A-1").link) == ("unknown", "missed")
    assert world.appointment("A-2").link == "waiting"


def test_a_lease_that_was_put_back_for_long_does_not_keep_its_appointment_from_being_missed(world: World) -> None:
    """Zoom may ask for a pause of an hour; the claim that ends then is nobody's."""
    world.location(accounts=1)
    booked = world.book("A-1", minutes=60)
    world.allocate()
    late = booked.starts_at + 15 * MINUTE
    change_all(world, Lease, claimed_by_run=None, claimed_until=late + 60 * MINUTE)

    assert world.allocate(now=late).missed == 1


def test_a_run_that_is_at_work_is_not_interrupted_by_the_window_closing(world: World) -> None:
    """What it is opening at this moment comes late, but it comes."""
    world.location(accounts=1)
    booked = world.book("A-1", minutes=60)
    just_in_time = booked.starts_at + 15 * MINUTE - timedelta(seconds=5)
    world.allocate(now=just_in_time)

    assert world.allocate(now=just_in_time + timedelta(seconds=10)).missed == 0
    assert world.appointment("A-1").link == "opening"


def test_a_dead_isolated_run_is_noticed_although_nothing_else_is_due(world: World) -> None:
    """It died with its lease granted: the sensor sees work, and it is asked for under its next number."""
    world.location(accounts=1)
    booked = world.book("A-1")
    world.allocate(run_id="dies")
    died = utcnow()
    change(world, Appointment, booked.id, isolated_at=died, isolation=1, isolation_claimed=1, next_attempt_at=died)

    assert work(world).to_give_up == 1
    world.allocate()

    revived = world.appointment("A-1")
    assert (revived.link, revived.isolation, revived.isolation_claimed) == ("failed", 2, 1)
    assert work(world).to_give_up == 0
