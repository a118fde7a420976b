"""The list of appointments: what is asked for stands in the address, and nobody sees more than is his."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from console.appointment_list import AT_ONCE
from core.clock import utcnow
from core.db.models import Appointment
from core.domain.local_time import on_the_wall
from core.domain.roles import Role
from tests.console.conftest import OpenPage, words_of
from tests.world import World


def rows(page: AppTest) -> list[dict[str, Any]]:
    """The rows of the table, as the browser gets them."""
    tables = [json.loads(each.proto.json) for each in page.get("bidi_component")]
    return next((data["rows"] for data in tables if "rows" in data), [])


def names(page: AppTest) -> list[str]:
    """Their ids, in order."""
    return [row["name"] for row in rows(page)]


def test_what_comes_is_listed_soonest_first_and_what_was_is_not(world: World, open_page: OpenPage) -> None:
    """That is what the page is opened for; the past is a choice, newest first."""
    world.location()
    for number, days in enumerate((3, 1, 2), start=1):
        world.book(f"A-{number}", starts_in=timedelta(days=days))
    for number, days in ((8, 8), (9, 9)):
        world.book(f"A-{number}", starts_in=timedelta(days=1))
        past(world, f"A-{number}", timedelta(days=days))

    assert names(open_page("appointment")) == ["A-2", "A-3", "A-1"]
    assert names(open_page("appointment", when="past")) == ["A-8", "A-9"]
    assert names(open_page("appointment", when="any"))[0] == "A-1"
    assert names(open_page("appointment", when="tomorrow")) == ["A-2"]


def test_each_filter_stands_in_the_address_and_can_be_sent(world: World, open_page: OpenPage) -> None:
    """Location, calendar, state, link and days; together they narrow further."""
    world.location(accounts=1)
    world.location("Quay Clinic", accounts=1)
    world.book("due")
    world.book("phone", calendar="Phone", starts_in=timedelta(days=1))
    world.book("quay", location="Quay Clinic", starts_in=timedelta(days=1))
    world.run()
    day = on_the_wall(world.appointment("phone").starts_at, "Europe/Berlin").date().isoformat()

    assert names(open_page("appointment", link="ready")) == ["due"]
    assert sorted(names(open_page("appointment", state="booked"))) == ["due", "phone", "quay"]
    assert names(open_page("appointment", location="Quay Clinic")) == ["quay"]
    assert names(open_page("appointment", location="Harbour Clinic", calendar="Phone")) == ["phone"]
    assert set(names(open_page("appointment", **{"when": "range", "from": day, "to": day}))) == {"phone", "quay"}
    assert names(open_page("appointment", location="Quay Clinic", link="ready")) == []


def test_a_choice_in_a_box_is_written_into_the_address(world: World, open_page: OpenPage) -> None:
    """The usual choice is left out, and another list begins at its beginning."""
    world.location(accounts=1)
    world.book("due")
    world.book("later", starts_in=timedelta(days=1))
    world.run()
    page = open_page("appointment", after="elsewhere")
    page.selectbox(key="asked_link").select("ready").run()

    assert names(page) == ["due"]
    assert page.query_params["link"] == "ready"
    assert "after" not in page.query_params
    page.selectbox(key="asked_link").select("").run()
    assert "link" not in page.query_params
    assert len(names(page)) == 2


@pytest.mark.parametrize(
    "address",
    [
        {"state": "odd"},
        {"link": "'; --"},
        {"location": "Gone"},
        {"calendar": "Video"},
        {"when": "never", "after": "x" * 300},
        {"when": "range", "from": "9999-12-31", "to": "0001-01-01"},
        {"q": "\0'):* & | \\"},
    ],
)
def test_an_address_that_makes_no_sense_does_no_harm(
    world: World, open_page: OpenPage, address: dict[str, str]
) -> None:
    """What there is not is not asked for."""
    world.location()
    world.book("A-1")
    page = open_page("appointment", **address)

    assert not page.error
    if not {"q", "from"} & set(address):
        assert names(page) == ["A-1"]


def test_fifty_are_shown_and_the_rest_follows_page_by_page(world: World, open_page: OpenPage) -> None:
    """Each once, and the place in the list stands in the address: a reload stays there."""
    world.location()
    for number in range(AT_ONCE + 2):
        world.book(f"A-{number:02}", starts_in=timedelta(days=1, minutes=number))
    page = open_page("appointment")
    first = names(page)
    page.button(key="Next page").click().run()

    assert len(first) == AT_ONCE
    assert names(page) == [f"A-{AT_ONCE}", f"A-{AT_ONCE + 1}"]
    assert names(open_page("appointment", after=page.query_params["after"])) == names(page)
    assert page.button(key="Next page").disabled
    page.button(key="First page").click().run()
    assert names(page) == first


def test_now_and_to_come_leaves_out_what_is_over(world: World, open_page: OpenPage) -> None:
    """What began hours ago and goes on is now; what ended, or was cancelled and is past, is not. What overruns is."""
    world.location()
    for name, began, minutes, status in (
        ("long", 6, 480, "booked"),
        ("overruns", 2, 60, "booked"),
        ("over", 2, 60, "completed"),
        ("gone", 2, 60, "cancelled"),
    ):
        world.book(name, starts_in=timedelta(days=1))
        past(world, name, timedelta(hours=began), minutes, status)

    assert names(open_page("appointment")) == ["long", "overruns"]


def test_a_place_in_the_list_behind_which_nothing_is_left_leads_to_its_beginning(
    world: World, open_page: OpenPage
) -> None:
    """What stood there was cancelled or is over meanwhile: an empty page would say that there is nothing at all."""
    world.location()
    for number in range(AT_ONCE + 1):
        world.book(f"A-{number:02}", starts_in=timedelta(days=1, minutes=number))
    page = open_page("appointment")
    page.button(key="Next page").click().run()
    assert names(page) == [f"A-{AT_ONCE}"]
    past(world, f"A-{AT_ONCE}", timedelta(days=2))
    later = open_page("appointment", after=page.query_params["after"])

    assert len(names(later)) == AT_ONCE
    assert "after" not in later.query_params


def test_a_row_says_when_who_where_and_how_it_stands(world: World, open_page: OpenPage) -> None:
    """In words, with the link to copy where there is one, and an address of its own."""
    place = world.location(accounts=1)
    world.book("A-1")
    world.book("A-2")
    world.run()
    ready, waiting = rows(open_page("appointment"))

    assert ready["link"] == world.meetings()[0].join_url and waiting["link"] is None
    assert ready["client"] == "Client of A-1 · a-1@clients.test"
    assert ready["href"] == f"?id=A-1&location_id={place.id}"
    assert [pill["word"] for pill in ready["pills"] + waiting["pills"]] == ["Ready", "Waiting"]
    assert waiting["why"] == "Every account of this location is in use."
    assert (ready["account"], ready["calendar"], ready["location"]) == ("seat1", "Video", "Harbour Clinic")


def test_an_opened_appointment_leads_back_to_the_list_as_it_was(world: World, open_page: OpenPage) -> None:
    """The filters stay in the address while one appointment is looked at."""
    place = world.location()
    world.book("A-1")
    page = open_page("appointment", id="A-1", location_id=str(place.id), state="booked", when="any")
    assert "Timeline" in words_of(page)
    page.button(key="back").click().run()

    assert names(page) == ["A-1"]
    assert "id" not in page.query_params
    assert [page.query_params[name] for name in ("state", "when")] == ["booked", "any"]


def test_an_empty_list_says_why_and_what_to_do(world: World, open_page: OpenPage) -> None:
    """Nothing at all, nothing from now on, and nothing like that are three things."""
    assert "zoompool locations add" in words_of(open_page("appointment"))
    world.location()
    assert "Nothing is booked from now on." in words_of(open_page("appointment"))
    page = open_page("appointment", state="missed", when="past")
    assert "No appointment is like that." in words_of(page)
    page.button(key="clear").click().run()
    assert list(page.query_params) == []


def test_a_host_sees_the_appointments_of_his_own_locations_alone(world: World, open_page: OpenPage) -> None:
    """In the list, by a search, and by an address that somebody sent him."""
    world.location()
    world.location("Quay Clinic")
    world.book("mine")
    world.book("theirs", location="Quay Clinic")

    assert names(open_page("appointment")) == ["mine", "theirs"]
    assert names(as_host(open_page("appointment"))) == ["mine"]
    assert "There is no appointment theirs." in words_of(as_host(open_page("appointment", id="theirs")))
    assert "Nothing fits “theirs”." in words_of(as_host(open_page("appointment", q="theirs")))
    assert names(as_host(open_page("appointment", location="Quay Clinic"))) == ["mine"]


def as_host(page: AppTest) -> AppTest:
    """The same page for a host whose location is the first."""
    page.selectbox(key="practice_role").select(Role.HOST).run()
    assert not page.exception, page.exception
    return page


def past(world: World, external_id: str, ago: timedelta, minutes: int = 30, status: str = "completed") -> None:
    """Move an appointment into the past."""
    with world.parts.sessions.begin() as session:
        start = utcnow() - ago
        session.execute(
            sa.update(Appointment)
            .where(Appointment.external_id == external_id)
            .values(starts_at=start, ends_at=start + timedelta(minutes=minutes), status=status, link="ended")
        )
