"""Errors as people see them: a sentence, a next step, and an id that the log knows."""

import logging
import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest
from structlog.testing import capture_logs

from core.settings import Settings
from tests.console.conftest import OpenPage, words_of
from tests.world import World

ID = re.compile(r"Error ([0-9a-f]{8})")


def test_an_error_has_an_id_that_is_in_the_log(
    settings: Settings, use_settings: Callable[[Settings], None], open_page: OpenPage
) -> None:
    """It stays the same while the page goes on meeting the same trouble, or nobody could quote it."""
    use_settings(settings.model_copy(update={"database_url": "postgresql+psycopg://nobody:hidden@127.0.0.1:1/none"}))
    with capture_logs() as lines:
        page = open_page("health")
        first = ID.findall(words_of(page))
        again = ID.findall(words_of(page.run()))

    assert len(set(first)) == 1 and again == first
    [line] = [each for each in lines if each.get("error_id") == first[0]]
    assert line["event"] == "page_said_no" and line["error"] == "OperationalError"
    assert "hidden" not in str(line)


def test_what_may_not_be_seen_is_an_error_with_an_id_too(world: World, open_page: OpenPage) -> None:
    """Who may open a page is said with what to do about it."""
    world.location()
    page = open_page("health")
    page.selectbox(key="practice_role").select("host").run()

    assert "A host may not" in words_of(page) and "Ask an admin" in words_of(page)
    assert ID.search(words_of(page))


def unforeseen() -> None:
    """A script with a fault of its own, told as the web process tells it. Its text is all that runs."""
    from console.trouble import show_unexpected

    client = "a-client@clients.test"
    try:
        raise KeyError(client)
    except KeyError as error:
        show_unexpected(error)


def test_what_nobody_foresaw_is_a_sentence_with_an_id_and_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    """The trace is in the log under that id, not on the page."""
    with capture_logs() as lines, caplog.at_level(logging.CRITICAL):
        page = AppTest.from_function(unforeseen).run()

    told = words_of(page)
    assert "Something went wrong that nobody had thought of." in told and "Reload the page." in told
    assert "KeyError" not in told and "a-client" not in told
    [line] = [each for each in lines if each["event"] == "page_failed"]
    assert line["error_id"] == ID.findall(told)[0]
    assert line["error"] == "KeyError" and "raise KeyError(client)" in line["trace"]
    assert "a-client" not in str(line)


def unforeseen_twice() -> None:
    """Two faults of one kind, from two lines."""
    from console.trouble import show_unexpected

    def first() -> None:
        raise KeyError

    def second() -> None:
        raise KeyError

    for place in (first, second):
        try:
            place()
        except KeyError as error:
            show_unexpected(error)


def test_two_faults_of_a_kind_have_two_ids() -> None:
    """The second one's trace is in the log too."""
    with capture_logs() as lines:
        page = AppTest.from_function(unforeseen_twice).run()

    ids = ID.findall(words_of(page))
    assert len(set(ids)) == 2
    assert [each["error_id"] for each in lines if each["event"] == "page_failed"] == ids
