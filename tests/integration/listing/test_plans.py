"""How PostgreSQL reads a list: always by an index that has it in order, and never the whole table."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.read.appointment_list import Filters, page
from core.db.read.capacity import capacity_for
from core.domain.capacity import Usual
from core.domain.cursor import Position
from core.domain.states import Appointment as Status
from core.domain.states import Link
from tests.integration.listing.given import fill

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DEEP = Position(NOW - timedelta(days=20), 1)
MINUTE = timedelta(minutes=1)


@contextmanager
def plans(session: Session) -> Iterator[list[dict[str, Any]]]:
    """The plans of the statements that are executed meanwhile."""
    executed: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        executed.append((statement, parameters))

    engine = session.get_bind()
    found: list[dict[str, Any]] = []
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    for statement, parameters in executed:
        if "FROM calendars" not in statement:
            [answer] = driver.execute("EXPLAIN (FORMAT JSON) " + statement, parameters).fetchone() or [None]
            found.append((answer if isinstance(answer, list) else json.loads(answer))[0]["Plan"])


def scans(node: dict[str, Any], *, sorted_whole: bool = False) -> Iterator[tuple[str, bool]]:
    """Every scan of appointments below *node*: its kind and index, and whether all it finds is sorted."""
    if node["Node Type"] == "Limit":
        sorted_whole = False
    if node["Node Type"] == "Sort":
        sorted_whole = True
    if node.get("Relation Name") == "appointments" or node["Node Type"] == "Bitmap Index Scan":
        yield f"{node['Node Type']} {node.get('Index Name', '')}".strip(), sorted_whole
    for child in node.get("Plans", ()):
        yield from scans(child, sorted_whole=sorted_whole)


ONE, SOME = frozenset({2}), frozenset({1, 3})
CASES = [
    (Filters(), "appointments_by_time"),
    (Filters(since=NOW), "appointments_by_time"),
    (Filters(locations=ONE), "appointments_by_location"),
    (Filters(locations=SOME), "appointments_by_location"),
    (Filters(locations=ONE, until=NOW), "appointments_by_location"),
    (Filters(calendar=3), "appointments_by_calendar"),
    (Filters(status=Status.MISSED), "appointments_by_state"),
    (Filters(status=Status.COMPLETED), "appointments_by_state"),
    (Filters(status=Status.BOOKED, locations=ONE), "appointments_by_state"),
    (Filters(link=Link.FAILED), "appointments_by_state"),
    (Filters(link=Link.ENDED, locations=SOME), "appointments_by_state"),
    (Filters(link=Link.FAILED, status=Status.BOOKED, locations=ONE), "appointments_by_state"),
    (Filters(external_id="H-16"), "appointments_location_id_external_id_key"),
]


def few(filters: Filters) -> bool:
    """Whether it finds so little that it may be fetched together and sorted then."""
    return filters.external_id is not None or filters.status == Status.MISSED or filters.link == Link.FAILED


def test_a_page_is_read_from_an_index_in_its_order(sessions: sessionmaker[Session]) -> None:
    """First page or later, either direction: nothing is read and thrown away, nothing but a page's worth is sorted."""
    fill(sessions, now=NOW, appointments=20_000)
    with sessions() as session:
        for filters, index in CASES:
            for newest_first in (False, True):
                for after in (None, DEEP):
                    with plans(session) as found:
                        page(session, filters, limit=50, after=after, newest_first=newest_first)
                    [plan] = found
                    case = f"{filters}, newest first {newest_first}, after {after}: {dict(scans(plan))}"
                    kinds = ("Index", "Bitmap") if few(filters) else ("Index",)
                    for scan, sorted_whole in scans(plan):
                        assert scan.startswith(kinds), case
                        assert few(filters) or not sorted_whole, case
                        assert scan.endswith(index) or scan == "Bitmap Heap Scan", case


@pytest.mark.parametrize("locations", [None, ONE], ids=["all locations", "one location"])
def test_a_rare_word_is_looked_up(sessions: sessionmaker[Session], locations: frozenset[int] | None) -> None:
    """What comes next is looked at by time; what is collected comes from the index of words."""
    fill(sessions, now=NOW, appointments=20_000)
    with sessions() as session, plans(session) as found:
        page(session, Filters(text="client12345@clients.test", locations=locations), limit=50)
    near, looked_at, collected = (dict(scans(plan)) for plan in found)
    assert not any(scan.startswith("Seq") for scan in (*near, *looked_at, *collected))
    assert "Bitmap Index Scan appointments_text" in collected


def test_what_is_left_for_a_booking_is_read_from_its_own_location_and_time(sessions: sessionmaker[Session]) -> None:
    """One statement, one place of one index."""
    fill(sessions, now=NOW, appointments=20_000)
    usual = Usual(10 * MINUTE, 0 * MINUTE, 0 * MINUTE, 5 * MINUTE)
    with sessions() as session, plans(session) as found:
        capacity_for(session, 2, [(NOW, NOW + 30 * MINUTE)], now=NOW, usual=usual)
    [plan] = found
    assert dict(scans(plan)).keys() <= {
        "Index Scan appointments_by_location",
        "Bitmap Heap Scan",
        "Bitmap Index Scan appointments_by_location",
    }
