"""Every page, walked as every role, against docs/roles.md; the actions have a walk of their own (test_actions.py)."""

import ast
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from starlette.routing import BaseRoute, Mount
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_auth_routes import create_auth_routes

import console
from console.pages import PAGES, Page
from console.routes import ROUTES, no_such_address, not_found
from core.domain.roles import MAY, Permission, Role, confined, one_of
from tests.console.conftest import UI, OpenPage, words_of
from tests.world import World

DOC = (Path(__file__).parents[2] / "docs" / "roles.md").read_text(encoding="utf-8")
HERE = Path(console.__path__[0])


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
