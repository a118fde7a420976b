"""The page of API keys: one is made, shown once, and revoked by name."""

import requests
import sqlalchemy as sa

from core.db.models import ApiKey
from tests.console.conftest import OpenPage, words_of
from tests.world import World


def keys(world: World) -> list[ApiKey]:
    """All keys, the oldest first."""
    with world.parts.sessions() as session:
        return list(session.scalars(sa.select(ApiKey).order_by(ApiKey.id)))


def test_an_empty_page_says_how_to_begin(open_page: OpenPage) -> None:
    """With a button and with a command."""
    assert "There is no key yet." in words_of(open_page("api_keys"))


def test_a_key_is_made_and_shown_once(web: str, world: World, open_page: OpenPage) -> None:
    """It works, it names what it is for, and it is gone with the next look."""
    world.location(accounts=0)
    page = open_page("api_keys")
    page.button(key="create_key").click().run()
    assert page.button(key="do_it").disabled
    page.text_input(key="key_name").input("booking system").run()
    page.multiselect(key="key_places").select("Harbour Clinic").run()
    page.button(key="do_it").click().run()
    assert not page.exception, page.exception

    [shown] = [each.value for each in page.get("code")]
    answer = requests.get(f"{web}/api/v1/key", headers={"Authorization": f"Bearer {shown}"}, timeout=10)
    assert (answer.json()["name"], answer.json()["access"]) == ("booking system", "book")
    assert "it is not shown again" in words_of(page)

    page.button(key="kept").click().run()
    assert not page.get("code") and "Harbour Clinic" in words_of(page)
    assert shown.rsplit("_", 1)[1] not in words_of(open_page("api_keys"))


def test_a_key_is_revoked_by_name(world: World, open_page: OpenPage) -> None:
    """The dialog names it; the list says who revoked it and offers nothing more."""
    page = open_page("api_keys")
    page.button(key="create_key").click().run()
    page.text_input(key="key_name").input("booking *system*").run()
    page.toggle(key="key_everywhere").set_value(True).run()
    page.button(key="do_it").click().run()
    [key] = keys(world)

    page.button(key=f"revoke_{key.public_id}").click().run()
    assert "booking *system*" in words_of(page) and "cannot be taken back" in words_of(page)
    page.button(key="do_it").click().run()

    assert keys(world)[0].revoked_by == "practice (admin)"
    assert "booking *system* is revoked." in words_of(page) and "by practice (admin)" in words_of(page)
    assert f"revoke_{key.public_id}" not in {button.key for button in page.button}


def test_a_name_that_is_taken_is_told(world: World, open_page: OpenPage) -> None:
    """In the dialog, with what to do."""
    for _ in range(2):
        page = open_page("api_keys")
        page.button(key="create_key").click().run()
        page.text_input(key="key_name").input("booking").run()
        page.toggle(key="key_everywhere").set_value(True).run()
        page.button(key="do_it").click().run()

    assert "There is a key named booking already." in words_of(page)
    assert len(keys(world)) == 1
