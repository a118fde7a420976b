"""What people do with the product all day, in a browser, against all of it as `make up` starts it."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from core.db.models import Event
from tests.e2e.dagster_processes import Product, running
from tests.e2e.leftovers import until
from tests.journeys.conftest import Visit
from tests.journeys.steps import (
    LEAD,
    RUN,
    SOON,
    Booked,
    behave,
    book_in_two_days,
    connect,
    disconnect,
    fill,
    misbehave,
    sandbox_of,
    set_to_zoom,
    without_accounts,
)
from tests.journeys.visitor import Visitor
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

# As shipped, but for how often the sensors look.
SHORT = {"TICK_SECONDS": "4"}
LINK_BY = timedelta(minutes=1)  # after it is due
READ_AGAIN = 420.0  # seconds until a recording was read once more after its meeting was deleted
PAGES = ("/", "/appointment", "/connections", "/calendars", "/locations", "/what_if", "/sandbox", "/health")
MET = "room1@journey-court.test"


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
    """Connect by consent, a calendar set to Zoom, book, the link at T-10 and not before, copied, met, recorded, cooled.

    Time passes, and people come and go, by the buttons of the page Sandbox.
    """
    location = without_accounts(world, "Journey Court", MET)
    connect(person, location, MET)
    set_to_zoom(world, person, location)
    whole = book_in_two_days(world, person, location, client="whole@clients.test")
    person.sees(re.compile("The link is made"))
    assert not whole.leases
    person.picture("booked")

    person.go(sandbox_of(location))
    expect(whole.row(person).get_by_role("button", name="Let its link be due")).to_be_visible(timeout=SOON)
    person.picture("sandbox-booked")
    whole.let(person, "Let its link be due", then="Its link is out.")
    person.picture("sandbox-link-out")
    [mail] = whole.mails()
    assert whole.meeting.join_url in mail["text"]
    due = world.appointment(whole.external_id, location).starts_at - LEAD
    assert whole.meeting.created_at is not None and due <= whole.meeting.created_at <= due + LINK_BY

    person.go(whole.path)
    person.sees("Join link")
    person.page.get_by_role("button", name="Copy the join link").click()
    person.sees("Copied")
    assert person.page.evaluate("navigator.clipboard.readText()") == whole.meeting.join_url
    person.picture("link-ready")

    person.go(sandbox_of(location))
    whole.let(person, "Let it begin", then="nobody has come yet")
    whole.let(person, "Join", then="1 inside")
    whole.until_lease("live")
    person.sees("In meeting")
    person.picture("sandbox-live")
    whole.let(person, "Leave", then="Everybody has left.")
    whole.let(person, "Let its time end", then="Zoom processes its recording")
    whole.let(person, "Finish recording", then="Its account cools down until")
    person.picture("sandbox-cooling")
    person.go(whole.path)
    person.sees("Recording")
    person.sees(re.compile("cool", re.IGNORECASE))
    [recording] = whole.recordings
    assert (recording.outcome, bool(recording.share_url)) == ("attached", True)
    person.picture("recorded-and-cooling")

    [account] = world.accounts(location_id=whole.location_id)
    disconnect(person, account.id, waits_for=f"its cooldown after {whole.external_id}")
    person.picture("draining")
    person.go(sandbox_of(location))
    person.press("End its cooldown")
    until(lambda: whole.leases[0].state == "released", RUN, "its account has cooled down")
    # The last test of this module sees it disconnected: its recording is read once more five minutes later.


def test_rescheduling_moving_and_cancelling(world: World, person: Visitor) -> None:
    """One gets another time. One with its link goes to another account, which is to be disconnected: it waits for that
    appointment, and is when it is cancelled."""
    location = "Change Street"
    world.location(location, accounts=2)
    other = Booked.now(world, location, "OTHER", starts_in=LEAD - timedelta(minutes=1))
    Booked.now(world, location, "THIRD", starts_in=timedelta(days=1))

    person.go(f"/appointment?id=THIRD&location_id={other.location_id}")
    person.press("Reschedule")
    fill(person, "Minutes", "45", within=person.dialog)
    person.press("Reschedule appointment", within=person.dialog)
    person.sees(re.compile("now lasts from"))

    other.until_lease("ready")
    person.go(other.path)
    person.sees("Join link", seconds=RUN)
    before = other.meeting.join_url
    person.press("Move")
    fill(person, "Why", "Its microphone hums", within=person.dialog)
    person.press("Move appointment", within=person.dialog)
    until(lambda: other.leases[-1].state == "ready" and len(other.leases) == 2, RUN, "it is on another account")
    assert other.meeting.join_url != before
    assert other.leases[0].account_id != other.leases[1].account_id
    expect(person.dialog).to_have_count(0, timeout=SOON)
    person.picture("moved")

    account = other.leases[1].account_id
    disconnect(person, account, waits_for="the meeting of OTHER")
    person.picture("draining-with-a-link")
    person.go(other.path)
    person.sees("Join link")
    person.press("Cancel")
    person.press("Cancel appointment", within=person.dialog)
    person.sees(re.compile("is cancelled"))
    person.picture("cancelled")
    assert world.appointment("OTHER", location).status == "cancelled"
    until(lambda: world.accounts(id=account)[0].connection == "disconnected", RUN, "nothing is left to be done on it")
    person.go(f"/connections?account={account}")
    person.sees("Disconnected just now.")


def test_a_failed_link_is_retried_by_two_and_its_lost_mail_sent_again(
    product: Product, world: World, person: Visitor, visit: Visit
) -> None:
    """Zoom refuses, then the mail server. Three quick clicks in two windows make one run, one meeting and one mail."""
    location = "Trouble Lane"
    world.location(location)
    misbehave(person, "400 on creating a meeting")
    failing = Booked.now(world, location, "FAILING", starts_in=LEAD)
    until(
        lambda: [run.status for run in product.dagster.runs(pipelineName="open_meeting")] == ["FAILURE"],
        RUN,
        "its run has failed in Dagster",
    )
    path = "/health?location=Trouble+Lane"
    person.go(path)
    person.sees("Zoom refused to create the meeting.", seconds=RUN)
    expect(person.page.get_by_role("button", name="Retry")).to_be_enabled(timeout=RUN * 1000)
    person.picture("health-with-a-failed-link")
    other = visit(person.address)
    other.go(failing.path)
    other.sees("Zoom refused to create the meeting.")
    other.picture("failed-link")
    behave(person)
    misbehave(person, "Mail refused for good (550)")
    person.go(path)

    person.page.get_by_role("button", name="Retry").dblclick()
    other.page.get_by_role("button", name="Retry").click()
    # Whoever came first.
    for window in (person, other):
        window.sees(re.compile("is tried again within half a minute|is being tried again already"))
    assert len(world.all(Event, appointment_id=failing.appointment_id, kind="link_retried")) == 1
    failing.until_link("ready")
    assert [each["state"] for each in world.sandbox.meetings() if each["host_email"] == "seat1@trouble-lane.test"] == [
        "waiting"
    ], "one meeting was ever made"
    assert len(product.dagster.runs(pipelineName="open_meeting")) == 2

    person.go(path)
    dead = person.page.locator("[class*=st-key-dead_]", has_text="failing@clients.test")
    expect(dead).to_contain_text("Refused for good", timeout=RUN * 1000)
    person.picture("health-with-a-dead-mail")
    behave(person)
    person.go(path)
    person.press("Re-send", within=dead)
    person.sees(re.compile("It leaves for failing@clients.test within half a minute"))
    [mail] = failing.mails()
    assert failing.meeting.join_url in mail["text"]
    expect(dead).to_have_count(0, timeout=SOON)


def test_links_are_paused_with_a_banner_on_every_page_and_resumed(world: World, person: Visitor) -> None:
    """What becomes due meanwhile waits and says why; it is opened as soon as somebody resumes it."""
    location = "Quiet Mews"
    world.location(location)
    person.go("/health?location=Quiet+Mews")
    person.press("Pause links", within=person.page.locator(".st-key-pause"))
    fill(person, "Why", "Zoom changes our contract", within=person.page.locator(".st-key-Pause_why"))
    person.press("Pause links of Quiet Mews")
    waiting = Booked.now(world, location, "PAUSED", starts_in=LEAD)
    for page in PAGES:
        person.go(page)
        person.sees("The opening of links is paused at Quiet Mews.")
        person.picture(f"paused{page.replace('/', '-').rstrip('-')}")
    waiting.until_link("waiting")
    person.go(waiting.path)
    person.sees(re.compile("Somebody paused the opening of links."))
    person.picture("waits-while-paused")

    person.go("/health?location=Quiet+Mews")
    person.press("Resume links", within=person.page.locator(".st-key-pause"))
    fill(person, "Why", "The contract is changed", within=person.page.locator(".st-key-Resume_why"))
    person.press("Resume links of Quiet Mews")
    banner = person.page.get_by_text("The opening of links is paused at Quiet Mews.")
    expect(banner).to_have_count(0, timeout=SOON)
    waiting.until_link("ready")


def test_what_if_is_computed_by_a_run_until_its_curve_is_drawn(world: World, person: Visitor) -> None:
    """Nothing is known until somebody presses Compute now; five meetings at a time for three accounts are too many."""
    location = "Replay Road"
    world.location(location, accounts=3)
    for number in range(5):
        world.book(f"NEXT-{number}", location=location, starts_in=timedelta(days=1, minutes=number))

    person.go("/what_if?what_if_location=Replay+Road")
    person.sees("Nothing is computed for this location yet.")
    person.press("Compute now")
    person.sees(re.compile("a run takes it within half a minute|Replaying"))
    person.picture("what-if-under-way")
    person.sees(re.compile("5 accounts will be enough"), seconds=RUN)
    person.charts()
    person.picture("what-if")


def test_an_account_that_was_disconnected_gently_is_gone_by_itself(world: World, person: Visitor) -> None:
    """The one of the first journey, as soon as its last recording has been read once more."""
    found = [each for each in world.accounts() if each.email == MET]
    assert found, "run the whole file: the first journey disconnects this account, and here its end is seen"
    [account] = found
    until(
        lambda: world.accounts(id=account.id)[0].connection == "disconnected", READ_AGAIN, "it has nothing left to do"
    )

    person.go(f"/connections?account={account.id}")
    person.sees(re.compile("Disconnected (just now|. min ago)"))
    person.picture("disconnected")
