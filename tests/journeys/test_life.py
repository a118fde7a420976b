"""What people do with the product all day, in a browser, against all of it as `make up` starts it."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, expect

from core.clock import utcnow
from core.services.locations import find_location, issue_seat
from tests.e2e.dagster_processes import Product, running
from tests.e2e.leftovers import until
from tests.e2e.story import Story
from tests.journeys.conftest import Visit
from tests.journeys.visitor import Visitor
from tests.world import TEST, World

pytestmark = [pytest.mark.browser, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

# As shipped, but for how long an account rests and how long an appointment is given up after.
SHORT = {"TICK_SECONDS": "4", "COOLDOWN": "40", "REJOIN_GRACE": "2"}
LEAD = timedelta(minutes=10)
LINK_BY = timedelta(minutes=1)  # after it is due
RUN = 120.0  # seconds for what a tick and a run do


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """Everything, for the journeys of this module; each has a location of its own."""
    with running(**SHORT) as product:
        yield product


@pytest.fixture(scope="module")
def world(product: Product) -> World:
    """What it works on."""
    return product.installation.world


@pytest.fixture
def person(product: Product, visit: Visit) -> Visitor:
    """Somebody at its console."""
    return visit(product.installation.settings.base_url)


def test_from_connecting_an_account_to_disconnecting_it(world: World, person: Visitor) -> None:
    """Connect by consent, a calendar set to Zoom, the link at T-10 and not before, copied, met, recorded, cooled."""
    location = _without_accounts(world, "Journey Court", "room1@journey-court.test")

    _connect(world, person, location, "room1@journey-court.test")
    _set_to_zoom(world, person, location)

    whole = _Booked(world, location, "WHOLE", starts_in=LEAD + timedelta(seconds=45))
    person.go(whole.path)
    person.sees(re.compile("The link is made"))
    assert not whole.leases
    person.sees("Join link", seconds=RUN)
    [mail] = whole.mails()
    assert whole.meeting.join_url in mail["text"]
    assert whole.due <= whole.meeting.created_at <= whole.due + LINK_BY
    person.page.get_by_role("button", name="Copy the join link").click()
    person.sees("Copied")
    assert person.page.evaluate("navigator.clipboard.readText()") == whole.meeting.join_url
    person.picture("link-ready")

    guests = [world.sandbox.join(whole.zoom_id, name) for name in ("The client", "The doctor")]
    whole.until_lease("live")
    whole.begins()
    for guest in guests:
        world.sandbox.leave(whole.zoom_id, guest)
    whole.until_lease("processing")
    world.sandbox.finish_recording(whole.zoom_id)
    whole.until_lease("cooldown")
    person.go(whole.path)
    person.sees("Recording")
    person.sees(re.compile("cool", re.IGNORECASE))
    [recording] = whole.recordings
    assert (recording.outcome, bool(recording.share_url)) == ("attached", True)
    person.picture("recorded-and-cooling")
    whole.until_lease("released")

    [account] = world.accounts(location_id=whole.location_id)
    person.go(f"/connections?account={account.id}")
    person.press("Disconnect now")
    person.dialog.get_by_label("to confirm").fill("room1@journey-court.test")
    person.dialog.get_by_label("to confirm").press("Tab")
    person.settle()
    person.press("Disconnect account now", within=person.dialog)
    person.sees("room1@journey-court.test is disconnected.")
    person.picture("disconnected")
    [account] = world.accounts(location_id=whole.location_id)
    assert account.connection == "disconnected"


def test_booking_by_the_form_rescheduling_moving_and_cancelling(world: World, person: Visitor) -> None:
    """One is booked in the form and gets another time; one with its link goes to another account, and is cancelled."""
    location = "Change Street"
    world.location(location, accounts=2)
    other = _Booked(world, location, "OTHER", starts_in=LEAD - timedelta(minutes=1))

    person.go("/appointment")
    person.press("Book")
    _choose(person, person.dialog.get_by_role("combobox", name="Location"), location)
    person.dialog.get_by_label("Client's name").fill("A client")
    person.dialog.get_by_label("Client's e-mail").fill("form@clients.test")
    person.dialog.get_by_label("Client's e-mail").press("Tab")
    person.settle()
    _in_two_days(person)
    expect(person.dialog.get_by_text("Today,")).to_have_count(0, timeout=30_000)
    person.press("Book appointment", within=person.dialog)
    person.sees(re.compile("is booked for"))
    person.picture("booked")

    person.press("Reschedule")
    person.dialog.get_by_label("Minutes").fill("45")
    person.dialog.get_by_label("Minutes").press("Tab")
    person.settle()
    person.press("Reschedule appointment", within=person.dialog)
    person.sees(re.compile("now lasts from"))

    other.until_lease("ready")
    person.go(other.path)
    person.sees("Join link", seconds=RUN)
    before = other.meeting.join_url
    person.press("Move")
    person.dialog.get_by_label("Why").fill("Its microphone hums")
    person.dialog.get_by_label("Why").press("Tab")
    person.settle()
    person.press("Move appointment", within=person.dialog)
    until(lambda: other.leases[-1].state == "ready" and len(other.leases) == 2, RUN, "it is on another account")
    assert other.meeting.join_url != before
    assert other.leases[0].account_id != other.leases[1].account_id
    expect(person.dialog).to_have_count(0, timeout=30_000)
    person.picture("moved")

    person.go(other.path)
    person.press("Cancel")
    person.press("Cancel appointment", within=person.dialog)
    person.sees(re.compile("is cancelled"))
    person.picture("cancelled")
    assert world.appointment("OTHER", location).status == "cancelled"
    until(lambda: all(lease.released_at for lease in other.leases), RUN, "its account is free")


class _Booked(Story):
    """An appointment at a location that is there already."""

    def __init__(self, world: World, location: str, external_id: str, *, starts_in: timedelta) -> None:
        self.world, self.location, self.external_id = world, location, external_id
        booked = world.book(external_id, location=location, starts_in=starts_in)
        self.appointment_id, self.location_id = booked.id, booked.location_id
        self.due = booked.starts_at - LEAD

    @property
    def path(self) -> str:
        """Its page."""
        return f"/appointment?id={self.external_id}&location_id={self.location_id}"

    def begins(self) -> None:
        """Ten minutes pass for it: it began a second ago."""
        with self.world.parts.sessions.begin() as session:
            for table, which in (("appointments", "id"), ("appointment_revisions", "appointment_id")):
                earlier = (
                    f"UPDATE {table} SET ends_at = ends_at - (starts_at - :now), starts_at = :now WHERE {which} = :id"
                )
                now = utcnow() - timedelta(seconds=1)
                session.execute(sa.text(earlier), {"now": now, "id": self.appointment_id})


def _without_accounts(world: World, name: str, *seats: str) -> str:
    """A location whose seats are issued and not connected; Zoom knows their people."""
    world.location(name, accounts=0)
    world.sandbox.create_users([{"email": email, "account_id": name} for email in seats])
    with world.parts.sessions.begin() as session:
        for email in seats:
            issue_seat(session, location=find_location(session, name), address=email, actor=TEST, now=utcnow())
    return name


def _connect(world: World, person: Visitor, location: str, email: str) -> None:
    """Over the practice Zoom's consent page and back."""
    person.go(f"/connections?seats_of={location.replace(' ', '+')}")
    person.page.get_by_role("link", name=f"Connect {email}", exact=True).click()
    person.page.get_by_role("textbox", name="e-mail address").fill(email)
    person.picture("consent")
    person.page.get_by_role("button", name="Allow").click()
    person.sees(f"{email} is connected.")
    person.picture("connected")


def _set_to_zoom(world: World, person: Visitor, location: str) -> None:
    """The calendar Video, which meets by phone until then."""
    world.edit_calendar("Video", location, meeting_location="phone")
    person.go(f"/calendars?calendars_of={location.replace(' ', '+')}")
    person.page.locator(f".st-key-edit_calendar_{world.calendar('Video', location).id}").get_by_role("button").click()
    _choose(person, person.dialog.get_by_role("combobox", name="Meeting Location"), "Zoom")
    person.press("Save", within=person.dialog)
    person.sees("Video is saved.")


def _choose(person: Visitor, box: Locator, answer: str) -> None:
    """Choose *answer* in a select box."""
    box.click()
    person.page.get_by_role("option", name=answer, exact=True).click()
    person.settle()


def _in_two_days(person: Visitor) -> None:
    """Type it into the form's day, which takes year, month and day one after the other."""
    person.dialog.locator("[data-testid=stDateInput] [role=spinbutton]").first.click()
    person.page.keyboard.type(f"{utcnow() + timedelta(days=2):%Y%m%d}")
    person.dialog.get_by_role("heading").first.click()  # the calendar closes, and the day counts from then on
    person.settle()
