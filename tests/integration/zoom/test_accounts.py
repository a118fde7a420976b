"""Benches, their history, and the list of accounts."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Account, ConnectionPeriod, Event, Lease, Meeting
from core.errors import NotFound
from core.services.accounts import AccountLine, bench, list_accounts, mark_needs_reauth, release_bench
from core.services.connection_periods import FOREVER
from core.services.tokens import AccountCredentials
from tests.world import TEST, World

COOLDOWN = timedelta(minutes=5)


@pytest.fixture
def account(world: World) -> Account:
    """The one account of a location."""
    world.location()
    [account] = world.accounts()
    return account


def line(world: World, now: datetime) -> AccountLine:
    """The one line of the list."""
    with world.parts.sessions() as session:
        [found] = list_accounts(session, now=now, cooldown=COOLDOWN)
    return found


def periods(world: World) -> list[tuple[str, str | None]]:
    """The account's history after it was connected."""
    ordered = sorted(world.all(ConnectionPeriod), key=lambda each: (each.from_at, each.id))
    return [(each.status, each.reason) for each in ordered[1:]]


def put_on_bench(world: World, account: Account, until: datetime | None, *, reason: str = "quota_spent") -> None:
    """Bench the account now."""
    with world.parts.sessions.begin() as session:
        bench(session, account.id, reason=reason, until=until, actor=TEST, now=utcnow())


def change_lease(world: World, **values: object) -> None:
    """Change the one lease behind everybody's back."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Lease).values(**values))


def test_an_idle_account_shows_since_when(world: World, account: Account) -> None:
    """The plainest line."""
    shown = line(world, utcnow())

    assert (shown.location, shown.email) == ("Harbour Clinic", account.email)
    assert (shown.state, shown.lease_state, shown.reason) == ("connected", "idle", None)
    assert (shown.idle_since, shown.busy_until) == (account.idle_since, None)


def test_a_leased_account_shows_until_when(world: World, account: Account) -> None:
    """Its appointment's planned end, plus the cooldown."""
    appointment = world.book()
    world.allocate()

    shown = line(world, utcnow())

    assert (shown.state, shown.lease_state, shown.idle_since) == ("connected", "reserved", None)
    assert shown.busy_until == appointment.ends_at + COOLDOWN


def test_an_account_whose_meeting_overruns_is_busy_from_now_on(world: World, account: Account) -> None:
    """A time in the past would promise what is not so."""
    world.book()
    world.allocate()
    later = utcnow() + timedelta(hours=3)

    assert line(world, later).busy_until == later + COOLDOWN


def test_a_cooldown_that_has_passed_counts_as_idle_since_then(world: World, account: Account) -> None:
    """Although nobody has looked at it yet."""
    world.book()
    world.allocate()
    ended = utcnow()
    change_lease(world, state="cooldown", cooldown_at=ended, cooldown_until=ended + COOLDOWN)

    cooling, idle = line(world, ended), line(world, ended + COOLDOWN)

    assert (cooling.lease_state, cooling.busy_until) == ("cooldown", ended + COOLDOWN)
    assert (idle.lease_state, idle.idle_since, idle.busy_until) == ("idle", ended + COOLDOWN, None)


def test_an_account_whose_old_meeting_may_still_exist_is_closing(world: World, account: Account) -> None:
    """Somebody could start it, so the account is not free, lease or not."""
    world.book()
    world.run()
    now = utcnow()
    change_lease(world, state="released", released_at=now, release_reason="freed")
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Meeting).values(state="deleting"))

    assert line(world, now).lease_state == "closing"


def test_a_bench_with_an_end_ends_by_itself(world: World, account: Account) -> None:
    """In the list and in the history, without anybody's help."""
    until = utcnow() + timedelta(hours=2)
    put_on_bench(world, account, until)

    benched, after = line(world, utcnow()), line(world, until)

    assert (benched.state, benched.reason, benched.lease_state) == ("quarantined", "quota_spent", "idle")
    assert (after.state, after.reason) == ("connected", None)
    assert periods(world) == [("quarantined", "quota_spent"), ("connected", None)]
    [event] = world.all(Event, kind="account_benched")
    assert event.detail == {"reason": "quota_spent", "until": until.isoformat()}


def test_a_bench_without_an_end_waits_for_a_person(world: World, account: Account) -> None:
    """And a person's release is in the history, too."""
    put_on_bench(world, account, None, reason="licence_gone")
    assert world.accounts()[0].benched_until == FOREVER
    assert line(world, utcnow() + timedelta(days=900)).state == "quarantined"

    with world.parts.sessions.begin() as session:
        release_bench(session, account.id, actor=TEST, now=utcnow())

    assert line(world, utcnow()).state == "connected"
    assert periods(world) == [("quarantined", "licence_gone"), ("connected", None)]
    assert world.all(Event, kind="account_released")


def test_a_released_bench_leaves_no_planned_end_behind(world: World, account: Account) -> None:
    """The history must not hold two periods at once."""
    put_on_bench(world, account, utcnow() + timedelta(hours=2))
    with world.parts.sessions.begin() as session:
        release_bench(session, account.id, actor=TEST, now=utcnow())

    rows = sorted(world.all(ConnectionPeriod), key=lambda each: (each.from_at, each.id))
    assert [each.status for each in rows] == ["connected", "quarantined", "connected"]
    assert [each.to_at for each in rows] == [rows[1].from_at, rows[2].from_at, None]


def test_a_shorter_bench_does_not_shorten_a_longer_one(world: World, account: Account) -> None:
    """A quota that ends at midnight says nothing about a licence that is gone."""
    put_on_bench(world, account, None, reason="licence_gone")
    put_on_bench(world, account, utcnow() + timedelta(hours=1))

    assert world.accounts()[0].bench_reason == "licence_gone"
    assert periods(world) == [("quarantined", "licence_gone")]


def test_a_dead_grant_shows_before_a_bench(world: World, credentials: AccountCredentials) -> None:
    """Reconnecting is what helps."""
    [account] = world.accounts()
    put_on_bench(world, account, None)
    with world.parts.sessions.begin() as session:
        assert mark_needs_reauth(
            session, account.id, grant_id=credentials.grant_id, reason="dead_grant", actor=TEST, now=utcnow()
        )

    assert line(world, utcnow()).state == "needs_reauth"
    assert periods(world)[-1] == ("needs_reauth", "dead_grant")


def test_a_meeting_that_is_not_ours_makes_it_busy_elsewhere(world: World, account: Account) -> None:
    """Locations hold the credentials and use them by hand."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Account).values(busy_elsewhere_since=utcnow()))

    assert line(world, utcnow()).state == "busy_elsewhere"


def test_one_locations_accounts_can_be_asked_for(world: World, account: Account) -> None:
    """Ordered by location and address otherwise."""
    hill = world.location("Hill Clinic", accounts=2)
    with world.parts.sessions() as session:
        everything = list_accounts(session, now=utcnow(), cooldown=COOLDOWN)
        of_hill = list_accounts(session, now=utcnow(), cooldown=COOLDOWN, location_id=hill.id)

    assert [each.location for each in everything] == ["Harbour Clinic", "Hill Clinic", "Hill Clinic"]
    assert [each.email for each in of_hill] == ["seat1@hill-clinic.test", "seat2@hill-clinic.test"]


def test_an_account_that_does_not_exist_is_named(world: World) -> None:
    """A typed error, no traceback."""
    with world.parts.sessions() as session, pytest.raises(NotFound, match="4711"):
        bench(session, 4711, reason="x", until=None, actor=TEST, now=utcnow())
