"""The page Sandbox: its buttons do what people, Zoom and the network do, and it exists in the sandbox alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from console.pages import PAGES, pages_in
from core.clock import utcnow
from core.db.models import Event
from core.services.practice import Until
from core.settings import Settings
from tests.console.conftest import OpenPage, words_of
from tests.world import World


def press(page: AppTest, key: str) -> str:
    """Press a button; what the page says then."""
    page.button(key=key).click().run()
    assert not page.exception, page.exception
    return words_of(page)


def steps(appointment_id: int) -> list[str]:
    """The keys of the buttons by which time passes for an appointment."""
    return [f"{until}_{appointment_id}" for until in Until]


def test_a_meeting_is_held_by_buttons(world: World, open_page: OpenPage) -> None:
    """Somebody comes, leaves, and the recording is processed."""
    world.location(accounts=1)
    world.book("A-1")
    world.run()
    [meeting] = world.zoom_meetings()
    number = meeting["id"]
    page = open_page("sandbox")
    assert "**A-1**" in words_of(page) and "Its link is out." in words_of(page)

    assert "Somebody came into the meeting of A-1." in press(page, f"join_{number}")
    assert "1 inside" in words_of(page)
    press(page, f"leave_{number}")
    press(page, f"finish-recording_{number}")

    assert world.sandbox.meeting(number)["recordings"][0]["state"] == "completed"


def test_a_meeting_is_deleted_in_the_portal(world: World, open_page: OpenPage) -> None:
    """As somebody at the location might; it is not listed any more."""
    world.location(accounts=1)
    world.book("A-1")
    world.run()
    [meeting] = world.zoom_meetings()
    page = open_page("sandbox")

    told = press(page, f"delete_{meeting['id']}")

    assert world.zoom_meetings() == []
    assert "Somebody deleted the meeting of A-1 in Zoom's portal." in told


def test_time_passes_for_an_appointment_by_the_button_that_is_next(world: World, open_page: OpenPage) -> None:
    """Its link becomes due, it begins, its time ends; of these steps only the next one is offered."""
    world.location(accounts=1)
    booked = world.book("A-1", starts_in=timedelta(days=2))
    page = open_page("sandbox")
    assert "Its link is made in 1 day." in words_of(page)

    assert "The link of A-1 is due" in press(page, f"due_{booked.id}")
    world.run()
    page.run()
    assert [button.key for button in page.button if button.key in steps(booked.id)] == [f"start_{booked.id}"]
    assert "A-1 begins now." in press(page, f"start_{booked.id}")
    assert [button.key for button in page.button if button.key in steps(booked.id)] == [f"end_{booked.id}"]
    press(page, f"end_{booked.id}")
    assert "Its time is over." in words_of(page)

    assert world.appointment().ends_at <= utcnow()
    assert "practice (admin)" in {event.actor for event in world.all(Event, kind="practice_end")}


def test_an_account_is_used_by_hand(world: World, open_page: OpenPage) -> None:
    """A meeting that is not ours runs on it."""
    world.location(accounts=1)
    page = open_page("sandbox")

    press(page, "use_by_hand")

    [meeting] = world.zoom_meetings()
    assert (meeting["source"], meeting["state"]) == ("web_portal", "started")
    assert "made by hand" in words_of(page)


def test_zoom_misbehaves_as_often_as_chosen_and_stops(world: World, open_page: OpenPage) -> None:
    """What is set stands there by its name, with how often it hit."""
    world.location(accounts=1)
    world.book("A-1")
    page = open_page("sandbox")
    assert "Nothing is set: all goes well." in words_of(page)
    page.segmented_control(key="sandbox_times").set_value("3 times").run()

    told = press(page, "fault_0")
    assert "429 Too many requests" in told and "3 more" in told
    assert "Webhooks: lose" in press(page, "webhook_0")
    world.run()
    assert world.sandbox.faults()[0]["hits"] > 0

    assert "All is well again." in press(page, "behave")
    assert (world.sandbox.faults(), world.sandbox.webhook_rules()) == ([], [])


@pytest.mark.parametrize("number", range(9))
def test_every_fault_can_be_set_and_has_its_name(world: World, open_page: OpenPage, number: int) -> None:
    """The practice Zoom takes each as the page puts it."""
    page = open_page("sandbox")
    label = page.button(key=f"fault_{number}").label

    told = press(page, f"fault_{number}")

    assert f":material/warning: **{label}**" in told
    assert len(world.sandbox.faults()) == 1


def test_its_clock_is_put_ahead_and_back(world: World, open_page: OpenPage) -> None:
    """The practice Zoom's alone."""
    page = open_page("sandbox")

    assert "10 min ahead" in press(page, "clock_600")
    assert world.sandbox.config()["clock_offset_seconds"] == 600
    press(page, "clock_0")
    assert world.sandbox.config()["clock_offset_seconds"] == 0


def test_a_practice_zoom_that_is_down_is_a_sentence(
    settings: Settings, use_settings: Callable[[Settings], None], open_page: OpenPage
) -> None:
    """With what to do; the page itself stays."""
    use_settings(settings.model_copy(update={"zoom_api_url": "http://127.0.0.1:9/v2"}))

    assert "The practice Zoom does not answer." in words_of(open_page("sandbox"))


def test_there_is_one_such_page_and_only_in_the_sandbox() -> None:
    """In production its address leads nowhere."""
    assert {*pages_in("sandbox")} - {*pages_in("production")} == {page for page in PAGES if page.file == "sandbox"}
