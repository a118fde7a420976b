"""The pages of locations and calendars, and issuing seats on the page of connections."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.clock import utcnow
from core.db.models import Calendar, Location, Seat
from core.services.calendars import add_calendar
from core.services.locations import add_location, find_location, issue_seat
from tests.console.conftest import OpenPage, words_of
from tests.world import NUMBER, TEST, World

MINUTE = timedelta(minutes=1)


def press(page: AppTest, key: str) -> AppTest:
    """Press a button; what came of it."""
    page.button(key=key).click().run()
    assert not page.exception, page.exception
    return page


def editing(page: AppTest, calendar: Calendar) -> str:
    """Open the dialog of a calendar; how the keys of its fields begin."""
    press(page, f"edit_calendar_{calendar.id}")
    return f"calendar_{calendar.id}_{calendar.row_version}"


def meet_on(page: AppTest, of: str, where: str) -> AppTest:
    """Choose a meeting location."""
    page.selectbox(key=f"{of}_where").select(where).run()
    assert not page.exception, page.exception
    return page


@pytest.mark.parametrize("page", ["locations", "calendars"])
def test_an_empty_installation_says_what_to_do_first(open_page: OpenPage, page: str) -> None:
    """Nobody is left before a blank page."""
    assert "There is no location yet." in words_of(open_page(page))


@pytest.mark.parametrize(("page", "each"), [("locations", "edit_location_"), ("calendars", "edit_calendar_")])
def test_many_come_by_pages(world: World, open_page: OpenPage, page: str, each: str) -> None:
    """No page has more lines than a person reads. Which one is in the address; one beyond the last is the last."""
    with world.parts.sessions.begin() as session:
        for number in range(1, 46):
            place = add_location(session, name=f"Clinic {number:02}", zone="UTC", actor=TEST, now=utcnow())
            add_calendar(session, location=place, name="Video", meeting_location="zoom", actor=TEST, now=utcnow())

    def lines(shown: AppTest) -> int:
        return len([button for button in shown.button if (button.key or "").startswith(each)])

    first = open_page(page)
    assert lines(first) == 20 and f"1 to 20 of 45 {page}" in words_of(first)
    first.pagination(key=f"{page}_page").select(3).run()
    assert lines(first) == 5 and f"41 to 45 of 45 {page}" in words_of(first)
    assert "Clinic 45" in words_of(open_page(page, **{f"{page}_page": "3"}))
    assert f"of 45 {page}" in words_of(open_page(page, **{f"{page}_page": "9"}))


def test_what_is_found_is_counted(world: World, open_page: OpenPage) -> None:
    """Whoever stands on a later page and looks for a name sees what is found, not that page of it."""
    with world.parts.sessions.begin() as session:
        for number in range(1, 46):
            add_location(session, name=f"Clinic {number:02}", zone="UTC", actor=TEST, now=utcnow())
    page = open_page("locations", locations_page="3")
    page.text_input(key="find").input("clinic 0").run()
    assert "Clinic 01" in words_of(page) and "Clinic 45" not in words_of(page)


def test_a_location_is_added(world: World, open_page: OpenPage) -> None:
    """And the page says what comes next."""
    page = press(open_page("locations"), "add_location")
    assert page.button(key="do_it").disabled
    page.text_input(key="new_location_name").input("North *Clinic*").run()
    page.selectbox(key="new_location_zone").select("Europe/Lisbon").run()
    press(page, "do_it")

    [location] = world.all(Location)
    assert (location.name, location.zone, location.sender_name) == ("North *Clinic*", "Europe/Lisbon", "North *Clinic*")
    assert "Add a calendar and issue its seats next." in words_of(page)
    assert "no seat" in words_of(page)


def test_a_location_is_changed(world: World, open_page: OpenPage) -> None:
    """Fields that were not touched stay; the list shows what is not as usual."""
    place = world.location()
    page = press(open_page("locations"), f"edit_location_{place.id}")
    of = f"location_{place.id}_1"
    page.text_input(key=f"{of}_sender").input("Harbour").run()
    page.toggle(key=f"{of}_own_hold").set_value(True).run()
    page.number_input(key=f"{of}_hold").set_value(90).run()
    page.toggle(key=f"{of}_refuse").set_value(True).run()
    press(page, "do_it")

    [location] = world.all(Location)
    assert (location.sender_name, location.recording_hold_limit) == ("Harbour", 90 * MINUTE)
    assert (location.refuse_when_short, location.zone, location.status) == (True, "Europe/Berlin", "active")
    told = words_of(page)
    assert "mails from Harbour" in told and "waits 1 h 30 min for recordings" in told and "refuses bookings" in told
    assert "2 calendars · 1 of 1 seat connected" in told


def test_suspending_says_what_it_stops_and_wants_to_be_meant(world: World, open_page: OpenPage) -> None:
    """The button stays grey until then."""
    place = world.location()
    world.book("A-1", starts_in=60 * MINUTE)
    page = press(open_page("locations"), f"edit_location_{place.id}")
    page.radio(key=f"location_{place.id}_1_status").set_value("suspended").run()
    assert "1 appointment of the next 24 hours gets no link." in words_of(page)
    assert page.button(key="do_it").disabled

    page.checkbox(key=f"location_{place.id}_1_sure").check().run()
    press(page, "do_it")

    assert world.all(Location)[0].status == "suspended"
    assert "Suspended" in words_of(page)


def test_a_location_is_found_by_a_part_of_its_name(world: World, open_page: OpenPage) -> None:
    """Whatever the signs in it."""
    world.location(accounts=0)
    world.location("100% Clinic", accounts=0)

    told = words_of(open_page("locations", find="100%"))
    assert "100% Clinic" in told and "Harbour" not in told
    assert "No location is named like _." in words_of(open_page("locations", find="_"))


def test_what_somebody_else_has_changed_is_not_overwritten(world: World, open_page: OpenPage) -> None:
    """A sentence says so, and nothing is saved."""
    place = world.location()
    page = press(open_page("locations"), f"edit_location_{place.id}")
    with world.parts.sessions.begin() as session:
        session.get_one(Location, place.id).row_version = 2
    page.text_input(key=f"location_{place.id}_1_name").input("Mine").run()
    press(page, "do_it")

    assert "has been changed by somebody else" in words_of(page)
    assert world.all(Location)[0].name == "Harbour Clinic"


def test_a_calendar_is_added_where_it_meets_by_phone(world: World, open_page: OpenPage) -> None:
    """A number is asked for; without one a sentence says that it is needed."""
    world.location(accounts=0)
    page = press(open_page("calendars", calendars_of="Harbour Clinic"), "add_calendar")
    page.text_input(key="new_calendar_name").input("Calls").run()
    meet_on(page, "new_calendar", "phone")
    press(page, "do_it")
    assert "needs the number to call" in words_of(page)

    page.text_input(key="new_calendar_detail_phone").input(NUMBER).run()
    press(page, "do_it")

    assert world.calendar("Calls").meeting_detail == NUMBER
    assert "Calls is there" in words_of(page)


def test_an_address_opens_what_it_names_for_editing(world: World, open_page: OpenPage) -> None:
    """A calendar, a location; closing takes it out of the address."""
    world.location(accounts=0)
    page = open_page("calendars", calendar="1")
    page.text_input(key="calendar_1_1_name").input("Video calls").run()
    page.button(key="do_it").click().run()
    assert world.calendar("Video calls").id == 1 and "calendar" not in page.query_params

    assert "**Meeting Details**" in words_of(open_page("calendars", calendar="2"))
    assert open_page("locations", location_id="1").text_input(key="location_1_1_name").value == "Harbour Clinic"


@pytest.mark.parametrize("given", ["999", "x", "-1", "9" * 40, ""])
def test_an_address_that_names_nothing_is_a_sentence(world: World, open_page: OpenPage, given: str) -> None:
    """And the list is there all the same."""
    world.location(accounts=0)

    told = words_of(open_page("calendars", calendar=given))
    assert "There is no such calendar." in told and "Video" in told
    told = words_of(open_page("locations", location_id=given))
    assert "There is no such location." in told and "Harbour Clinic" in told


def test_before_saving_it_says_how_many_links_change(world: World, open_page: OpenPage) -> None:
    """Away from Zoom: who needs none any more and who keeps his; and back, what is opened at once."""
    world.location()
    world.book("OPENED", starts_in=5 * MINUTE)
    world.run()
    world.book("DUE", starts_in=6 * MINUTE)
    world.book("LATER", starts_in=60 * MINUTE)
    page = open_page("calendars")
    of = editing(page, world.calendar())
    assert "A link of its own for every appointment" in words_of(page)

    meet_on(page, of, "google_meet")
    assert "From Zoom to Google Meet." in words_of(page)
    assert "2 appointments need no link any more; 1 that has one already keeps it." in words_of(page)
    assert world.appointment("DUE").link == "not_due"
    page.text_input(key=f"{of}_detail_google_meet").input("https://meet.google.com/abc-defg-hij").run()
    press(page, "do_it")
    assert "2 appointments need no link any more." in words_of(page)
    assert world.appointment("DUE").link == "not_needed"

    of = editing(page, world.calendar())
    meet_on(page, of, "zoom")
    assert "2 appointments need a link by that, 1 of them at once." in words_of(page)
    press(page, "do_it")
    assert world.appointment("DUE").link == "not_due"


def test_a_host_gets_copies_at_an_address(world: World, open_page: OpenPage) -> None:
    """Which is asked for when it is wanted."""
    world.location(accounts=0)
    page = open_page("calendars")
    of = editing(page, world.calendar())
    page.toggle(key=f"{of}_copy").set_value(True).run()
    press(page, "do_it")
    assert "is needed for the host to get a copy" in words_of(page)

    page.text_input(key=f"{of}_host").input("host@harbour-clinic.test").run()
    press(page, "do_it")
    assert world.calendar().host_email == "host@harbour-clinic.test"
    assert "copies to" in words_of(page)


def issuing(page: AppTest) -> AppTest:
    """Open the dialog that issues a list."""
    press(page, "issue_seats")
    page.get_by_key("issue_how").set_value("A list").run()
    assert not page.exception, page.exception
    return page


def upload(page: AppTest, text: str) -> AppTest:
    """Upload a list."""
    page.file_uploader(key="import_file").set_value(("seats.csv", text.encode(), "text/csv")).run()
    assert not page.exception, page.exception
    return page


def from_menu(page: AppTest, action: str, seat: int) -> AppTest:
    """Choose an action of a seat's menu."""
    menu = next(each for each in page.get("menu_button") if each.key == f"actions_{seat}")
    menu.click(action).run()
    assert not page.exception, page.exception
    return page


def test_one_seat_is_issued(world: World, open_page: OpenPage) -> None:
    """To the location that is chosen."""
    world.location(accounts=0)
    page = press(open_page("connections", seats_of="Harbour Clinic"), "issue_seats")
    page.text_input(key="issue_email").input("Room1@harbour-clinic.test").run()
    press(page, "do_it")

    assert [seat.email for seat in world.all(Seat)] == ["room1@harbour-clinic.test"]
    assert "room1@harbour-clinic.test is issued to Harbour Clinic." in words_of(page)


def test_a_list_shows_its_bad_lines_and_issues_nothing_until_all_are_good(world: World, open_page: OpenPage) -> None:
    """By number, with what is wrong; then how many will be issued."""
    world.location()
    page = upload(
        issuing(open_page("connections")),
        "email,location\na@harbour-clinic.test,Harbour Clinic\nnobody,Harbour Clinic\nb@harbour-clinic.test,West\n",
    )
    assert "2 lines are bad, so nothing can be issued." in words_of(page)
    [table] = page.dataframe
    assert list(table.value["Line"]) == [3, 4]
    assert page.button(key="do_it").disabled

    upload(
        page, "email;location\r\na@harbour-clinic.test;harbour clinic\r\nseat1@harbour-clinic.test;Harbour Clinic\r\n"
    )
    assert "1 seat will be issued. 1 seat of the list stay" in words_of(page)
    press(page, "do_it")

    assert {seat.email for seat in world.all(Seat)} == {"seat1@harbour-clinic.test", "a@harbour-clinic.test"}
    assert "1 seat is issued." in words_of(page)


def test_what_is_no_list_is_a_sentence(world: World, open_page: OpenPage) -> None:
    """The page goes on."""
    world.location(accounts=0)

    assert "has no column email" in words_of(upload(issuing(open_page("connections")), "a,b\n1,2\n"))


def test_a_seat_is_moved_and_taken_back_from_its_menu(world: World, open_page: OpenPage) -> None:
    """Its account is disconnected first, and the dialog says so."""
    world.location()
    world.location("Hill Clinic", accounts=0)
    [account] = world.accounts()
    page = from_menu(open_page("connections"), "Move seat", account.seat_id)
    assert "Its account is disconnected by that" in words_of(page)
    press(page, "do_it")
    assert "seat1@harbour-clinic.test is issued to Hill Clinic." in words_of(page)
    assert world.accounts()[0].connection == "disconnected"

    moved = world.all(Seat)[1]
    from_menu(page, "Take back seat", moved.id)
    assert "It is not connected, so no appointment is concerned." in words_of(page)
    press(page, "do_it")
    assert all(seat.taken_back_at for seat in world.all(Seat))


def test_a_seat_in_use_is_taken_back_later(world: World, open_page: OpenPage) -> None:
    """A sentence says when."""
    world.location()
    world.book()
    world.run()
    page = from_menu(open_page("connections"), "Take back seat", world.accounts()[0].seat_id)
    assert "Its account is in use" in words_of(page)
    press(page, "do_it")

    assert "is disconnected after that" in words_of(page)
    assert world.all(Seat)[0].taken_back_at is None


def test_a_seat_that_was_never_connected_can_be_moved(world: World, open_page: OpenPage) -> None:
    """Its menu has that and no more."""
    world.location(accounts=0)
    with world.parts.sessions.begin() as session:
        place = find_location(session, "Harbour Clinic")
        seat = issue_seat(session, location=place, address="new@harbour.test", actor=TEST, now=utcnow()).id

    page = from_menu(open_page("connections"), "Move seat", seat)
    assert "There is no other location." in words_of(page)
