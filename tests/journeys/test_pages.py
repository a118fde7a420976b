"""Every page in a browser: it draws itself, its charts too, and its scripts find nothing to complain about."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from playwright.sync_api import expect
from pydantic import SecretStr

from console.pages import PAGES
from core.domain.roles import Role, may
from core.settings import Settings
from tests.e2e.leftovers import until
from tests.journeys.conftest import Visit
from tests.journeys.visitor import READY
from tests.sandbox_process import ROOT
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
NAVIGATION = "[data-testid=stSidebarNavLink]"
TABS = ("/?view=Ahead", "/?view=History")


@pytest.fixture
def console(settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a web process of its own, on the database of this test."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for name, value in settings.model_dump(exclude_unset=True).items():
        monkeypatch.setenv(name.upper(), value.get_secret_value() if isinstance(value, SecretStr) else str(value))
    monkeypatch.setenv("CONSOLE_PORT", str(port))
    process = subprocess.Popen(
        [sys.executable, "-m", "console.app"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(address), 60, "the console answers")
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=5).ok
    except requests.RequestException:  # not there yet, or slow to come
        return False


@pytest.mark.slow
@pytest.mark.parametrize("role", Role)
def test_each_role_finds_its_pages_in_the_menu_and_the_others_closed(
    console: str, world: World, visit: Visit, role: Role
) -> None:
    """What is not in the menu says who it is not for, also by its address; what is, opens without a complaint."""
    world.location()
    person = visit(console)
    person.go("/locations")
    person.page.get_by_role("combobox", name="Practice as").click()
    person.page.get_by_role("option", name=role.capitalize(), exact=True).click()
    theirs = [page for page in PAGES if may(role, page.permission)]
    expect(person.page.locator(NAVIGATION)).to_have_count(len(theirs))

    assert [link.inner_text().strip().split("\n")[-1] for link in person.page.locator(NAVIGATION).all()] == [
        page.title for page in theirs
    ]
    for page in PAGES[1:]:  # the first one's address is that of whatever comes first in the menu
        person.go(f"/{page.path}")
        refusal = person.page.get_by_text(f"{role} may not {page.permission}")
        expect(refusal).to_have_count(0 if page in theirs else 1)
    person.go("/")
    expect(person.page.get_by_role("heading", level=1)).to_have_text(theirs[0].title)
    person.picture(f"as-{role}")


@pytest.mark.slow
def test_every_page_of_the_sidebar_draws_itself_without_a_complaint(console: str, world: World, visit: Visit) -> None:
    """One appointment has its link, one is to come, one by phone; no error, no blank chart, no other host."""
    world.location(accounts=2)
    world.book("A-1")
    world.run()
    world.book("A-2", starts_in=timedelta(hours=3))
    world.book("A-3", calendar="Phone", starts_in=timedelta(hours=4))

    person = visit(console)
    person.go("/")
    links = [str(link.get_attribute("href")) for link in person.page.locator(NAVIGATION).all()]
    assert len(links) >= 9
    for path in [*(link.removeprefix(console) for link in links), *TABS]:
        person.go(path)
        expect(person.page.get_by_role("heading", level=1)).to_be_visible()
        person.charts()
        person.picture(f"page{re.sub('[^a-zA-Z0-9]+', '-', path)}".rstrip("-"))
    assert not person.problems


def test_an_appointments_address_opens_it_with_its_link_and_copy_fills_the_clipboard(
    console: str, world: World, visit: Visit
) -> None:
    """What is copied is the link, whole."""
    location = world.location()
    world.book("A-1")
    world.run()
    [meeting] = world.meetings()

    person = visit(console)
    person.go(f"/appointment?id=A-1&location_id={location.id}")
    person.page.get_by_role("button", name="Copy the join link").click()

    expect(person.page.get_by_text("Copied").first).to_be_visible()
    assert person.page.evaluate("navigator.clipboard.readText()") == meeting.join_url


def test_the_visitor_notices_what_must_not_be(console: str, visit: Visit) -> None:
    """An error of a script, one that is only logged, and a request to another host are problems, each by itself."""
    person = visit(console)
    person.go("/")
    person.page.evaluate("setTimeout(() => { throw new Error('thrown') })")
    person.page.evaluate("console.error('logged')")
    person.page.evaluate("fetch('http://somewhere.test/').catch(() => {})")
    person.page.wait_for_selector(READY)
    until(lambda: person.page.evaluate("1") and len(person.problems) >= 3, 10, "all three are noted")

    told = " ".join(person.problems)
    assert "thrown" in told and "logged" in told and "http://somewhere.test/" in told
    person.problems.clear()
