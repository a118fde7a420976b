"""Everybody can use the pages: readable in both lights, by keyboard alone, back and forth, while things are away."""

import re
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from console.pages import PAGES
from core.clock import utcnow
from core.db.models import Appointment
from core.services.pause import pause_allocation
from tests.faults.given import CREATE
from tests.journeys.conftest import Visit
from tests.journeys.test_pages import TABS, console  # noqa: F401 - the fixture
from tests.journeys.visitor import Visitor
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
GRAVE = ("serious", "critical")
REFUSED = {"status": 400, "body": {"code": 300, "message": "Validation Failed."}}
# Streamlit's own, which no setting of ours reaches: the points of a figure's small chart, of which there are none until
# somebody points at it.
STREAMLITS = re.compile(r"metric_chart_\w+_highlighted_points")
FOCUSED = "document.activeElement.closest('[role=dialog]') !== null"
SAID = """at => {
  const said = at.getAttribute("aria-label") || at.labels?.[0]?.innerText || at.innerText || ""
  return said.trim().split("\\n").pop()
}"""
# A field's border belongs to the box around it. The look is taken once it is drawn, at the end of what fades in.
LOOK = """async at => {
  await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))
  document.getAnimations().filter(each => each instanceof CSSTransition).forEach(each => each.finish())
  return [at, at.parentElement].map(each => {
    const style = getComputedStyle(each)
    return [style.outlineStyle, style.outlineWidth, style.boxShadow, style.borderColor].join()
  }).join()
}"""


@pytest.fixture
def busy(world: World) -> World:
    """Links that are ready, failed, waiting and to come, a mail that was refused, and a pause."""
    world.location(accounts=3)
    world.book("A-1")
    world.run()
    world.sandbox.fault(REFUSED, times=1, **CREATE)
    world.book("FAILED-1")
    world.run()
    world.sandbox.fault({"smtp_code": 550}, times=1, smtp=True)
    world.book("MAIL-1")
    world.run()
    for name in ("A-2", "WAITS-1"):
        world.book(name)
    world.run()
    world.book("LATER-1", starts_in=timedelta(hours=3))
    with world.parts.sessions.begin() as session:
        pause_allocation(session, location=None, reason="Incident 7", actor="Sam", role="operations", now=utcnow())
    return world


@pytest.mark.parametrize("light", ["light", "dark"])
def test_axe_finds_nothing_grave_on_any_page(
    console: str,  # noqa: F811
    busy: World,
    chromium: Browser,
    light: Any,
) -> None:
    """Names for whatever can be pressed, headings in order, enough contrast; wide and as on a phone."""
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text()
    paths = ["/", *TABS, *(f"/{page.path}" for page in PAGES[1:])]
    paths += ["/appointment?id=A-1", "/appointment?id=FAILED-1", "/appointment?when=any&q=nobody"]
    found = []
    for width in (1440, 390):
        context = chromium.new_context(
            viewport={"width": width, "height": 1000}, color_scheme=light, reduced_motion="reduce"
        )
        visitor = Visitor(context, console)
        for path in paths:
            visitor.go(path)
            expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
            visitor.charts()
            visitor.page.evaluate(axe)
            told = visitor.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
            found += [
                (path, width, each["id"], node["html"][:200], node["failureSummary"][:300])
                for each in told["violations"]
                if each["impact"] in GRAVE
                for node in each["nodes"]
                if not STREAMLITS.search(f"{node['target']} {node['html'].partition('>')[0]}")
            ]
            wide = visitor.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
            assert wide <= width, f"{path} scrolls sideways at {width} pixels"
        context.close()
        assert not visitor.problems, visitor.problems
    assert not found, "\n".join(map(str, found))


def test_a_person_without_a_mouse_books_and_cancels(console: str, world: World, visit: Visit) -> None:  # noqa: F811
    """The focus goes into a dialog and can be seen, Escape closes it, and Enter does what the button says."""
    world.location(accounts=1)
    person = visit(console)
    person.go("/appointment")
    keys = person.page.keyboard

    _tab_to(person, "Book")
    keys.press("Enter")
    expect(person.dialog).to_be_visible()
    person.settle()
    keys.press("Escape")
    expect(person.dialog).to_have_count(0)
    person.settle()

    _tab_to(person, "Book")
    keys.press("Enter")
    expect(person.dialog).to_be_visible()
    person.settle()
    _tab_to(person, "Client's name")
    assert person.page.evaluate(FOCUSED)
    keys.type("A client")
    keys.press("Tab")
    person.settle()
    _tab_to(person, "Client's e-mail")
    keys.type("keys@clients.test")
    keys.press("Tab")
    person.settle()
    _tab_to(person, "Book appointment")
    keys.press("Enter")
    person.sees(re.compile("is booked for"))

    _tab_to(person, "Cancel")
    keys.press("Enter")
    expect(person.dialog).to_be_visible()
    person.settle()
    _tab_to(person, "Cancel appointment")
    keys.press("Enter")
    person.sees(re.compile("is cancelled"))
    [booked] = world.all(Appointment)
    assert booked.status == "cancelled"


def test_going_back_undoes_a_choice_and_leaves_an_appointment(
    console: str,  # noqa: F811
    world: World,
    visit: Visit,
) -> None:
    """A filter, then one appointment: back, and the list is as it was; back once more, and all are there."""
    world.location(accounts=1)
    world.book("A-1")
    world.run()
    world.book("A-2", starts_in=timedelta(hours=3))
    person = visit(console)
    person.go("/appointment")
    row = person.page.get_by_role("link", name="A-2", exact=True)
    expect(row).to_be_visible()
    person.page.get_by_role("combobox", name="Link").click()
    person.page.get_by_role("option", name="Ready", exact=True).click()
    expect(row).to_have_count(0)
    person.page.get_by_role("link", name="A-1", exact=True).click()
    person.sees("Timeline")
    assert "id=A-1" in person.page.url

    person.page.go_back()
    expect(person.page.get_by_role("link", name="A-1", exact=True)).to_be_visible()
    assert "link=ready" in person.page.url and "id=" not in person.page.url
    expect(row).to_have_count(0)
    person.page.go_back()
    expect(row).to_be_visible()
    assert "link=" not in person.page.url


def test_a_page_that_loses_its_database_says_so_and_comes_back_by_itself(
    console: str,  # noqa: F811
    world: World,
    visit: Visit,
) -> None:
    """Under an open page and for one that is opened meanwhile; nobody has to reload."""
    world.location(accounts=1)
    world.book("A-1", starts_in=timedelta(hours=3))
    stays, comes = visit(console), visit(console)
    stays.go("/appointment")
    expect(stays.page.get_by_role("link", name="A-1", exact=True)).to_be_visible()
    name = world.parts.engine.url.database
    world.parts.engine.dispose()
    server = sa.create_engine(world.parts.engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as session:
        session.execute(sa.text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        session.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )
        stays.sees("The database does not answer.")
        comes.page.goto(f"{console}/appointment")
        comes.sees("The database does not answer.")
        assert re.search("Error [0-9a-f]{8}", comes.page.get_by_test_id("stAlert").first.inner_text())
        session.execute(sa.text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))
    server.dispose()

    for each in (stays, comes):
        expect(each.page.get_by_role("link", name="A-1", exact=True)).to_be_visible(timeout=60_000)
        expect(each.page.get_by_text("The database does not answer.")).to_have_count(0)


def _tab_to(person: Visitor, name: str) -> None:
    """Press Tab until what has the focus is called *name*; it looks otherwise than when the focus is elsewhere."""
    keys = person.page.keyboard
    for _ in range(80):
        keys.press("Tab")
        at = person.page.evaluate_handle("document.activeElement")
        if at.evaluate(SAID) == name:
            focused = at.evaluate(LOOK)
            keys.press("Tab")
            plain = at.evaluate(LOOK)
            keys.press("Shift+Tab")
            assert focused != plain, f"the focus on {name} is not seen"
            assert at.evaluate("at => at === document.activeElement"), f"the focus does not come back to {name}"
            return
    raise AssertionError(f"{name} cannot be reached by the keyboard")
