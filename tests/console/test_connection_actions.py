"""What a person does with an account on the connections page, as far as Streamlit's own test runner can see."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import MenuButton

from console.connection_dialogs import NEEDS
from core.clock import utcnow
from core.db.models import Account
from core.services.quarantine import quarantine
from tests.console.conftest import OpenPage, words_of
from tests.integration.hands_on.given import held
from tests.world import World


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """A location with two accounts, the first leased to A-1."""
    world.location(accounts=2)
    world.book()
    world.run()


def account(world: World, number: int = 1) -> Account:
    """The account of that number, as it is now."""
    found: Account = world.accounts()[number - 1]
    return found


def choose(page: AppTest, action: str, of: Account) -> AppTest:
    """Open the dialog of *action*."""
    menu(page, of).click(action).run()
    assert not page.exception, page.exception
    return page


def menu(page: AppTest, of: Account) -> MenuButton[str]:
    """The menu of an account's line."""
    found: MenuButton[str] = page.menu_button(key=f"actions_{of.seat_id}")
    return found


def confirm(page: AppTest) -> AppTest:
    """Press the button that does it."""
    page.button(key="do_it").click().run()
    assert not page.exception, page.exception
    return page


def test_an_account_at_rest_is_disconnected(world: World, open_page: OpenPage) -> None:
    """The dialog says that nothing else changes."""
    page = choose(open_page("connections"), "Disconnect", account(world, 2))
    assert "at rest" in words_of(page)
    page.text_input(key="why").input("contract ends")
    confirm(page)

    assert account(world, 2).connection == "disconnected"
    assert "seat2@harbour-clinic.test is disconnected." in words_of(page)


def test_one_in_use_drains(world: World, open_page: OpenPage) -> None:
    """The dialog names the appointment; the link stays."""
    page = choose(open_page("connections"), "Disconnect", account(world))
    assert "- the meeting of A-1" in words_of(page)
    confirm(page)

    assert account(world).connection == "draining"
    assert world.appointment().link == "ready"


def test_disconnecting_now_names_what_breaks_and_waits_for_the_id(world: World, open_page: OpenPage) -> None:
    """The button stays grey until the appointment's id is written."""
    page = choose(open_page("connections"), "Disconnect now", account(world))
    told = words_of(page)
    assert "What this breaks" in told and "Its join link stops working." in told
    assert page.button(key="do_it").disabled

    page.text_input(key="confirm").input("A-1").run()
    assert not page.button(key="do_it").disabled
    confirm(page)

    assert account(world).connection == "disconnected"
    assert [each["host_email"] for each in world.zoom_meetings()] == ["seat2@harbour-clinic.test"]


def test_people_in_the_meeting_are_seen_by_zoom_and_the_refusal_is_a_sentence(
    world: World, open_page: OpenPage
) -> None:
    """Our own tables do not know it yet."""
    world.sandbox.start_meeting(str(world.meetings()[0].zoom_meeting_id))
    page = choose(open_page("connections"), "Disconnect now", account(world))
    page.text_input(key="confirm").input("A-1").run()
    confirm(page)

    assert "People are in the meeting of appointment A-1." in words_of(page)
    assert account(world).connection == "connected"


def test_an_account_is_quarantined_with_a_reason_and_released(world: World, open_page: OpenPage) -> None:
    """Without a reason the button stays grey."""
    page = choose(open_page("connections"), "Quarantine", account(world, 2))
    assert page.button(key="do_it").disabled
    page.text_input(key="why").input("camera broken").run()
    confirm(page)
    assert account(world, 2).bench_reason == "camera broken"
    assert "Camera broken." in words_of(page)

    confirm(choose(page, "Release", account(world, 2)))
    assert account(world, 2).benched_until is None


def test_taking_out_the_last_account_says_what_the_location_is_left_with(world: World, open_page: OpenPage) -> None:
    """And so does disconnecting one that others can hardly replace, by the appointments that may suffer."""
    for each in range(3):
        world.book(f"B-{each}", starts_in=timedelta(hours=2))
    told = words_of(choose(open_page("connections"), "Disconnect", account(world, 2)))
    assert "is left with 1 working account, too few for 2 appointments of the next 24 hours: B-1 (" in told

    take_out(world, account(world))
    told = words_of(choose(open_page("connections"), "Quarantine", account(world, 2)))
    assert "It is the only account of Harbour Clinic that works" in told
    assert "3 of the next 24 hours still need one." in told


def test_only_what_makes_sense_is_offered(world: World, open_page: OpenPage) -> None:
    """Nobody takes out of the pool what takes no appointments as it is."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Account).where(Account.id == 1).values(connection="draining"))
    take_out(world, account(world, 2))
    page = open_page("connections")

    assert [each for each in menu(page, account(world)).options if each in NEEDS] == ["Disconnect now"]
    assert "Quarantine" not in menu(page, account(world, 2)).options


def test_one_whose_access_is_lost_cannot_finish_first(world: World, open_page: OpenPage) -> None:
    """It says so before anybody presses the button."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Account).where(Account.id == 1).values(connection="needs_reauth"))
    page = choose(open_page("connections"), "Disconnect", account(world))

    assert "cannot finish what it has to do at Zoom" in words_of(page)
    assert not [each for each in page.button if each.key == "do_it"]


def take_out(world: World, of: Account) -> None:
    """Out of the pool, by hand."""
    with world.parts.sessions.begin() as session:
        place = "Harbour Clinic"
        quarantine(
            session,
            location=place,
            email=of.email,
            reason="hums",
            until=None,
            actor="Sam",
            role="operations",
            now=utcnow(),
        )


def test_who_acts_on_an_old_page_is_told(world: World, open_page: OpenPage) -> None:
    """Somebody else was faster."""
    page = choose(open_page("connections"), "Quarantine", account(world, 2))
    with world.parts.sessions.begin() as session:
        other = session.get(Account, account(world, 2).id)
        assert other is not None
        other.row_version += 1
    page.text_input(key="why").input("camera broken").run()
    confirm(page)

    assert "has changed meanwhile." in words_of(page)
    assert account(world, 2).benched_until is None


def test_the_history_says_why_an_account_was_chosen(world: World, open_page: OpenPage) -> None:
    """How long it was idle, and among how many."""
    page = open_page("connections", account=str(account(world).id))

    assert "Account chosen: idle since" in words_of(page) and "the longest of 2 free" in words_of(page)


def test_appointments_at_risk_are_named(world: World, open_page: OpenPage) -> None:
    """By their ids."""
    assert "may have no account" not in words_of(open_page("connections"))
    with world.parts.sessions.begin() as session:
        lost = session.get(Account, account(world).id)
        assert lost is not None
        lost.connection = "needs_reauth"
        lost.probed_at = utcnow()

    told = words_of(open_page("connections"))
    assert "1 appointment of the next 24 hours may have no account." in told and "A-1 (" in told


def test_an_account_is_freed_by_hand_with_a_reason(world: World, open_page: OpenPage) -> None:
    """Only one that waits for its recording or cools down offers it."""
    page = open_page("connections")
    assert "Free now" not in menu(page, account(world)).options
    held(world)

    page = choose(open_page("connections"), "Free now", account(world))
    assert page.button(key="do_it").disabled
    page.text_input(key="why").input("the room is needed").run()
    confirm(page)

    assert [lease.state for lease in world.leases()] == ["released"]
    assert "seat1@harbour-clinic.test is free." in words_of(page)
