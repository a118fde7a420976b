"""Zoom is asked about accounts shortly before they are needed, and about those that are used by hand."""

from datetime import datetime

import pytest

from core.clock import utcnow
from core.db.models import Account, Lease, Location
from core.services.elsewhere import busy_elsewhere
from core.services.probe import Probed, anything_to_probe, probe_accounts
from tests.integration.connections.given import MINUTE, account, change, of_user, told
from tests.world import World

EMAIL = "seat1@harbour-clinic.test"


@pytest.fixture(autouse=True)
def clinic(world: World) -> Location:
    """A location with three accounts, idle longest in the order of their numbers."""
    return world.location(accounts=3)


def probe(world: World, *, at: datetime | None = None) -> list[Probed]:
    """What a settle run asks."""
    parts = world.parts
    clock = (lambda: at) if at else utcnow
    return probe_accounts(parts.sessions, parts.zoom, hours=parts.hours, clock=clock, run_id="settle")


def anything(world: World, *, at: datetime | None = None) -> bool:
    """Whether a settle run has anything to ask."""
    with world.parts.sessions() as session:
        return anything_to_probe(session, hours=world.parts.hours, now=at or utcnow())


def soon(world: World, external_id: str = "A-1", minutes: int = 12) -> None:
    """An appointment that becomes due within five minutes."""
    world.book(external_id, starts_in=minutes * MINUTE)


def test_those_who_are_next_are_asked_about_and_one_more(world: World) -> None:
    """Longest idle first, as they will be leased; not again within ten minutes."""
    assert not anything(world)
    soon(world)
    assert anything(world)

    asked = probe(world)

    assert [(each.account_id, each.outcome) for each in asked] == [
        (account(world, 1).id, "fit"),
        (account(world, 2).id, "fit"),
    ]
    assert not anything(world) and probe(world) == []


def test_what_is_not_due_soon_or_is_due_already_asks_nothing(world: World) -> None:
    """The one comes later, the other is being opened."""
    soon(world, "LATER", minutes=16)
    world.book("DUE")

    assert not anything(world)


def test_a_lost_licence_is_found_before_it_is_needed(world: World) -> None:
    """The account is benched, and the next one is leased."""
    soon(world)
    world.sandbox.change_user(EMAIL, type=1)

    assert [each.outcome for each in probe(world)] == ["unfit", "fit"]
    assert account(world).bench_reason == "licence_gone"


def test_an_inactive_user_is_benched(world: World) -> None:
    """Somebody deactivated it in the portal."""
    soon(world)
    world.sandbox.change_user(EMAIL, status="inactive")

    assert probe(world)[0].outcome == "unfit"
    assert account(world).benched_until is not None


def test_a_dead_grant_is_found_before_it_is_needed(world: World) -> None:
    """A person can reconnect it in time."""
    soon(world)
    world.sandbox.revoke_consent(EMAIL)

    assert probe(world)[0].outcome == "needs_reauth"
    assert account(world).connection == "needs_reauth"


def test_an_outage_says_nothing_of_an_account(world: World) -> None:
    """It stays in the pool."""
    soon(world)
    world.sandbox.fault({"status": 503}, path_regex="/v2/users")

    assert [each.outcome for each in probe(world)] == ["later", "later"]
    assert account(world).connection == "connected"


def test_use_by_hand_is_found_and_asked_about_until_it_ends(world: World) -> None:
    """Every two minutes, whether anybody needs the account or not."""
    soon(world)
    by_hand = world.sandbox.use_by_hand(EMAIL)

    assert probe(world)[0].outcome == "busy_elsewhere"
    assert account(world).busy_elsewhere_with == str(by_hand["id"])
    assert [each.account_id for each in probe(world)] == [account(world, 3).id], "the next one now"
    assert not anything(world)

    later = utcnow() + 2 * MINUTE
    assert probe(world, at=later)[0].outcome == "busy_elsewhere"
    world.sandbox.end_meeting(by_hand["id"])
    assert probe(world, at=later + 2 * MINUTE)[0].outcome == "fit"
    assert account(world).busy_elsewhere_since is None
    assert len(told(world, "account_busy_elsewhere")) == len(told(world, "account_free_elsewhere")) == 1


def test_a_meeting_of_ours_is_none_by_hand(world: World) -> None:
    """An event once said that the account is busy; what runs now is a client's meeting."""
    world.book()
    world.run()
    [meeting] = world.meetings()
    world.sandbox.start_meeting(meeting.zoom_meeting_id)
    change(world, Account, account(world).id, busy_elsewhere_since=utcnow() - MINUTE)

    assert [each.outcome for each in probe(world)] == ["fit"]


def test_an_old_link_that_was_started_again_counts_like_use_by_hand(world: World) -> None:
    """Its lease is over."""
    world.book()
    world.run()
    [meeting] = world.meetings()
    world.sandbox.start_meeting(meeting.zoom_meeting_id)
    change(world, Lease, meeting.lease_id, state="released", released_at=utcnow(), release_reason="cooled")
    soon(world, "A-2")

    assert (probe(world)[0].account_id, account(world).busy_elsewhere_with) == (
        meeting.account_id,
        meeting.zoom_meeting_id,
    )


def test_what_began_while_zoom_was_asked_is_not_taken_back(world: World) -> None:
    """The answer says nothing of it."""
    asked_at = utcnow() - MINUTE
    with world.parts.sessions.begin() as session:
        assert busy_elsewhere(session, **of_user(account(world), "91111111111", utcnow(), utcnow()))

    assert [each.outcome for each in probe(world, at=asked_at)] == ["busy_elsewhere"]
