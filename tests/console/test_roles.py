"""Every page and every action, walked as every role, against docs/roles.md."""

import ast
import importlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.routing import BaseRoute, Mount
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_auth_routes import create_auth_routes

import console
from console.pages import PAGES, Page
from console.routes import ROUTES, no_such_address, not_found
from console.who import Person, allowed_to
from core.db.models import Event
from core.domain.roles import MAY, Permission, Role, confined, one_of
from tests.console.conftest import UI, OpenPage, words_of
from tests.world import World

DOC = (Path(__file__).parents[2] / "docs" / "roles.md").read_text(encoding="utf-8")
HERE = Path(console.__path__[0])
Fill = Callable[[AppTest], object]


def nothing(_: AppTest) -> None:
    """There is nothing to fill in."""


def why(page: AppTest) -> None:
    """Give a reason."""
    page.text_input(key="why").input("because").run()


def name(key: str) -> Fill:
    """Write something into a field."""
    return lambda page: page.text_input(key=key).input("x1").run()


@dataclass(frozen=True)
class Action:
    """Something to press on a page: what opens its dialog, what fills it in, what does it, and which module asks."""

    page: str
    opens: str
    permission: Permission
    module: str
    fill: Fill = nothing
    does: str = "do_it"


ACTIONS = [
    Action("appointment", "Cancel_1", Permission.BOOK, "appointment_actions"),
    Action("appointment", "Reschedule_1", Permission.BOOK, "appointment_actions"),
    Action("appointment", "Move_1", Permission.MOVE, "appointment_actions", why),
    Action("appointment", "Change client_1", Permission.BOOK, "mails", name("client_name")),
    Action("connections", "Quarantine_2", Permission.QUARANTINE, "connection_dialogs", why),
    Action("connections", "Disconnect_2", Permission.DISCONNECT, "connection_dialogs", why),
    Action("connections", "Take back seat_2", Permission.ISSUE_SEATS, "seat_actions", why),
    Action("connections", "issue_seats", Permission.ISSUE_SEATS, "seat_actions", name("issue_email")),
    Action("calendars", "edit_calendar_1", Permission.EDIT_CALENDARS, "calendar_actions"),
    Action("calendars", "add_calendar", Permission.EDIT_CALENDARS, "calendar_actions", name("new_calendar_name")),
    Action("locations", "edit_location_1", Permission.EDIT_LOCATIONS, "location_actions"),
    Action("locations", "add_location", Permission.EDIT_LOCATIONS, "location_actions", name("new_location_name")),
    Action("hooks", "add_hook", Permission.MANAGE_HOOKS, "hook_actions", name("hook_url")),
    Action("pool", "Pause_do", Permission.PAUSE, "pausing", name("Pause_why"), does="Pause_do"),
]
NAMES = [f"{action.page}-{action.opens}" for action in ACTIONS]


@pytest.fixture(autouse=True)
def clinics(world: World) -> None:
    """Two locations, one with two accounts and an appointment that has its link."""
    world.location(accounts=2)
    world.location("Hill Clinic")
    world.book()
    world.run()


@pytest.fixture
def open_as(open_page: OpenPage, world: World) -> Callable[..., AppTest]:
    """Open a page as somebody of a role; a host has the first location."""

    def open_(role: Role, page: str, *, own: tuple[int, ...] = (1,), account: bool = True) -> AppTest:
        visit = AppTest.from_file(UI, default_timeout=30)
        visit.session_state["practice_role"], visit.session_state["practice_locations"] = role, list(own)
        visit.switch_page(f"app_pages/{page}.py")
        if page == "appointment":
            visit.query_params["id"] = "A-1"
        if page == "connections" and account:
            visit.query_params["account"] = "2"  # all about one, with its actions side by side
        visit.run()
        assert not visit.exception, visit.exception
        return visit

    return open_


def keys(page: AppTest) -> set[str]:
    """The keys of everything that can be pressed."""
    return {button.key for button in page.button if button.key}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
@pytest.mark.parametrize("role", Role)
def test_a_page_opens_for_whom_the_table_says(open_as: Callable[..., AppTest], role: Role, page: Page) -> None:
    """The others read that it is not for them, and nothing else; at the address without a page they get their first."""
    seen = words_of(open_as(role, page.file))

    if page.permission in MAY[role]:
        assert "may not" not in seen
    elif page is PAGES[0]:
        assert "Appointments" in seen and "Free now" not in seen
    else:
        assert f"{one_of(role)} may not {page.permission}.".lower() in seen.lower()
        assert "Clinic" not in seen


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("page", sorted({action.page for action in ACTIONS}))
def test_what_may_not_be_done_is_not_offered(open_as: Callable[..., AppTest], role: Role, page: str) -> None:
    """And what may be done is."""
    found = next(each for each in PAGES if each.file == page)
    if found.permission not in MAY[role]:
        return
    offered = keys(open_as(role, page))

    for action in ACTIONS:
        if action.page == page:
            assert (action.opens in offered) == (action.permission in MAY[role]), action.opens


@pytest.mark.parametrize("action", ACTIONS, ids=NAMES)
def test_an_action_asks_again_when_it_is_done(
    world: World, open_as: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch, action: Action
) -> None:
    """The dialog was open when the role was taken away: nothing happens, and a sentence says why."""
    page = open_as(Role.ADMIN, action.page, account=action.opens != "issue_seats")  # a page has one dialog
    if action.opens != action.does:
        page.button(key=action.opens).click().run()
    action.fill(page)
    before = len(world.all(Event))
    lost = Person("Mara Lind", next(role for role in Role if action.permission not in MAY[role]), None)
    asks = importlib.import_module(f"console.{action.module}")
    monkeypatch.setattr(asks, "require", lambda permission, location=None: allowed_to(lost, permission, location))
    page.button(key=action.does).click().run()

    assert not page.exception, page.exception
    assert f"{one_of(lost.role)} may not {action.permission}.".lower() in words_of(page).lower()
    assert len(world.all(Event)) == before


@pytest.mark.parametrize("page", ["connections", "calendars", "appointment"])
def test_a_host_of_another_location_sees_nothing_of_this_one(open_as: Callable[..., AppTest], page: str) -> None:
    """Neither in a list nor by an address that names it; and without a location nothing at all."""
    for own in ((2,), ()):
        seen = words_of(open_as(Role.HOST, page, own=own))
        assert not any(word in seen for word in ("Harbour Clinic", "harbour-clinic", "Client of"))


def test_a_page_that_draws_itself_anew_asks_too(
    open_as: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role that changed while it was open changes what is drawn."""
    page = open_as(Role.SUPPORT, "connections")
    assert "issue_seats" in keys(page)
    page.selectbox(key="practice_role").select(Role.OPERATIONS).run()

    assert "issue_seats" not in keys(page)
    assert "Quarantine_2" in keys(page)


def test_whoever_acts_is_a_person_who_was_asked() -> None:
    """No module of the console names an actor of its own: each takes it from whoever may do it."""
    for file in [*HERE.glob("*.py"), *HERE.glob("app_pages/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "actor":
                said = ast.unparse(node.value)
                assert said in ("_actor()", "actor", "who.actor", "by.actor") or said.startswith("require("), (
                    f"{file.name}: {said}"
                )


def test_the_document_says_what_the_code_does() -> None:
    """Row by row, and no row more."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in DOC.splitlines() if line.startswith("| ")]
    table = {row[0]: row[2:] for row in rows if len(row) == 2 + len(Role)}
    assert table.pop("page") == table.pop("to") == list(Role)

    wanted = {page.title: marks(page.permission) for page in PAGES}
    wanted |= {each.value: marks(each) for each in Permission if not each.name.startswith("SEE_")}
    assert table == wanted


def leaves(routes: Sequence[BaseRoute], prefix: str = "") -> set[str]:
    """The addresses that are answered by more than *there is nothing here*."""
    found: set[str] = set()
    for route in routes:
        path = f"{prefix}{getattr(route, 'path', '')}"
        if path == "/api/v1":
            found.add("/api/v1/...")
        elif isinstance(route, Mount):
            found |= leaves(route.routes, path)
        elif getattr(route, "endpoint", None) not in (not_found, no_such_address):
            found.add(path)
    return found


def test_every_route_of_the_web_process_is_in_the_document() -> None:
    """Ours one by one, and Streamlit's own."""
    said = DOC.split("## Addresses of the web process")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in said.splitlines() if line.startswith("| ")]
    listed = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    streamlits = leaves(create_auth_routes("")) | {"/_stcore/..."}

    assert listed == leaves(ROUTES) | streamlits


def marks(permission: Permission) -> list[str]:
    """What a row says."""
    return [("own" if confined(role) else "yes") if permission in MAY[role] else "\N{EN DASH}" for role in Role]
