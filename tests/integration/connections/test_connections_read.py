"""What the connections page reads: seats by pages, the worst first, with what their accounts are worth."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Account, Grant, Seat
from core.db.read import connections
from core.services.locations import find_location, issue_seat
from core.zoom.budget import spend
from tests.world import TEST, World


def lines(world: World, **how: object) -> list[connections.SeatLine]:
    """What the page would show."""
    given = {"location": None, "now": utcnow(), "limit": 25} | how
    with world.parts.sessions() as session:
        return connections.seats(session, **given)  # type: ignore[arg-type]


def change(world: World, account_id: int, **values: object) -> None:
    """Put an account into a state."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Account).where(Account.id == account_id).values(**values))


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """Four connected accounts, of which the second lost its access and the third is out of the pool; a free seat."""
    world.location(accounts=4)
    change(world, 2, connection="needs_reauth")
    change(world, 3, benched_until=utcnow() + timedelta(hours=1), bench_reason="camera broken")
    with world.parts.sessions.begin() as session:
        place = find_location(session, "Harbour Clinic")
        issue_seat(session, location=place, address="free@harbour-clinic.test", actor=TEST, now=utcnow())


def test_what_needs_a_person_comes_first_and_pages_leave_nothing_out(world: World) -> None:
    """Two lines at a time, in one order."""
    pages = [lines(world, limit=2, skipped=skipped) for skipped in (0, 2, 4, 6)]

    assert [line.email.partition("@")[0] for page in pages for line in page] == [
        "seat2", "seat3", "free", "seat1", "seat4",
    ]  # fmt: skip
    assert lines(world)[1].reason == "camera broken"


def test_states_are_counted_for_the_location_and_for_what_is_searched(world: World) -> None:
    """Every issued seat once."""
    world.location("Hill Clinic")
    with world.parts.sessions() as session:
        here = find_location(session, "Harbour Clinic").id
        all_of_them = connections.by_state(session, None, now=utcnow())
        own = connections.by_state(session, here, now=utcnow())
        found = connections.by_state(session, None, now=utcnow(), search="SEAT1@")

    assert all_of_them == {"connected": 3, "needs_reauth": 1, "quarantined": 1, "not_connected": 1}
    assert own == all_of_them | {"connected": 2}
    assert found == {"connected": 2}


@pytest.mark.parametrize("search", ["%", "_", "\\", "\0%", "\ud800%", "nobody@"])
def test_a_search_is_text_and_no_pattern(world: World, search: str) -> None:
    """None of these addresses holds it."""
    assert lines(world, search=search) == []


def test_a_line_knows_the_access_and_the_budget_of_today(world: World) -> None:
    """Of the live grant, and not of yesterday."""
    now = utcnow()
    [first, *_] = world.accounts()
    with world.parts.sessions.begin() as session:
        spend(session, {first.zoom_user_id: 7}, day=now.date())
        spend(session, {first.zoom_user_id: 90}, day=(now - timedelta(days=1)).date())
    with world.parts.sessions() as session:
        line = connections.connection(session, first.id, now=now)
        assert connections.created_today(session, None, now=now) == 7

    assert line is not None and line.creates == 7
    assert line.refreshed_at is not None and "user:read:user" in str(line.scopes)
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Grant).where(Grant.account_id == first.id).values(ended_at=now, access_token=None))
        gone = connections.connection(session, first.id, now=now)
    assert gone is not None and gone.scopes is None and gone.refreshed_at is None


def test_a_seat_that_was_taken_back_is_gone(world: World) -> None:
    """From the list, and from its own address."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Seat).where(Seat.email.like("seat1@%")).values(taken_back_at=utcnow()))
        assert connections.connection(session, 1, now=utcnow()) is None

    assert "seat1@harbour-clinic.test" not in [line.email for line in lines(world)]
