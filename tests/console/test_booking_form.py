"""The form in which a person books, as far as Streamlit's own test runner can see."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.clock import utcnow
from core.db.models import Appointment, Event
from core.services.locations import add_location
from tests.console.conftest import NEXT_YEAR, OpenPage, last_sunday, words_of
from tests.world import World


def opened(page: AppTest) -> AppTest:
    """The page with its form open."""
    page.button(key="book").click().run()
    assert not page.exception, page.exception
    return page


def filled(page: AppTest, *, on: date = date(NEXT_YEAR, 7, 1), at: time = time(14), name: str = "Ann") -> AppTest:
    """The form filled in."""
    page.date_input(key="book_day").set_value(on)
    page.time_input(key="book_time").set_value(at)
    page.text_input(key="book_name").set_value(name)
    page.text_input(key="book_email").set_value("ann@clients.test").run()
    assert not page.exception, page.exception
    return page


def booked(page: AppTest) -> AppTest:
    """Press the button that does it."""
    page.button(key="book_it").click().run()
    assert not page.exception, page.exception
    return page


def starts(world: World) -> list[str]:
    """The starts of what is booked, in UTC."""
    return [f"{each.starts_at:%m-%d %H:%M}" for each in world.all(Appointment)]


def test_an_appointment_is_booked_and_shown(world: World, open_page: OpenPage) -> None:
    """By the clocks of the location, as long as the calendar's usually are, under an id that is made for it."""
    world.location()
    page = filled(opened(open_page("appointment")))
    assert f"{NEXT_YEAR}, 14:00 to 14:30 CEST, Europe/Berlin." in words_of(page)
    page.selectbox(key=f"book_zone_{world.calendar().location_id}").select("America/New_York").run()
    assert "08:00 EDT for the client." in words_of(page)
    booked(page)

    [appointment] = world.all(Appointment)
    assert (appointment.client_name, appointment.client_email) == ("Ann", "ann@clients.test")
    assert appointment.client_zone == "America/New_York"
    assert appointment.starts_at == datetime(NEXT_YEAR, 7, 1, 12, tzinfo=UTC)
    assert appointment.ends_at - appointment.starts_at == timedelta(minutes=30)
    told = words_of(page)
    assert f"{appointment.external_id} is booked for" in told and "14:00 to 14:30 CEST" in told
    assert page.query_params["id"] == appointment.external_id
    assert [event.actor for event in world.all(Event, kind="appointment_booked")] == ["practice (admin)"]


def test_what_is_missing_or_wrong_is_said_at_its_field(world: World, open_page: OpenPage) -> None:
    """As sentences, not before somebody tried, and gone when it is mended."""
    world.location()
    page = opened(open_page("appointment"))
    assert "must not be empty" not in words_of(page)
    page.date_input(key="book_day").set_value(utcnow().date() - timedelta(days=2))
    page.text_input(key="book_email").set_value("nobody")
    page.text_input(key="book_id").set_value("A\x00B")
    told = words_of(booked(page))

    assert "The name must not be empty." in told
    assert "'nobody' is not an e-mail address" in told
    assert "The start is in the past" in told
    assert "The id contains a line break, a control character or one that nobody can see." in told
    assert world.all(Appointment) == []

    page.text_input(key="book_id").set_value("A-1")
    told = words_of(filled(page))
    assert "must not be empty" not in told and "in the past" not in told
    booked(page)
    assert world.appointment().client_name == "Ann"


def test_in_an_hour_that_comes_twice_the_form_asks_which(world: World, open_page: OpenPage) -> None:
    """Nothing is booked before it is answered, and then the one that was chosen."""
    world.location()
    page = booked(filled(opened(open_page("appointment")), on=last_sunday(10), at=time(2, 30)))
    which = page.radio(key="book_which")
    assert which.options == ["02:30 CEST (UTC+02:00)", "02:30 CET (UTC+01:00)"]
    assert which.value is None
    assert "Choose when it starts." in words_of(page)
    assert world.all(Appointment) == []

    page.radio(key="book_which").set_value("02:30 CET (UTC+01:00)").run()
    assert "02:30 to 03:00 CET" in words_of(page)
    told = words_of(booked(page))
    assert starts(world) == [f"{last_sunday(10):%m-%d} 01:30"]
    assert "02:30 to 03:00 CET" in told


def test_an_hour_that_never_comes_is_said_with_the_nearest_to_take(world: World, open_page: OpenPage) -> None:
    """One click on the time that does exist."""
    world.location()
    page = booked(filled(opened(open_page("appointment")), on=last_sunday(3), at=time(2, 30)))
    told = words_of(page)
    assert "02:30 does not exist" in told and "the clocks go forward from 02:00 to 03:00" in told
    assert world.all(Appointment) == []

    assert [page.button(key=f"book_{side}").label for side in ("before", "after")] == ["Take 01:59", "Take 03:00"]
    page.button(key="book_after").click().run()
    booked(page)
    assert starts(world) == [f"{last_sunday(3):%m-%d} 01:00"]


def test_the_clocks_are_those_of_the_chosen_location(world: World, open_page: OpenPage) -> None:
    """What comes twice in Berlin does not in New York."""
    world.location()
    with world.parts.sessions.begin() as session:
        other = add_location(session, name="Yard", zone="America/New_York", actor="test", now=utcnow())
    world.location("Zeta", accounts=0)
    page = filled(opened(open_page("appointment")), on=last_sunday(10), at=time(2, 30))
    assert "comes twice" in page.radio(key="book_which").label
    page.selectbox(key="book_location").select(other.id).run()
    assert "This location has no calendar yet." in words_of(page)


def test_a_time_at_which_no_account_is_left_is_warned_of(world: World, open_page: OpenPage) -> None:
    """While another can still be chosen; it can be booked all the same."""
    world.location()
    at = datetime.combine(date(NEXT_YEAR, 7, 1), time(12), tzinfo=UTC)
    world.book("A-1", starts_in=at - utcnow())
    page = filled(opened(open_page("appointment")), at=time(14, 20))
    assert "At that time 1 of 1 accounts is booked already: this appointment will probably wait." in words_of(page)

    page.time_input(key="book_time").set_value(time(17)).run()
    assert "will probably wait" not in words_of(page)
    assert "It takes the last account that is left at that time." in words_of(page)

    page.time_input(key="book_time").set_value(time(14, 20)).run()
    booked(page)
    assert len(world.all(Appointment)) == 2


def test_without_accounts_the_form_says_that_it_will_wait(world: World, open_page: OpenPage) -> None:
    """A phone call needs none."""
    world.location(accounts=0)
    page = filled(opened(open_page("appointment")))
    assert "No account is connected that could serve it" in words_of(page)
    page.selectbox(key=f"book_calendar_{world.calendar().location_id}").select(world.calendar("Phone").id).run()
    told = words_of(page)
    assert "No account is connected" not in told and "It takes place by phone: no link is made." in told


def test_an_id_that_is_taken_is_a_sentence(world: World, open_page: OpenPage) -> None:
    """The form stays open with what was typed."""
    world.location()
    world.book("A-1", starts_in=timedelta(days=3))
    page = filled(opened(open_page("appointment")))
    page.text_input(key="book_id").set_value("A-1").run()
    told = words_of(booked(page))

    assert "Appointment A-1 is booked already with another" in told
    assert page.text_input(key="book_name").value == "Ann"


def test_where_there_is_nothing_the_form_says_what_to_add(world: World, open_page: OpenPage) -> None:
    """Instead of empty boxes."""
    assert "zoompool locations add" in words_of(opened(open_page("appointment")))


@pytest.mark.parametrize("parameter", ["q", "id"])
def test_an_address_with_a_nul_is_no_error(world: World, open_page: OpenPage, parameter: str) -> None:
    """PostgreSQL refuses it in any text; nobody's appointment is called so."""
    world.location()
    assert "database" not in words_of(open_page("appointment", **{parameter: "A\x00-1"}))
