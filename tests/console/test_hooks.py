"""The page of outgoing webhooks, as far as Streamlit's own test runner can see."""

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.db.models import Event, HookEndpoint
from tests.console.conftest import OpenPage, words_of
from tests.integration.hooks.given import SECRET, hooks, listen
from tests.integration.hooks.receiver import Receiver, receiving
from tests.integration.hooks.test_delivery import deliver
from tests.world import World


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """A location."""
    world.location()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The booking system."""
    with receiving() as found:
        yield found


def press(page: AppTest, key: str) -> AppTest:
    """Press the button with this key."""
    page.button(key=key).click().run()
    assert not page.exception, page.exception
    return page


def endpoint(world: World) -> Any:
    """The only endpoint, as it is now."""
    [found] = world.all(HookEndpoint)
    return found


def test_without_an_endpoint_it_says_how_to_add_one(open_page: OpenPage) -> None:
    """In words."""
    assert "No booking system is told." in words_of(open_page("hooks"))


def test_an_endpoint_is_added_and_its_secret_shown_once(world: World, open_page: OpenPage, receiver: Receiver) -> None:
    """Until the person says that it is kept."""
    page = press(open_page("hooks"), "add_hook")
    page.text_input(key="hook_url").input(receiver.address)
    page.toggle(key="hook_events_all").set_value(False).run()
    page.multiselect(key="hook_events").set_value(["appointment.booked"]).run()
    press(page, "do_it")

    secret = world.parts.vault.decrypt(endpoint(world).secret)
    assert [code.value for code in page.code] == [secret]
    assert endpoint(world).events == ["appointment.booked"]
    press(page, "kept")
    assert not page.code
    assert receiver.address.removeprefix("http://") in words_of(page)
    assert "nothing accepted yet" in words_of(page)


def test_an_address_that_is_never_called_is_refused_in_words(world: World, open_page: OpenPage) -> None:
    """Nothing is stored."""
    page = press(open_page("hooks"), "add_hook")
    page.text_input(key="hook_url").input("https://10.0.0.1/").run()
    press(page, "do_it")

    assert "private network" in words_of(page)
    assert world.all(HookEndpoint) == []


@pytest.mark.parametrize("given", ["999", "x", "9" * 40])
def test_an_address_that_names_no_endpoint_is_a_sentence(
    world: World, open_page: OpenPage, receiver: Receiver, given: str
) -> None:
    """And one that names one shows what it was told, or how to tell it something."""
    listen(world, receiver.address)

    assert "There is no such endpoint." in words_of(open_page("hooks", hook=given))
    told = words_of(open_page("hooks", hook=str(endpoint(world).id), deliveries_shown="nonsense"))
    assert "Deliveries" in told and "Press Ping to send a test event" in told


def test_an_endpoint_is_tried_out(world: World, open_page: OpenPage, receiver: Receiver) -> None:
    """The answer is shown at once, good or bad."""
    number = listen(world, receiver.address).id
    page = press(open_page("hooks"), f"ping_{number}")
    assert receiver.events == ["ping"]
    assert "The receiver has it." in words_of(page) and "200 OK" in words_of(page)

    receiver.status, receiver.reply = 500, b"no disk"
    press(page, f"ping_{number}")
    assert "The receiver did not take it." in words_of(page) and "no disk" in words_of(page)
    assert "refused once" in words_of(page)


def test_deliveries_are_shown_with_the_answer_and_sent_again(
    world: World, open_page: OpenPage, receiver: Receiver
) -> None:
    """With the appointment, what became of it, and the receiver's words."""
    number = listen(world, receiver.address).id
    world.book("A-1")
    deliver(world)
    page = press(open_page("hooks"), f"deliveries_{number}")
    assert "appointment.booked" in words_of(page) and "A-1" in words_of(page) and "200 OK" in words_of(page)

    press(page, f"resend_{hooks(world)[0].id}")
    assert receiver.events == ["appointment.booked"] * 2
    assert "sent again once" in words_of(page)
    assert [event.actor for event in world.all(Event, kind="hook_resent")] == ["practice (admin)"]
    assert SECRET not in words_of(page)


def test_an_endpoint_is_disabled_enabled_and_removed(world: World, open_page: OpenPage, receiver: Receiver) -> None:
    """Each after a sentence that says what that does."""
    number = listen(world, receiver.address).id
    world.book("A-1")
    page = press(open_page("hooks"), f"disable_{number}")
    assert "The 1 that wait are dropped" in words_of(page)
    press(page, "do_it")
    assert endpoint(world).disabled_at is not None and "Disabled" in words_of(page)

    press(press(page, f"enable_{number}"), "do_it")
    assert endpoint(world).disabled_at is None
    press(press(page, f"remove_{number}"), "do_it")
    assert "No booking system is told." in words_of(page)


def test_a_new_secret_is_shown_once(world: World, open_page: OpenPage, receiver: Receiver) -> None:
    """And the old one signs for a day."""
    number = listen(world, receiver.address).id
    page = press(press(open_page("hooks"), f"rotate_{number}"), "do_it")

    assert [code.value for code in page.code] == [world.parts.vault.decrypt(endpoint(world).secret)]
    assert "the old secret signs as well" in words_of(page)
