"""Each role comes through the provider's page to what it was looking for, does what it is there for, and leaves."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from core.db.models import Appointment, Event
from core.settings import Settings
from tests.console.oidc import console_of, provider
from tests.console.test_health import REFUSED
from tests.faults.given import CREATE
from tests.journeys.conftest import Visit
from tests.journeys.visitor import Visitor
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
PEOPLE = {
    "host": {"sub": "hana", "name": "Hana Host", "roles": "host", "locations": ["Harbour Clinic"]},
    "support": {"sub": "sam", "name": "Sam Support", "roles": ["support"]},
    "operations": {"sub": "olga", "name": "Olga Operations", "roles": ["operations"]},
    "engineer": {"sub": "egon", "name": "Egon Engineer", "roles": ["engineer"]},
    "admin": {"sub": "ada", "name": "Ada Admin", "roles": ["admin"]},
    "nobody": {"sub": "nick", "name": "Nick", "roles": ["gardener"]},
}
STYLE_OF_THE_PROVIDER = "cdn.jsdelivr.net"  # not ours: its page does without


@pytest.fixture
def console(settings: Settings, world: World) -> Iterator[str]:
    """The address of a console with two locations, an appointment with its link at each, and one link that failed."""
    world.location(accounts=2)
    world.location("Hill Clinic", accounts=1)
    world.book("A-1")
    world.book("H-1", location="Hill Clinic")
    world.run()
    world.book("A-2")
    world.sandbox.fault(REFUSED, times=1, **CREATE)
    world.run()
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Appointment).where(Appointment.external_id == "A-2").values(isolation_claimed=1))
    with provider(*PEOPLE.values()) as issuer, console_of(settings, issuer) as address:
        yield address


def test_each_role_comes_in_does_its_work_and_leaves(console: str, world: World, visit: Visit) -> None:
    """From a deep link, through the provider; the sidebar names the person; after signing out nothing is there."""
    for role, path, does, closed in (
        ("host", "/appointment?id=A-1&location_id=1", copies_a_link, "/locations"),
        ("support", "/connections?seats_of=Harbour+Clinic", issues_a_seat, "/api_keys"),
        ("operations", "/health?location=Harbour+Clinic", pauses_and_resumes, "/calendars"),
        ("engineer", "/health", tries_again, "/connections"),
        ("admin", "/locations", adds_a_location, None),
    ):
        person = visit(console)
        signs_in(person, role, path)
        does(person, world)
        if closed is not None:
            person.go(closed)
            person.sees("may not see")
        leaves(person, path)


def test_who_has_no_role_stays_outside_and_reads_why(console: str, visit: Visit) -> None:
    """Known to the provider is not let in."""
    person = visit(console)
    signs_in(person, "nobody", "/connections")

    person.sees("Nick has no role here yet.")
    expect(person.page.get_by_text("Harbour")).to_have_count(0)
    pictures(person, "door-without-a-role")
    expect(person.page.get_by_role("button", name="Sign out")).to_be_visible()


def signs_in(person: Visitor, role: str, path: str) -> None:
    """Through the provider's page, and back to where one wanted to go."""
    about = PEOPLE[role]
    person.page.context.route(f"**/{STYLE_OF_THE_PROVIDER}/**", lambda route: route.fulfill(content_type="text/css"))
    person.go(path)
    person.sees("You are not signed in.")
    expect(person.page.get_by_text("Harbour")).to_have_count(0)
    if role == "host":
        pictures(person, "door")
    person.page.get_by_role("button", name="Sign in").click()
    person.page.get_by_placeholder("sub").fill(str(about["sub"]))
    person.page.get_by_role("button", name="Authorize").click()
    person.page.wait_for_url(f"{person.address}{path}")
    person.settle()
    without_the_providers(person)
    if role != "nobody":
        sidebar = person.page.get_by_test_id("stSidebar")
        expect(sidebar.get_by_text(str(about["name"]))).to_be_visible()
        expect(sidebar.get_by_text(role.capitalize(), exact=False).first).to_be_visible()
        person.picture(f"signed-in-as-{role}")


def without_the_providers(person: Visitor) -> None:
    """Its pages ask for a style sheet elsewhere; what ours do still counts."""
    person.problems[:] = [problem for problem in person.problems if STYLE_OF_THE_PROVIDER not in problem]


def leaves(person: Visitor, path: str) -> None:
    """Sign out; neither the Back button nor the address brings anything back."""
    person.page.get_by_test_id("stSidebar").get_by_role("button", name="Sign out").click()
    person.page.get_by_role("button", name="End session").click()  # the provider asks, too
    person.page.wait_for_url(f"{person.address}/**")
    without_the_providers(person)
    for look in (lambda: None, lambda: back(person), lambda: person.page.goto(f"{person.address}{path}")):
        look()
        person.settle()
        expect(person.page.get_by_role("button", name="Sign in")).to_be_visible()
        expect(person.page.get_by_text("Harbour")).to_have_count(0)


def back(person: Visitor) -> None:
    """Over the provider's page to the one that was seen last."""
    person.page.go_back()
    person.page.go_back()
    without_the_providers(person)


def copies_a_link(person: Visitor, world: World) -> None:
    """Of his own location; another one's appointment is none of his."""
    person.page.get_by_role("button", name="Copy the join link").click()
    person.sees("Copied")
    assert person.page.evaluate("navigator.clipboard.readText()") == world.meetings(location_id=1)[0].join_url
    person.go("/appointment?id=H-1&location_id=2")
    expect(person.page.get_by_text("Client of H-1")).to_have_count(0)
    expect(person.page.get_by_text("Hill Clinic")).to_have_count(0)


def issues_a_seat(person: Visitor, world: World) -> None:
    """To the location whose page it is."""
    person.page.locator(".st-key-issue_seats button").last.click()
    person.settle()
    person.dialog.get_by_label("Zoom e-mail address").fill("room9@harbour-clinic.test")
    person.dialog.get_by_label("Zoom e-mail address").press("Tab")
    person.settle()
    person.press("Issue seat", within=person.dialog)
    person.sees("room9@harbour-clinic.test is issued to Harbour Clinic.")
    assert actors(world, "seat_issued")[-1] == "Sam Support (support)"


def pauses_and_resumes(person: Visitor, world: World) -> None:
    """With a reason, both times."""
    for label in ("Pause", "Resume"):
        person.go("/health?location=Harbour+Clinic")
        person.page.get_by_role("button", name=f"{label} links").first.click()
        person.page.get_by_label("Why").first.fill("Moving house")
        person.page.get_by_label("Why").first.press("Tab")
        person.settle()
        person.press(f"{label} links of Harbour Clinic")
        if label == "Pause":
            person.sees("The opening of links is paused at Harbour Clinic.")
    person.sees("Links are opened here.")
    by = "Olga Operations (operations)"
    assert actors(world, "allocation_paused") == actors(world, "allocation_resumed") == [by]


def tries_again(person: Visitor, world: World) -> None:
    """The link that failed."""
    person.page.get_by_role("button", name="Retry").first.click()
    person.sees("is tried again within half a minute")
    assert actors(world, "link_retried") == ["Egon Engineer (engineer)"]


def adds_a_location(person: Visitor, world: World) -> None:
    """It is there at once."""
    person.press("Add location")
    person.dialog.get_by_label("Name", exact=True).fill("Station Street")
    person.dialog.get_by_label("Name", exact=True).press("Tab")
    person.settle()
    person.press("Add location", within=person.dialog)
    expect(person.dialog).to_have_count(0)
    person.sees("Station Street")
    assert actors(world, "location_added")[-1] == "Ada Admin (admin)"


def actors(world: World, kind: str) -> list[str]:
    """Who did it, the first first."""
    return [event.actor for event in world.all(Event, kind=kind)]


def pictures(person: Visitor, name: str) -> None:
    """Wide and narrow, light and dark."""
    for width in (1440, 390):
        person.page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            person.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            person.page.wait_for_timeout(300)
            person.picture(f"{name}-{width}-{scheme}")
    person.page.set_viewport_size({"width": 1440, "height": 1000})
    person.page.emulate_media(color_scheme="light")
