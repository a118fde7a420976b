"""What people see on the pages, empty and full."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core.clock import utcnow
from core.db.models import Account, Appointment, Location
from core.services.accounts import bench
from core.services.alerts.raise_ import raise_alert
from core.services.locations import add_location, find_location, issue_seat
from core.settings import Settings
from tests.console.conftest import OpenPage, words_of
from tests.world import World


def figures(page: AppTest) -> dict[str, str]:
    """The key figures by their labels."""
    return {metric.label: metric.value for metric in page.metric}


@pytest.mark.parametrize("page", ["pool", "connections"])
def test_an_empty_installation_says_what_to_do_first(open_page: OpenPage, page: str) -> None:
    """Nobody is left before a blank page."""
    assert "zoompool locations add" in words_of(open_page(page))


def test_a_location_without_anything_says_what_to_do_next(world: World, open_page: OpenPage) -> None:
    """Seats first, then appointments."""
    world.location(accounts=0)
    told = words_of(open_page("pool"))

    assert "No account is connected." in told
    assert "No appointment in the next seven days." in told
    assert "zoompool seats issue" in words_of(open_page("connections"))


@pytest.mark.parametrize("page", ["pool", "appointment", "connections", "health"])
def test_every_page_carries_the_sandbox_badge(open_page: OpenPage, page: str) -> None:
    """Nobody may take the practice Zoom for the real one."""
    told = words_of(open_page(page))

    assert "SANDBOX" in told
    assert "http://127.0.0.1:8600/" in told and "http://127.0.0.1:3000" in told


def test_what_is_wrong_is_listed_with_what_to_do(world: World, open_page: OpenPage) -> None:
    """What operations were told, as long as it is true; of one location only where one is chosen."""
    place = world.location(accounts=0)
    assert "Nothing is wrong that a person would have to know." in words_of(open_page("health"))
    world.location("Town Clinic", accounts=0)
    with world.parts.sessions.begin() as session:
        about = {"kind": "pool_short", "next_step": "Connect a seat.", "now": utcnow()}
        raise_alert(session, "pool_short:location:1", text="Three wait.", location_id=place.id, **about)

    told = words_of(open_page("health"))

    assert "Pool short" in told and "Three wait." in told and "Connect a seat." in told
    assert "Three wait." not in words_of(open_page("health", location="Town Clinic"))


def test_the_figures_count_what_is_free_in_use_broken_and_waiting(world: World, open_page: OpenPage) -> None:
    """Two appointments are due and one of three accounts is usable: one gets it, one waits."""
    world.location(accounts=3)
    first, second, _ = world.accounts()
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Account).where(Account.id == first.id).values(connection="needs_reauth"))
        bench(session, second.id, reason="waiting_room", until=None, actor="test", now=utcnow())
    for number in (1, 2):
        world.book(f"A-{number}")
    world.run()
    page = open_page("pool")

    assert figures(page)["Free now"] == "0 / 3"
    assert figures(page)["In use"] == "1"
    assert figures(page)["Need attention"] == "2"
    assert figures(page)["Waiting"] == "1"
    told = words_of(page)
    assert "Zoom forces a waiting room on this account. Out of the pool until somebody releases it." in told
    assert "Access lost" in told and "Benched" in told and "Link sent" in told


def test_a_waiting_appointment_says_when_it_should_be_served(world: World, open_page: OpenPage) -> None:
    """The estimate is the planned end of the lease before it, and the cooldown."""
    world.location(accounts=1)
    served = world.book("A-1")
    world.book("A-2")
    world.run()
    free_at = (served.ends_at + timedelta(minutes=5)).astimezone(ZoneInfo("Europe/Berlin")).strftime("%H:%M")
    expected = f"Every account of this location is in use. An account should be free about {free_at}"

    assert expected in words_of(open_page("pool"))
    assert expected in words_of(open_page("appointment", id="A-2"))


def test_a_ready_link_can_be_copied_on_both_pages(world: World, open_page: OpenPage) -> None:
    """Hosts copy the link from the list, support with its passcode from the appointment."""
    world.location(accounts=1)
    world.book("A-1")
    world.run()
    (meeting,) = world.meetings()
    passcode = world.parts.vault.decrypt(meeting.passcode)
    listed, opened = open_page("pool"), open_page("appointment", id="A-1")

    assert _copied(listed) == [meeting.join_url]
    assert _copied(opened) == [meeting.join_url, passcode]
    assert passcode not in words_of(listed)


def test_an_appointment_tells_who_when_where_and_why(world: World, open_page: OpenPage) -> None:
    """Its account with the reason for it, its mail with the server's answer, and its timeline with the run."""
    world.location(accounts=2)
    world.book("A-1")
    world.run()
    told = words_of(open_page("appointment", id="A-1"))

    assert "Client of A-1" in told and "for the client (America/New_York)" in told
    assert "Idle the longest of 2 free ones" in told
    assert "Join link :gray[to] a-1@clients.test" in told and "the server said “250" in told
    for line in ("Booked", "Account chosen", "Meeting created, link ready", "Mail accepted by the mail server"):
        assert line in told
    assert f"http://127.0.0.1:3000/runs/{world.leases()[0].claimed_by_run or 'run-'}" in told


def test_a_phone_appointment_says_that_it_needs_no_link(world: World, open_page: OpenPage) -> None:
    """It is listed with the others, and nobody waits for its link."""
    world.location()
    world.book("P-1", calendar="Phone")
    world.run()

    assert "No link needed" in words_of(open_page("pool"))
    assert "Takes place by phone." in words_of(open_page("appointment", id="P-1"))


def test_a_failed_appointment_says_why_and_what_to_do(world: World, open_page: OpenPage) -> None:
    """The cause in Zoom's words, and the next step in ours."""
    world.location()
    appointment = world.book("A-1")
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.update(Appointment)
            .where(Appointment.id == appointment.id)
            .values(link="failed", reason="zoom_rejected", reason_detail="Zoom said: “Invalid field.”")
        )
    told = words_of(open_page("appointment", id="A-1"))

    assert "One link failed." in words_of(open_page("pool"))
    assert "Zoom refused to create the meeting." in told
    assert "Zoom said: “Invalid field.”" in told and "mend its cause" in told


def test_a_cancelled_appointment_shows_no_link(world: World, open_page: OpenPage) -> None:
    """Its link opens nothing any more, so nobody should copy it."""
    world.location()
    appointment = world.book("A-1")
    world.run()
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.update(Appointment).where(Appointment.id == appointment.id).values(status="cancelled", link="ended")
        )
    page = open_page("appointment", id="A-1")

    assert "This appointment is cancelled." in words_of(page)
    assert _copied(page) == []


@pytest.mark.parametrize(
    "wanted", ["A-999", "0", "-1", "9" * 5000, "\u0661\u0662", "'; DROP TABLE appointments", "<b>x</b>"]
)
def test_a_bad_deep_link_says_what_to_do(world: World, open_page: OpenPage, wanted: str) -> None:
    """Whatever stands in the address, the page answers with a sentence."""
    world.location()

    assert f"There is no appointment {wanted[:200]}." in words_of(open_page("appointment", id=wanted))


@pytest.mark.parametrize("location", ["x", "-1", "9" * 40, "999"])
def test_a_bad_location_in_a_deep_link_does_no_harm(world: World, open_page: OpenPage, location: str) -> None:
    """It is ignored, or names a location without that appointment."""
    world.location()
    world.book("A-1")
    told = words_of(open_page("appointment", id="A-1", location_id=location))

    assert "Client of A-1" in told or "There is no appointment A-1." in told


def test_an_appointment_is_found_by_our_own_number_too(world: World, open_page: OpenPage) -> None:
    """Logs and runs name appointments by it."""
    world.location()
    appointment = world.book("A-1")

    assert "Client of A-1" in words_of(open_page("appointment", id=str(appointment.id)))


def test_the_same_id_in_two_locations_is_a_choice(world: World, open_page: OpenPage) -> None:
    """The booking system's ids count within a location; the links of a list name both."""
    for name in ("Harbour Clinic", "Quay Clinic"):
        world.location(name)
        world.book("A-1", location=name)
    quay = world.all(Location, name="Quay Clinic")[0]
    choice = open_page("appointment", id="A-1")
    both = words_of(choice)
    one = words_of(open_page("appointment", id="A-1", location_id=str(quay.id)))

    assert "Harbour Clinic" in both and "Quay Clinic" in both and "Timeline" not in both
    assert "Quay Clinic" in one and "Timeline" in one
    choice.button[1].click().run()
    assert "Timeline" in words_of(choice)
    assert choice.query_params["id"] == "A-1"


@pytest.mark.parametrize("typed", ["A-2", "a-2@clients.test", "  A-2 "])
def test_support_finds_an_appointment_by_id_or_email(world: World, open_page: OpenPage, typed: str) -> None:
    """One search box for whatever a caller names; a single hit opens at once."""
    world.location()
    world.book("A-1")
    world.book("A-2")
    page = open_page("appointment")
    page.text_input[0].set_value(typed).run()

    told = words_of(page)
    assert "Client of A-2" in told and "Client of A-1" not in told


def test_a_search_without_a_hit_says_how_to_search(world: World, open_page: OpenPage) -> None:
    """No blank list."""
    world.location()
    page = open_page("appointment")
    page.text_input[0].set_value("nobody@clients.test").run()

    assert "Nothing fits “nobody@clients.test”." in words_of(page)


def test_the_pool_of_one_location_shows_nothing_of_another(world: World, open_page: OpenPage) -> None:
    """The choice is in the address, and holds for figures, appointments and accounts alike."""
    for name in ("Harbour Clinic", "Quay Clinic"):
        world.location(name, accounts=2)
        world.book(f"of-{name[:4]}", location=name)
    world.run()
    page = open_page("pool", location="Quay Clinic")
    told = words_of(page)

    assert figures(page)["Free now"] == "1 / 2"
    assert "of-Quay" in told and "of-Harb" not in told
    assert "quay-clinic" in told and "harbour-clinic" not in told


def test_a_location_that_does_not_exist_falls_back_to_all(world: World, open_page: OpenPage) -> None:
    """An old bookmark shows the pool, not an error."""
    world.location(accounts=2)

    assert figures(open_page("pool", location="Gone"))["Free now"] == "2 / 2"


def test_a_suspended_location_says_why_nothing_opens(world: World, open_page: OpenPage) -> None:
    """Free accounts and no links would be a riddle otherwise."""
    location = world.location()
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Location).where(Location.id == location.id).values(status="suspended"))

    assert "Harbour Clinic is suspended: no new links." in words_of(open_page("pool", location="Harbour Clinic"))
    assert "Suspended" in words_of(open_page("connections"))


def test_seats_offer_what_can_be_done_with_them(world: World, open_page: OpenPage) -> None:
    """A new seat can be connected, a broken one reconnected, and a healthy one is left alone."""
    world.location(accounts=2)
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Account).where(Account.id == 1).values(connection="needs_reauth"))
        place = find_location(session, "Harbour Clinic")
        new = issue_seat(session, location=place, address="new@harbour.test", actor="test", now=utcnow())
    page = open_page("connections")

    assert [(link["label"], link["path"]) for link in _components(page) if "label" in link] == [
        ("Connect", f"/oauth/zoom/start?seat={new.id}"),  # of the card, for the first seat that is free
        ("Reconnect", f"/oauth/zoom/start?seat={world.accounts()[0].seat_id}"),
        ("Connect", f"/oauth/zoom/start?seat={new.id}"),
    ]
    assert figures(page)["Connected"] == "1 of 3" and figures(page)["Need a person"] == "1"


def test_a_connect_that_succeeded_is_told_once(world: World, open_page: OpenPage) -> None:
    """The address is cleaned, so that a bookmark does not tell it again."""
    world.location()
    page = open_page("connections", connected="seat1@harbour-clinic.test")

    assert "seat1@harbour-clinic.test is connected." in words_of(page)
    assert "connected" not in page.query_params


def test_the_page_believes_no_address(world: World, open_page: OpenPage) -> None:
    """A link made by somebody else cannot announce a success that is none."""
    world.location()

    assert "is connected." not in words_of(open_page("connections", connected="evil@elsewhere.test"))
    assert "is connected." not in words_of(open_page("connections", connected="seat1\0@harbour.test"))


def test_a_refused_connect_is_told(world: World, open_page: OpenPage) -> None:
    """Without the sentence's cookie the page says in general what to do."""
    world.location()

    assert "The last connect was refused." in words_of(open_page("connections", refused="wrong_user"))


def test_names_are_shown_as_they_are(world: World, open_page: OpenPage) -> None:
    """Markup in a name stays text: no link, image or colour can be smuggled in."""
    with world.parts.sessions.begin() as session:
        add_location(session, name="**[Quay](https://x.test)** :red[!]", zone="UTC", actor="test", now=utcnow())
        place = find_location(session, "**[Quay](https://x.test)** :red[!]")
        issue_seat(session, location=place, address="seat@quay.test", actor="test", now=utcnow())
    page = open_page("connections")

    assert any(r"\*\*\[Quay\]\(https\:" in element.value for element in page.markdown)


@pytest.mark.parametrize("page", ["pool", "appointment", "connections"])
def test_a_database_that_is_away_is_a_sentence(
    settings: Settings, use_settings: Callable[[Settings], None], open_page: OpenPage, page: str
) -> None:
    """No trace, and what to look at."""
    nowhere = "postgresql+psycopg://nobody:hidden@127.0.0.1:1/none"
    use_settings(settings.model_copy(update={"database_url": nowhere}))
    told = words_of(open_page(page, id="A-1"))

    assert "The database does not answer." in told
    assert "hidden" not in told


def _components(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(each.proto.json) for each in page.get("bidi_component")]


def _copied(page: AppTest) -> list[str]:
    return [data["text"] for data in _components(page) if "text" in data]
