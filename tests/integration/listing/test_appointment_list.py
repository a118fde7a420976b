"""The list of appointments: every filter, both orders, page by page, and nothing twice."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.db.models import Appointment
from core.db.read import appointment_list
from core.db.read.appointment_list import Filters, page
from core.domain.cursor import Position
from core.domain.states import Appointment as Status
from core.domain.states import Link
from tests.integration.listing.given import fill
from tests.world import World

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def walked(
    sessions: sessionmaker[Session], filters: Filters, *, limit: int = 7, newest_first: bool = False
) -> list[int]:
    """Every page after the other, until the end."""
    ids: list[int] = []
    after: Position | None = None
    with sessions() as session:
        while True:
            found = page(session, filters, limit=limit, after=after, newest_first=newest_first)
            assert len(found.ids) == limit or found.next is None
            ids += found.ids
            if found.next is None:
                return ids
            after = found.next


def wanted(sessions: sessionmaker[Session], filters: Filters, *, newest_first: bool = False) -> list[int]:
    """The same by looking at every row."""
    with sessions() as session:
        rows = session.query(Appointment).all()
    words = (filters.text or "").lower().split()
    fitting = [
        row
        for row in rows
        if (filters.locations is None or row.location_id in filters.locations)
        and filters.calendar in (None, row.calendar_id)
        and filters.status in (None, row.status)
        and filters.link in (None, row.link)
        and (filters.since is None or row.starts_at >= filters.since)
        and (filters.until is None or row.starts_at < filters.until)
        and filters.external_id in (None, row.external_id)
        and all(
            any(each.startswith(word) for each in (*row.client_name.lower().split(), row.client_email))
            for word in words
        )
    ]
    return [row.id for row in sorted(fitting, key=lambda row: (row.starts_at, row.id), reverse=newest_first)]


SOME = frozenset({1, 3})
CASES = {
    "everything": Filters(),
    "one location": Filters(locations=frozenset({2})),
    "some locations": Filters(locations=SOME),
    "a calendar": Filters(calendar=3),
    "a calendar in a state": Filters(calendar=3, status=Status.COMPLETED),
    "a state": Filters(status=Status.MISSED),
    "a state at one location": Filters(locations=frozenset({1}), status=Status.BOOKED),
    "a state at some locations": Filters(locations=SOME, status=Status.CANCELLED),
    "a link state": Filters(link=Link.NOT_DUE),
    "both states": Filters(status=Status.BOOKED, link=Link.FAILED),
    "both states at one location": Filters(locations=frozenset({2}), status=Status.BOOKED, link=Link.FAILED),
    "states that exclude each other": Filters(status=Status.MISSED, link=Link.READY),
    "a time range": Filters(since=NOW - 2 * DAY, until=NOW + 2 * DAY),
    "a state in a time range": Filters(status=Status.COMPLETED, since=NOW - 2 * DAY, until=NOW),
    "an id": Filters(external_id="H-16"),
    "an id at some locations": Filters(external_id="H-16", locations=SOME),
    "a common word": Filters(text="client"),
    "the beginning of a word": Filters(text="client12"),
    "two words": Filters(text="client 123"),
    "a word in a state": Filters(text="client5", status=Status.COMPLETED),
    "a word at some locations": Filters(text="client3", locations=SOME),
    "a word in a time range": Filters(text="client3", since=NOW - 9 * DAY, until=NOW + 9 * DAY),
    "an address": Filters(text="client77@clients.test"),
    "nothing": Filters(text="nobody"),
}


@pytest.mark.parametrize("newest_first", [False, True], ids=["oldest first", "newest first"])
def test_pages_show_each_fitting_appointment_once_and_in_order(
    sessions: sessionmaker[Session], newest_first: bool
) -> None:
    """Whatever is asked for, walking the pages finds what looking at every row finds; many start at the same time."""
    fill(sessions, now=NOW)
    for name, filters in CASES.items():
        expected = wanted(sessions, filters, newest_first=newest_first)
        assert walked(sessions, filters, newest_first=newest_first) == expected, name
        assert expected or name in ("states that exclude each other", "nothing", "an id at some locations"), name


def test_a_page_that_is_just_full_is_the_last(sessions: sessionmaker[Session]) -> None:
    """No cursor leads to an empty page."""
    fill(sessions, now=NOW, appointments=32)
    with sessions() as session:
        assert page(session, Filters(), limit=32).next is None
        assert page(session, Filters(), limit=31).next is not None


def test_what_is_booked_meanwhile_moves_nothing(sessions: sessionmaker[Session]) -> None:
    """A page goes on behind the last one that was shown, not at a number of rows."""
    fill(sessions, now=NOW, appointments=64)
    with sessions() as session:
        first = page(session, Filters(), limit=10)
        rest = page(session, Filters(), limit=200, after=first.next)
    fill_before = Appointment(
        location_id=1, calendar_id=1, external_id="new", client_name="New", client_email="n@clients.test",
        client_zone="UTC", starts_at=NOW - 900 * DAY, ends_at=NOW - 900 * DAY + DAY, link="ended",
    )  # fmt: skip
    with sessions.begin() as session:
        session.add(fill_before)
    with sessions() as session:
        assert page(session, Filters(), limit=200, after=first.next).ids == rest.ids


def test_who_sees_no_location_sees_nothing(sessions: sessionmaker[Session]) -> None:
    """An empty set of locations is not all of them, and a calendar elsewhere is out of sight."""
    fill(sessions, now=NOW)
    nothing = frozenset[int]()
    assert walked(sessions, Filters(locations=nothing)) == []
    assert walked(sessions, Filters(locations=nothing, text="client")) == []
    assert walked(sessions, Filters(locations=frozenset({1}), calendar=7)) == []
    assert walked(sessions, Filters(calendar=7000)) == []


def test_a_list_says_when_more_matched_than_were_looked_at(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a word with more matches than are put into order, the answer says that some are missing."""
    monkeypatch.setattr(appointment_list, "LOOKED_AT", 20)
    fill(sessions, now=NOW)
    with sessions() as session:
        assert page(session, Filters(text="client12"), limit=5).incomplete is False  # 11 of them
        assert page(session, Filters(text="client1"), limit=5).incomplete is False  # 111, and the page is full at once
        assert page(session, Filters(text="client1", status=Status.BOOKED), limit=5).incomplete is False
        assert page(session, Filters(text="client1", locations=SOME), limit=50).incomplete is True


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("anna", True),
        ("ANNA", True),
        ("ann", True),
        ("müller-lü", True),
        ("müller", True),
        ("o'brien", True),
        ("anna@example", True),
        ("Anna@Example.test", True),
        ("anna@example.com", False),
        ("REF-20", True),
        ("anna zoë", False),
        ("anna müll", True),
        ("ann müller", False),  # of the last word only the beginning is enough
        ("anna@example.test ref-20", True),
        ("nna", False),
        ("an", False),  # one or two letters are a whole word
        ("山田", True),
        ("' | 'x", False),
        ("anna\\", True),
        ("a:* & !", False),
        ("!!!", False),
        ("&|!():*<->", False),
    ],
)
def test_words_are_found_by_their_beginnings(world: World, text: str, found: bool) -> None:
    """In id, name and address; whatever is typed is text and never an operator."""
    world.location()
    booked = world.book("REF-2044", starts_in=DAY)
    with world.parts.sessions.begin() as session:
        row = session.get_one(Appointment, booked.id)
        row.client_name, row.client_email = "Anna Müller-Lüdenscheid O'Brien 山田太郎", "anna@example.test"
    with world.parts.sessions() as session:
        assert bool(page(session, Filters(text=text), limit=5).ids) is found


@pytest.mark.parametrize("text", ["", "  ", "\x1c", "\u2003"])
def test_a_text_without_a_word_leaves_nothing_out(world: World, text: str) -> None:
    """Separators that nobody sees are not all refused before."""
    world.location()
    world.book("REF-2044", starts_in=DAY)
    with world.parts.sessions() as session:
        assert len(page(session, Filters(text=text), limit=5).ids) == 1


def test_the_day_of_a_search_does_not_matter(world: World) -> None:
    """Somebody whose appointment was years ago is found among those who came later."""
    world.location()
    world.book("OLD-1", starts_in=DAY)
    with world.parts.sessions.begin() as session:
        row = session.query(Appointment).one()
        row.starts_at, row.ends_at = utcnow() - 900 * DAY, utcnow() - 899 * DAY
    with world.parts.sessions() as session:
        assert len(page(session, Filters(text="old-1"), limit=5, newest_first=True).ids) == 1
