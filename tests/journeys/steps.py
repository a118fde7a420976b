"""What people do again and again on their way through the product, by what they see, and what is known meanwhile."""

import re
from datetime import timedelta
from typing import Self
from urllib.parse import parse_qs, quote_plus, urlsplit

from playwright.sync_api import Locator, expect

from core.clock import utcnow
from core.services.locations import find_location, issue_seat
from tests.e2e.leftovers import until
from tests.e2e.story import Story
from tests.journeys.visitor import Visitor
from tests.world import TEST, World

LEAD = timedelta(minutes=10)
RUN = 240.0  # seconds for what a tick and a run or two do; fifteen where nothing else is done
SOON = 30_000.0  # milliseconds for a page to draw itself anew


class Booked(Story):
    """An appointment at a location that is there already, and what the page Sandbox does with it."""

    def __init__(self, world: World, location: str, external_id: str) -> None:
        self.world, self.location, self.external_id = world, location, external_id
        found = world.appointment(external_id, location)
        self.appointment_id, self.location_id = found.id, found.location_id
        self.client_email = found.client_email

    @classmethod
    def now(cls, world: World, location: str, external_id: str, *, starts_in: timedelta) -> Self:
        """Booked by the booking system, as it were."""
        world.book(external_id, location=location, starts_in=starts_in)
        return cls(world, location, external_id)

    @property
    def client(self) -> str:
        """Where its mails go."""
        return self.client_email

    @property
    def path(self) -> str:
        """Its page."""
        return f"/appointment?id={self.external_id}&location_id={self.location_id}"

    def row(self, person: Visitor) -> Locator:
        """Its row on the page Sandbox, which the person has open."""
        return person.page.locator(f".st-key-life_{self.external_id}_{self.location_id}")

    def let(self, person: Visitor, button: str, *, then: str, seconds: float = RUN) -> None:
        """Press a button of its row, as soon as it is there, and wait until the row says *then*."""
        self.row(person).get_by_role("button", name=button, exact=True).click(timeout=seconds * 1000)
        person.settle()
        expect(self.row(person)).to_contain_text(then, timeout=seconds * 1000)

    def until_link(self, state: str) -> None:
        """Wait until its link is in *state*."""
        until(lambda: self.link == state, RUN, f"the link of {self.external_id} is {state}")

    @property
    def link(self) -> str:
        """The state of its link."""
        return self.world.appointment(self.external_id, self.location).link


def sandbox_of(location: str) -> str:
    """The page Sandbox with one location's appointments."""
    return f"/sandbox?practise_at={quote_plus(location)}"


def without_accounts(world: World, name: str, *seats: str) -> str:
    """A location whose seats are issued and not connected; Zoom knows their people."""
    world.location(name, accounts=0)
    world.sandbox.create_users([{"email": email, "account_id": name} for email in seats])
    with world.parts.sessions.begin() as session:
        for email in seats:
            issue_seat(session, location=find_location(session, name), address=email, actor=TEST, now=utcnow())
    return name


def connect(person: Visitor, location: str, email: str) -> None:
    """Over the practice Zoom's consent page and back."""
    person.go(f"/connections?seats_of={quote_plus(location)}")
    person.page.get_by_role("link", name=f"Connect {email}", exact=True).click()
    person.page.get_by_role("textbox", name="e-mail address").fill(email)
    person.picture("consent")
    person.page.get_by_role("button", name="Allow").click()
    person.sees(f"{email} is connected.")
    person.picture("connected")


def set_to_zoom(world: World, person: Visitor, location: str) -> None:
    """The calendar Video, which meets by phone until then."""
    world.edit_calendar("Video", location, meeting_location="phone")
    person.go(f"/calendars?calendars_of={quote_plus(location)}")
    person.page.locator(f".st-key-edit_calendar_{world.calendar('Video', location).id}").get_by_role("button").click()
    choose(person, person.dialog.get_by_role("combobox", name="Meeting Location"), "Zoom")
    person.press("Save", within=person.dialog)
    person.sees("Video is saved.")


def book_in_two_days(world: World, person: Visitor, location: str, *, client: str) -> Booked:
    """In the form; the page then shows the appointment."""
    person.go("/appointment")
    person.press("Book")
    choose(person, person.dialog.get_by_role("combobox", name="Location"), location)
    person.dialog.get_by_label("Client's name").fill("A client")
    person.dialog.get_by_label("Client's e-mail").fill(client)
    person.dialog.get_by_label("Client's e-mail").press("Tab")
    person.settle()
    # The day takes year, month and day one after the other, and counts once its calendar is closed.
    person.dialog.locator("[data-testid=stDateInput] [role=spinbutton]").first.click()
    person.page.keyboard.type(f"{utcnow() + timedelta(days=2):%Y%m%d}")
    person.dialog.get_by_role("heading").first.click()
    person.settle()
    expect(person.dialog.get_by_text("Today,")).to_have_count(0, timeout=SOON)
    person.press("Book appointment", within=person.dialog)
    person.sees(re.compile("is booked for"))
    [external_id] = parse_qs(urlsplit(person.page.url).query)["id"]
    return Booked(world, location, external_id)


def disconnect(person: Visitor, account_id: int, *, waits_for: str) -> None:
    """Gently, from the account's drawer, which says what that waits for."""
    person.go(f"/connections?account={account_id}")
    person.press("Disconnect")
    expect(person.dialog).to_contain_text(waits_for, timeout=SOON)
    person.press("Disconnect account", within=person.dialog)
    expect(person.dialog).to_contain_text("once everything it has begun is done", timeout=SOON)
    expect(person.dialog).to_contain_text(waits_for, timeout=SOON)


def choose(person: Visitor, box: Locator, answer: str) -> None:
    """Choose *answer* in a select box."""
    box.click()
    person.page.get_by_role("option", name=answer, exact=True).click()
    person.settle()


def fill(person: Visitor, label: str, text: str, *, within: Locator) -> None:
    """Write into a field, and leave it."""
    within.get_by_label(label).fill(text)
    within.get_by_label(label).press("Tab")
    person.settle()


def misbehave(person: Visitor, *labels: str) -> None:
    """On the page Sandbox: from now on, until it is ended."""
    person.go("/sandbox")
    person.page.get_by_role("radio", name="Until ended").click()
    person.settle()
    for label in labels:
        person.press(label)
        person.sees(f"{label}: until ended.")


def behave(person: Visitor) -> None:
    """On the page Sandbox: all is well again."""
    person.go("/sandbox")
    person.press("End all of it")
    person.sees("All is well again.")
