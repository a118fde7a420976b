"""A location's staff start meetings of their own on a pooled account; events come in any order."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Account, InboxEvent, Lease
from core.services.elsewhere import busy_elsewhere, free_elsewhere
from tests.integration.connections.given import MINUTE, account, of_user, periods, told
from tests.world import World

FOREIGN = "91111111111"


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """A location with one account."""
    world.location()


def begins(world: World, meeting: str = FOREIGN, *, at: datetime | None = None) -> bool:
    """Zoom says that a meeting of the account began."""
    now = utcnow()
    with world.parts.sessions.begin() as session:
        return busy_elsewhere(session, **of_user(account(world), meeting, at or now, now))


def ends(world: World, meeting: str = FOREIGN, *, at: datetime | None = None) -> bool:
    """Zoom says that a meeting of the account ended."""
    now = utcnow()
    with world.parts.sessions.begin() as session:
        return free_elsewhere(session, **of_user(account(world), meeting, at or now, now))


def test_an_account_that_holds_a_foreign_meeting_is_passed_by_until_it_ends(world: World) -> None:
    """The allocator grants it to nobody, the history and the timeline show it."""
    assert begins(world)
    world.book()
    assert not world.allocate().granted

    assert ends(world)
    assert len(world.allocate().granted) == 1
    assert periods(world, account(world)) == [("busy_elsewhere", None), ("connected", None)]
    [busy] = told(world, "account_busy_elsewhere")
    assert busy["zoom_meeting_id"] == FOREIGN
    assert len(told(world, "account_free_elsewhere")) == 1


def test_a_meeting_of_ours_is_not_foreign(world: World) -> None:
    """Nor is one whose id has not been recorded yet: somebody joined before Zoom's answer was stored."""
    world.book()
    world.allocate(run_id="mine")
    world.create("mine")
    [meeting] = world.meetings()
    assert not begins(world, str(meeting.zoom_meeting_id))

    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE meetings SET state = 'intended', zoom_meeting_id = NULL"))
    assert not begins(world, str(meeting.zoom_meeting_id))
    assert account(world).busy_elsewhere_since is None


def test_an_old_link_makes_its_account_busy_like_a_foreign_meeting(world: World) -> None:
    """Its lease is released, so nothing else says that the account cannot be used."""
    world.book()
    world.run()
    [meeting] = world.meetings()
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Lease).values(state="released", released_at=utcnow(), release_reason="cooled"))

    assert begins(world, str(meeting.zoom_meeting_id))
    assert account(world).busy_elsewhere_with == meeting.zoom_meeting_id


def test_an_end_that_was_received_before_its_start_wins(world: World) -> None:
    """Events come in any order."""
    with world.parts.sessions.begin() as session:
        session.add(
            InboxEvent(
                key="meeting.ended:x", event="meeting.ended", zoom_meeting_id=FOREIGN, event_at=utcnow(), body=b""
            )
        )

    assert not begins(world, at=utcnow() - MINUTE)


def test_the_end_of_another_meeting_frees_nothing_but_has_zoom_asked_at_once(world: World) -> None:
    """Which of the two ended last, only Zoom knows."""
    begins(world)
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Account).values(probed_at=utcnow()))

    assert not ends(world, "92222222222")
    assert account(world).busy_elsewhere_with == FOREIGN
    assert account(world).probed_at is None


def test_an_end_from_before_its_start_frees_nothing(world: World) -> None:
    """A late event of an earlier instance of the same meeting."""
    begins(world)

    assert not ends(world, at=utcnow() - MINUTE)
    assert account(world).busy_elsewhere_since is not None


def test_a_second_start_changes_which_meeting_but_not_since_when(world: World) -> None:
    """The first one's end got lost."""
    begins(world, at=utcnow() - 5 * MINUTE)
    since = account(world).busy_elsewhere_since
    begins(world, "92222222222")

    assert (account(world).busy_elsewhere_since, account(world).busy_elsewhere_with) == (since, "92222222222")
    assert len(told(world, "account_busy_elsewhere")) == 1


def test_a_user_whom_we_do_not_know_changes_nothing(world: World) -> None:
    """The app may be installed by people who have no seat."""
    now = utcnow()
    with world.parts.sessions.begin() as session:
        stranger = {"zoom_user_id": "nobody", "zoom_account_id": "nowhere"}
        assert not busy_elsewhere(session, **stranger, zoom_meeting_id=FOREIGN, at=now, now=now)
        assert not free_elsewhere(session, **stranger, zoom_meeting_id=FOREIGN, at=now, now=now)
