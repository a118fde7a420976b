"""The mails on the page of an appointment: their delivery, their preview, sent again, and another client."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.clock import utcnow
from core.db.models import Event, Message
from core.services.change_client import change_client
from tests.console.conftest import OpenPage, words_of
from tests.integration.mail.booked import CLIENT, HOST, call_off, set_calendar
from tests.world import World

NEW = "new@clients.test"


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """A location with one account."""
    world.location()


def opened(world: World) -> Message:
    """The mail with the link of A-1."""
    world.book()
    world.run()
    return world.messages(kind="join_link", to_host=False)[0]


def press(page: AppTest, key: str) -> AppTest:
    """Press a button."""
    page.button(key=key).click().run()
    assert not page.exception, page.exception
    return page


def test_each_mail_shows_its_delivery_in_words(world: World, open_page: OpenPage) -> None:
    """Accepted with the server's answer, and a copy for the host that was refused with its."""
    set_calendar(world, copy_to_host=True, host_email=HOST)
    world.sandbox.fault({"smtp_code": 550}, smtp=True, to_regex="front-desk@")
    opened(world)
    world.notify()
    told = words_of(open_page("appointment", id="A-1"))

    assert f"Join link :gray[to] {CLIENT}" in told and "Accepted" in told
    assert f"Copy of the join link :gray[to] {HOST}" in told and "Failed" in told
    assert "refused for good; the server said “550 " in told


def test_a_mail_that_was_not_true_any_more_says_why_it_was_not_sent(world: World, open_page: OpenPage) -> None:
    """In words, not in ours."""
    world.book()
    world.allocate(run_id="run")
    world.create("run")
    call_off(world)
    told = words_of(open_page("appointment", id="A-1"))

    assert "not sent: the appointment was cancelled" in told


def test_a_preview_shows_the_mail_in_its_three_forms(world: World, open_page: OpenPage) -> None:
    """And sends nothing."""
    mail = opened(world)
    page = press(open_page("appointment", id="A-1"), f"Preview_{mail.id}")
    text, calendar = [each.value for each in page.code if "Passcode: " in each.value]

    assert mail.recipient in words_of(page)
    assert text.startswith("Hello Client of A-1")
    assert calendar.startswith("BEGIN:VCALENDAR\nVERSION:2.0")
    assert len(world.messages()) == 1


def test_a_mail_is_sent_again_after_a_question(world: World, open_page: OpenPage) -> None:
    """Who gets it is named first; the timeline says who did it."""
    mail = opened(world)
    page = press(open_page("appointment", id="A-1"), f"Send again_{mail.id}")
    assert "Client of A-1" in words_of(page) and len(world.messages()) == 1
    press(page, "do_it")

    assert f"The mail is sent again to {CLIENT}." in words_of(page)
    assert [each.resend_of for each in world.messages()] == [None, mail.id]
    assert [event.actor for event in world.all(Event, kind="mail_resent")] == ["practice (admin)"]


def test_what_cannot_be_sent_again_is_a_sentence(world: World, open_page: OpenPage) -> None:
    """It was cancelled while the dialog was open."""
    mail = opened(world)
    page = press(open_page("appointment", id="A-1"), f"Send again_{mail.id}")
    call_off(world)
    press(page, "do_it")

    assert "The appointment is cancelled." in words_of(page)
    assert world.messages(resend_of=mail.id) == []


def test_after_another_address_the_link_is_offered_to_be_sent_again(world: World, open_page: OpenPage) -> None:
    """One dialog leads to the other."""
    mail = opened(world)
    page = press(open_page("appointment", id="A-1"), f"Change client_{world.appointment().id}")
    page.text_input(key="client_email").set_value(NEW).run()
    press(page, "do_it")

    assert world.appointment().client_email == NEW
    told = words_of(page)
    assert "This mail was sent before; it can be sent again" in told and NEW in told
    press(page, "do_it")
    world.notify()
    assert [each.resend_of for each in world.messages(recipient=NEW)] == [mail.id]
    assert len(world.sandbox.mail(NEW)) == 1


def test_an_address_that_is_none_is_refused_in_words(world: World, open_page: OpenPage) -> None:
    """And nothing changes."""
    world.book(starts_in=timedelta(hours=1))
    page = press(open_page("appointment", id="A-1"), f"Change client_{world.appointment().id}")
    page.text_input(key="client_email").set_value("nobody, x@y.test").run()
    press(page, "do_it")

    assert "The e-mail cannot be used" in words_of(page)
    assert world.appointment().client_email == CLIENT


def test_two_people_do_not_overwrite_each_other(world: World, open_page: OpenPage) -> None:
    """The second one is told to look again."""
    booked = world.book(starts_in=timedelta(hours=1))
    page = press(open_page("appointment", id="A-1"), f"Change client_{booked.id}")
    with world.parts.sessions.begin() as session:
        change_client(session, booked.id, client_name="Kim First", actor="key:other", now=utcnow())
    page.text_input(key="client_name").set_value("Sam Second").run()
    press(page, "do_it")

    assert "has been changed by somebody else" in words_of(page)
    assert world.appointment().client_name == "Kim First"
