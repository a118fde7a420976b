"""Pausing the opening of links from the pool page."""

import pytest

from core.db.models import Installation, Location
from tests.console.conftest import OpenPage, words_of
from tests.world import World


@pytest.mark.parametrize("location", ["Harbour Clinic", "All locations"])
def test_links_are_paused_and_resumed_with_a_reason(world: World, open_page: OpenPage, location: str) -> None:
    """Of the location that is chosen, or of all; the page says why it is paused."""
    world.location()
    table = Location if location == "Harbour Clinic" else Installation
    page = open_page("pool", location=location)
    assert page.button(key="Pause_do").disabled
    page.text_input(key="Pause_why").input("Incident 7").run()
    page.button(key="Pause_do").click().run()

    assert not page.exception, page.exception
    assert world.all(table)[0].allocation_paused_reason == "Incident 7"
    assert "“Incident 7”" in words_of(page)

    page.text_input(key="Resume_why").input("Incident over").run()
    page.button(key="Resume_do").click().run()
    assert world.all(table)[0].allocation_paused_at is None
