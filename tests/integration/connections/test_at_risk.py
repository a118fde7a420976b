"""Which appointments suffer when accounts cannot be used."""

from datetime import timedelta

from core.clock import utcnow
from core.db.models import Account
from core.db.read.account_history import events
from core.db.read.at_risk import AtRisk, appointments_at_risk
from tests.integration.connections.given import MINUTE, account, change
from tests.world import World

DAY = timedelta(days=1)


def at_risk(world: World, *accounts: int) -> list[tuple[str, bool]]:
    """The appointments at risk by start, and whether each has one of the accounts."""
    with world.parts.sessions() as session:
        now = utcnow()
        found: list[AtRisk] = appointments_at_risk(session, accounts or None, now=now, until=now + DAY)
    return [(each.external_id, each.leased) for each in found]


def test_who_has_the_account_is_at_risk(world: World) -> None:
    """The others have accounts of their own."""
    world.location(accounts=2)
    world.book("A-1")
    world.book("A-2")
    world.run()
    [lost] = [lease for lease in world.leases() if lease.appointment_id == world.appointment("A-2").id]

    assert at_risk(world, lost.account_id) == [("A-2", True)]


def test_so_are_those_for_whom_too_few_are_left(world: World) -> None:
    """Two overlap and one account is left; the third comes after both."""
    world.location(accounts=2)
    world.book("A-1", starts_in=60 * MINUTE)
    world.book("A-2", starts_in=70 * MINUTE)
    world.book("A-3", starts_in=180 * MINUTE)
    assert at_risk(world) == []

    assert at_risk(world, account(world).id) == [("A-2", False)]
    change(world, Account, account(world).id, connection="needs_reauth")
    assert at_risk(world) == [("A-2", False)], "every account that cannot be used now"


def test_a_location_without_any_account_left_is_at_risk_as_a_whole(world: World) -> None:
    """Another location is not."""
    world.location()
    world.location("Hill Clinic")
    world.book("A-1", starts_in=60 * MINUTE)
    world.book("A-2", starts_in=180 * MINUTE)
    world.book("A-3", starts_in=180 * MINUTE, location="Hill Clinic")

    assert at_risk(world, account(world).id) == [("A-1", False), ("A-2", False)]


def test_a_draining_account_keeps_its_promise(world: World) -> None:
    """Its client's link works."""
    world.location()
    world.book()
    world.run()
    change(world, Account, account(world).id, connection="draining")

    assert at_risk(world) == []


def test_an_accounts_timeline_says_why_it_was_chosen(world: World) -> None:
    """How long it had been idle, and how many were free."""
    world.location(accounts=2)
    world.book()
    world.run()

    with world.parts.sessions() as session:
        lines = events(session, account(world).id)
    [granted] = [line for line in lines if line.kind == "lease_granted"]
    assert granted.external_id == "A-1"
    assert granted.detail["free_accounts"] == 2
    assert granted.detail["idle_since"].startswith(account(world).idle_since.date().isoformat())
