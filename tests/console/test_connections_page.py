"""My Connections as people find it: its table by pages, what is known of one account, and who sees what."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from console.words import REASONS
from core.clock import utcnow
from core.db.models import Account, Grant
from core.domain.roles import Role
from core.services.locations import find_location, issue_seat
from core.services.quarantine import quarantine, release
from core.zoom.budget import spend
from tests.console.conftest import UI, OpenPage, words_of
from tests.world import TEST, World

SEATS = 45


def issue(world: World, number: int) -> None:
    """Seats that nobody has connected yet, room-01 first."""
    with world.parts.sessions.begin() as session:
        place = find_location(session, "Harbour Clinic")
        for each in range(1, number + 1):
            issue_seat(session, location=place, address=f"room-{each:02}@harbour.test", actor=TEST, now=utcnow())


def menus(page: AppTest) -> int:
    """How many lines the table has."""
    return len([each for each in page.menu_button if (each.key or "").startswith("actions_")])


def open_as(role: Role, *locations: int, **query: str) -> AppTest:
    """The page as somebody else sees it."""
    visit = AppTest.from_file(UI, default_timeout=30)
    visit.switch_page("app_pages/connections.py")
    visit.session_state["practice_role"], visit.session_state["practice_locations"] = role, list(locations)
    for name, value in query.items():
        visit.query_params[name] = value
    visit.run()
    assert not visit.exception, visit.exception
    return visit


def test_many_seats_come_by_pages_and_are_found_by_their_address(world: World, open_page: OpenPage) -> None:
    """No page has more lines than a person reads, however many seats there are."""
    world.location(accounts=0)
    issue(world, SEATS)
    page = open_page("connections")
    assert menus(page) == 20 and "1 to 20 of 45 seats" in words_of(page)

    page.pagination(key="seats_page").select(3).run()
    assert menus(page) == 5 and "41 to 45 of 45 seats" in words_of(page)
    assert menus(open_page("connections", seats_page="3")) == 5
    page.text_input(key="seats_search").input("ROOM-07").run()
    assert menus(page) == 1
    page.text_input(key="seats_search").input("room-0").run()
    page.text_input(key="seats_search").input("").run()
    assert f"1 to 20 of {SEATS} seats" in words_of(page)  # another choice begins at its first page
    page.text_input(key="seats_search").input("nobody").run()
    assert "No seat here has such an address." in words_of(page)


def test_a_line_says_status_use_budget_and_health(world: World, open_page: OpenPage) -> None:
    """In words; what is nearly used up is said too."""
    world.location(accounts=2)
    with world.parts.sessions.begin() as session:
        spend(session, {world.accounts()[0].zoom_user_id: 85}, day=utcnow().date())
        session.execute(sa.update(Account).where(Account.id == 2).values(last_used_at=utcnow() - timedelta(hours=7)))
        session.execute(sa.update(Grant).where(Grant.account_id == 2).values(scopes="meeting:write user:read"))
    told = words_of(open_page("connections"))

    assert "85 of 100" in told and "only 15 of the day's meetings are left" in told
    assert "7 h ago" in told
    assert "It works, but" in told and "permissions are missing. Press Reconnect" in told


def test_an_account_has_an_address_that_shows_all_about_it(world: World, open_page: OpenPage) -> None:
    """The access, the use of the last days, and its timeline."""
    world.location()
    world.book()
    world.run()
    page = open_page("connections", account="1")
    told = words_of(page)

    assert "Access granted" in told and "all 12 granted" in told
    assert "Account chosen" in told and "[A-1](/appointment?id=A-1)" in told
    assert page.button(key="Disconnect_1").label == "Disconnect"


def test_the_drawer_tells_the_budget_of_the_week_and_past_troubles(world: World, open_page: OpenPage) -> None:
    """Each day has its number; each trouble how long it lasted, and why."""
    world.location()
    now = utcnow()
    with world.parts.sessions.begin() as session:
        spend(session, {world.accounts()[0].zoom_user_id: 100}, day=now.date() - timedelta(days=1))
        given = {"actor": "Sam", "role": "operations", "location": "Harbour Clinic", "email": world.accounts()[0].email}
        quarantine(session, **given, reason="hums", until=None, now=now - timedelta(hours=3))
    with world.parts.sessions.begin() as session:
        release(session, **given, reason=None, now=now - timedelta(hours=2))
    told = words_of(open_page("connections", account="1"))

    assert "100 of 100, used up" in told and "0 of 100" in told
    assert "Benched" in told and "for 1 h" in told and "Hums." in told


def test_without_a_free_seat_the_card_says_who_can_issue_one(world: World) -> None:
    """With the way to it for those who may."""
    world.location()
    page = open_as(Role.SUPPORT)
    assert "No issued seat is free. Issue another one, then connect it." in words_of(page)
    page.button(key="issue_more").click().run()
    assert [each.key for each in page.text_input if each.key == "issue_email"]

    page = open_as(Role.HOST, 1)
    assert "Ask QuantixOne's support to issue another one" in words_of(page)
    assert not [each for each in page.button if each.key == "issue_more"]


@pytest.mark.parametrize("given", ["999", "x", "-1", "1' OR 1=1", "9" * 40])
def test_an_address_that_names_no_account_is_a_sentence(world: World, open_page: OpenPage, given: str) -> None:
    """And the list is there all the same."""
    world.location()
    page = open_page("connections", account=given)

    assert "There is no such account." in words_of(page) and menus(page) == 1


def test_a_host_sees_his_own_location_and_no_other(world: World) -> None:
    """Neither in the list nor by an address, which is not even admitted to exist."""
    own = world.location("Hill Clinic")
    world.location()
    [other] = world.accounts(email="seat1@harbour-clinic.test")
    page = open_as(Role.HOST, own.id, account=str(other.id))
    told = words_of(page)

    assert "There is no such account." in told
    assert [each.label for each in page.button if (each.key or "").startswith("open_")] == [
        "**seat1**:gray[@hill\\-clinic\\.test]"
    ]
    assert "harbour" not in told.lower()
    [menu] = [each for each in page.menu_button if (each.key or "").startswith("actions_")]
    assert menu.options == ["Details", "Disconnect", "Disconnect now"]


def test_operations_take_accounts_out_and_connect_none(world: World) -> None:
    """Each role is offered what it may do."""
    world.location()
    page = open_as(Role.OPERATIONS)
    [menu] = [each for each in page.menu_button if (each.key or "").startswith("actions_")]

    assert menu.options == ["Details", "Quarantine"]
    assert not [each for each in page.button if each.key == "issue_seats"]


def test_an_account_in_a_meeting_of_its_own_needs_a_person(world: World, open_page: OpenPage) -> None:
    """The Pool page counts it so, and its figure leads here."""
    world.location(accounts=2)
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Account).where(Account.id == 1).values(busy_elsewhere_since=utcnow()))
    page = open_page("connections", seats_shown="Needs a person")

    assert menus(page) == 1
    assert {metric.label: metric.value for metric in page.metric}["Need a person"] == "1"


def test_the_button_reconnect_follows_what_the_sentence_says() -> None:
    """Whoever words a cause anew sees here whether an account that is benched for it keeps its way back."""
    assert {cause for cause, each in REASONS.items() if "Reconnect" in each.next_step} == {
        "dead_grant", "deauthorized", "disconnected", "licence_gone", "needs_reauth", "no_join_before_host",
        "no_permission", "not_active", "permission_missing", "sign_in_forced", "token_refused", "waiting_room",
    }  # fmt: skip
