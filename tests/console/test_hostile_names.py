"""Names and addresses that try to be more than text, on every page that shows them.

What a browser makes of it was looked at with Chromium; here it is held on to that nothing reaches Markdown unescaped.
"""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from console.look import plain
from core.clock import utcnow
from core.services.book import book
from core.services.booking import Booking
from core.services.calendars import add_calendar
from core.services.locations import add_location
from tests.console.conftest import OpenPage
from tests.world import World

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "**bold** [x](javascript:alert(1))",
    ":red[x] $x$ :material/delete: :smile: -> x",
    "https://evil.test/login www.evil.test HTTP://evil.test",
    "`code` ~~x~~ # x | y",
    "مريم شركة 02",
    "x" * 200,
    "👩‍⚕️ 客人",
]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Ann O'X", "Ann O'X"),
        ("10:40 to 11:10", "10\\:40 to 11\\:10"),
        ("<b>", "\\<b\\>"),
        ("two\nlines", "two lines"),
        ("a\u202eb\x1bc\x00d\u2066e", "abcde"),
        ("👩\u200d⚕️", "👩\u200d⚕️"),
        (":red[x]", "\\:\u2060red\\[x\\]"),
        ("http://x.test", "http\\://\u2060x\\.test"),
        ("www.x.test", "www\u2060\\.x\\.test"),
        ("\u0633\u0645", "\u2068\u0633\u0645\u2069"),  # two Arabic letters
    ],
)
def test_text_stays_text(given: str, kept: str) -> None:
    """Escaped for Markdown, broken up where Streamlit looks again afterwards, and nothing that nobody can see."""
    assert plain(given) == kept


def markdown_of(page: AppTest) -> str:
    """Everything that is read as Markdown: texts, labels and titles."""
    kinds = ("title", "header", "markdown", "caption", "error", "warning", "info", "success")
    parts = []
    for kind in kinds:
        for element in page.get(kind):
            parts += [str(element.value), getattr(element.proto, "title", "")]
    parts += [link.proto.label for link in page.get("page_link")]
    for element in [*page.button, *page.text_input, *page.selectbox]:
        parts += [element.label, element.proto.help]
    return "\n".join(parts)


@pytest.fixture(params=HOSTILE)
def name(request: pytest.FixtureRequest, world: World) -> str:
    """A location, its calendar, a client and his appointment of that name, which waits for an account."""
    name = str(request.param)
    now = utcnow()
    starts_at = now + timedelta(minutes=9)
    with world.parts.sessions.begin() as session:
        place = add_location(session, name=name, zone="Europe/Berlin", actor="test", now=now)
        calendar = add_calendar(session, location=place, name=name, meeting_location="zoom", actor="test", now=now)
        booking = Booking(name, name, "a@clients.test", "Europe/Berlin", starts_at, starts_at + timedelta(minutes=30))
        parts = world.parts
        book(
            session,
            booking,
            location=place,
            calendar=calendar,
            hours=parts.hours,
            cooldown=parts.settings.cooldown,
            actor=name,
            now=now,
        )
    world.run()
    return name


def test_names_are_text_on_every_page(name: str, open_page: OpenPage) -> None:
    """As they are, and only escaped; in the dialogs too."""
    wanted = {"id": name}
    pages = [
        open_page("pool"),
        open_page("pool", location=name),
        open_page("appointment", **wanted),
        open_page("appointment", q="clients.test"),
        open_page("connections"),
        open_page("health"),
        open_page("locations"),
        open_page("calendars"),
    ]
    asked = open_page("appointment", **wanted)
    for key in [button.key for button in asked.button if (button.key or "").startswith(("Cancel", "Reschedule"))]:
        dialog = open_page("appointment", **wanted)
        pages.append(dialog.button(key=key).click().run())
    form = open_page("appointment")
    pages.append(form.button(key="book").click().run())
    escaped = plain(name).strip("\u2068\u2069")
    for page in pages:
        assert not page.exception, page.exception
        said = markdown_of(page)
        if escaped != name:
            assert name not in said.replace(escaped, "")
    assert escaped in markdown_of(pages[0]) and escaped in markdown_of(pages[2])


def test_a_refusal_quotes_what_was_typed_as_text(world: World, open_page: OpenPage) -> None:
    """Errors are sentences that quote names; they are as hostile as the names."""
    world.location()
    page = open_page("appointment")
    for client in ("Ann", "Ben"):
        page.button(key="book").click().run()
        page.text_input(key="book_name").set_value(client)
        page.text_input(key="book_email").set_value("ann@clients.test")
        page.text_input(key="book_id").set_value("[x](javascript:alert)").run()
        page.button(key="book_it").click().run()

    said = markdown_of(page)
    assert "\\[x\\]\\(javascript" in said and "[x](javascript" not in said
