"""What a person does with an appointment on its page, as far as Streamlit's own test runner can see."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from core.clock import utcnow
from core.db.models import Event
from tests.console.conftest import OpenPage, last_sunday, words_of
from tests.world import World

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """A location with two accounts, the first leased to A-1."""
    world.location(accounts=2)
    world.book()
    world.run()


def choose(world: World, page: AppTest, action: str) -> AppTest:
    """Open the dialog of *action*."""
    page.button(key=f"{action}_{world.appointment().id}").click().run()
    assert not page.exception, page.exception
    return page


def confirm(page: AppTest) -> AppTest:
    """Press the button that does it."""
    page.button(key="do_it").click().run()
    assert not page.exception, page.exception
    return page


def test_an_appointment_is_cancelled_after_its_dialog_has_named_it(world: World, open_page: OpenPage) -> None:
    """Who, when, and that the open link dies."""
    page = choose(world, open_page("appointment", id="A-1"), "Cancel")
    told = words_of(page)
    assert "Client of A-1" in told and "seat1@harbour-clinic.test dies at once" in told
    confirm(page)

    assert world.appointment().status == "cancelled"
    assert world.zoom_meetings() == []
    assert "A-1 is cancelled." in words_of(page)
    assert [event.actor for event in world.all(Event, kind="appointment_cancelled")] == ["practice (admin)"]


def test_people_inside_are_a_sentence_and_an_order(world: World, open_page: OpenPage) -> None:
    """Refused as it is; done when the box is ticked."""
    world.sandbox.start_meeting(world.zoom_meetings()[0]["id"])
    page = confirm(choose(world, open_page("appointment", id="A-1"), "Cancel"))

    assert "People are in the meeting of appointment A-1." in words_of(page)
    assert world.appointment().status == "booked"

    page.checkbox(key="end_meeting").check().run()
    confirm(page)
    assert world.appointment().status == "cancelled"
    assert "stays taken until the recording is processed" in words_of(page)


def test_an_appointment_is_rescheduled_in_the_location_s_time(world: World, open_page: OpenPage) -> None:
    """To tomorrow at the hour that the location's clocks show."""
    page = choose(world, open_page("appointment", id="A-1"), "Reschedule")
    start = world.appointment().starts_at.astimezone(BERLIN)
    tomorrow = (start + timedelta(days=1)).date()
    page.date_input(key="new_day").set_value(tomorrow)
    page.time_input(key="new_time").set_value(start.time().replace(hour=15, minute=5, second=0))
    page.number_input(key="new_minutes").set_value(45)
    confirm(page)

    moved = world.appointment()
    assert moved.revision == 2
    assert moved.starts_at.astimezone(BERLIN).replace(tzinfo=None).isoformat() == f"{tomorrow}T15:05:00"
    assert moved.ends_at - moved.starts_at == timedelta(minutes=45)
    assert "Appointment A-1 is moved to" in words_of(page)


def test_an_unusable_time_is_a_sentence(world: World, open_page: OpenPage) -> None:
    """The dialog stays, so that another one can be chosen."""
    page = choose(world, open_page("appointment", id="A-1"), "Reschedule")
    yesterday = (world.appointment().starts_at.astimezone(BERLIN) - timedelta(days=1)).date()
    page.date_input(key="new_day").set_value(yesterday)
    confirm(page)

    assert "The new start is in the past" in words_of(page)
    assert world.appointment().revision == 1


def test_another_length_alone_leaves_the_link(world: World, open_page: OpenPage) -> None:
    """Whatever seconds the start has: the boxes do not show them."""
    page = choose(world, open_page("appointment", id="A-1"), "Reschedule")
    page.number_input(key="new_minutes").set_value(60)
    confirm(page)

    assert (world.appointment().revision, world.appointment().link) == (1, "ready")
    assert "its link stays" in words_of(page)


def test_an_appointment_is_moved_to_a_chosen_account(world: World, open_page: OpenPage) -> None:
    """With a reason, which stands on the timeline."""
    page = choose(world, open_page("appointment", id="A-1"), "Move")
    assert page.button(key="do_it").disabled, "a reason has to be given"
    page.selectbox(key="to_account").select("seat2@harbour-clinic.test")
    page.text_input(key="why").input("The camera is broken").run()
    confirm(page)

    assert [lease.state for lease in world.leases()] == ["released", "ready"]
    told = words_of(page)
    assert "is on seat2@harbour-clinic.test now" in told
    assert "Moved to another account by hand: “The camera is broken”" in told


def test_what_is_over_offers_nothing(world: World, open_page: OpenPage) -> None:
    """No button that could only be refused."""
    page = confirm(choose(world, open_page("appointment", id="A-1"), "Cancel"))

    keys = [button.key for button in page.button]
    assert not [key for key in keys if key and key.split("_")[0] in ("Cancel", "Move", "Reschedule")]


def test_rescheduling_into_an_hour_that_comes_twice_asks_which(world: World, open_page: OpenPage) -> None:
    """The button does nothing before it is answered; an appointment that lies there already is asked about nothing."""
    page = choose(world, open_page("appointment", id="A-1"), "Reschedule")
    night = last_sunday(10)
    page.date_input(key="new_day").set_value(night)
    page.time_input(key="new_time").set_value(time(2, 30)).run()
    assert page.button(key="do_it").disabled
    page.radio(key="new_which").set_value("02:30 CET (UTC+01:00)").run()
    confirm(page)
    assert world.appointment().starts_at == datetime.combine(night, time(1, 30), tzinfo=UTC)
    assert "02:30 to 03:00 CET" in words_of(page)

    page = choose(world, open_page("appointment", id="A-1"), "Reschedule")
    assert page.radio(key="new_which").value == "02:30 CET (UTC+01:00)"
    page.number_input(key="new_minutes").set_value(45).run()
    confirm(page)
    moved = world.appointment()
    assert (moved.revision, moved.ends_at - moved.starts_at) == (2, timedelta(minutes=45))


def test_rescheduling_into_an_hour_that_never_comes_offers_the_nearest(world: World, open_page: OpenPage) -> None:
    """It says what the clocks do instead."""
    page = choose(world, open_page("appointment", id="A-1"), "Reschedule")
    night = last_sunday(3)
    page.date_input(key="new_day").set_value(night)
    page.time_input(key="new_time").set_value(time(2)).run()
    assert "the clocks go forward from 02:00 to 03:00" in words_of(page)
    assert page.button(key="do_it").disabled
    page.button(key="new_after").click().run()
    confirm(page)
    assert world.appointment().starts_at == datetime.combine(night, time(1), tzinfo=UTC)


def test_rescheduling_warns_where_no_account_is_left(world: World, open_page: OpenPage) -> None:
    """Its own present time does not count against it."""
    start = world.appointment().starts_at
    later = timedelta(days=2)
    for number in (2, 3):
        world.book(f"A-{number}", starts_in=start + later - utcnow())
    page = choose(world, open_page("appointment", id="A-1"), "Reschedule")
    assert "will probably wait" not in words_of(page)
    page.date_input(key="new_day").set_value((start + later).astimezone(BERLIN).date()).run()
    assert "At that time 2 of 2 accounts are booked already" in words_of(page)
