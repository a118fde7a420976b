"""*Start as host* on the page: the link is shown once, to who may, and stays in nothing that outlives the click."""

import pytest
from streamlit.testing.v1 import AppTest

from core.db.models import Event
from core.domain.roles import Role
from tests.console.conftest import OpenPage, words_of
from tests.world import World


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """An appointment with its link."""
    world.location(accounts=1)
    world.book()
    world.run()


def links(page: AppTest) -> list[str]:
    """Where the page's link buttons lead."""
    return [button.proto.url for button in page.get("link_button")]


def test_the_link_is_shown_once(world: World, open_page: OpenPage) -> None:
    """Neither the session nor the address keeps it; the next run of the page has it no more."""
    page = open_page("appointment", id="A-1")
    page.button(key=f"Start as host_{world.appointment().id}").click().run()
    assert links(page) == [] and world.all(Event, kind="host_link_given") == []
    page.button(key="do_it").click().run()

    [link] = links(page)
    assert f"/s/{world.meetings()[0].zoom_meeting_id}?zak=" in link
    assert "zak=" not in f"{page.session_state._state.filtered_state} {page.query_params}"
    assert [event.actor for event in world.all(Event, kind="host_link_given")] == ["practice (admin)"]
    page.run()
    assert links(page) == []
    assert "somebody was given Zoom's start link" in words_of(page)


def test_only_who_may_is_offered_it(world: World, open_page: OpenPage) -> None:
    """A host and support; operations see the appointment without it."""
    page = open_page("appointment", id="A-1")
    offered = {}
    for role in (Role.HOST, Role.SUPPORT, Role.OPERATIONS, Role.ENGINEER):
        page.selectbox(key="practice_role").select(role).run()
        assert "Timeline" in words_of(page)
        offered[role] = any(button.label == "Start as host" for button in page.button)

    assert [role for role in offered if offered[role]] == [Role.HOST, Role.SUPPORT]


def test_who_lost_the_role_meanwhile_gets_no_link(world: World, open_page: OpenPage) -> None:
    """The dialog stands open; what counts is who asks when the button is pressed."""
    page = open_page("appointment", id="A-1")
    page.button(key=f"Start as host_{world.appointment().id}").click().run()
    page.selectbox(key="practice_role").select(Role.ENGINEER)
    page.button(key="do_it").click().run()

    assert links(page) == []
    assert "may not start a meeting as its host" in words_of(page)
    assert world.all(Event, kind="host_link_given") == []
