"""How soon a page of the list of appointments is answered, wherever it is and whatever is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import requests
import sqlalchemy as sa
from rich.progress import track
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.db.models import Location
from core.services.api_keys import create_api_key
from tests.bench.figures import Result
from tests.bench.history import LOCATIONS, add_appointments, locations_with_accounts, vacuum
from tests.bench.installation import installation
from tests.bench.ticks import ACCOUNTS_EACH

APPOINTMENTS = 2_000_000
PAGE, LARGEST = 50, 200
THOUSANDTH = 1000 * PAGE  # how many appointments come before it
SAMPLES = 100  # of each list, of its first page and of pages from the thousandth on
Query = Mapping[str, str]

# Of the past ones in a thousand: one missed, twenty no-shows, fifty cancelled. Of those to come a few have failed.
STATES = """
    UPDATE appointments
    SET status = CASE WHEN id % 1000 = 1 THEN 'missed' WHEN id % 50 = 2 THEN 'no_show' ELSE 'cancelled' END,
        link = CASE WHEN id % 1000 = 1 THEN 'missed' ELSE 'ended' END
    WHERE status = 'completed' AND (id % 1000 = 1 OR id % 50 = 2 OR id % 20 = 3);
    UPDATE appointments SET link = 'failed' WHERE status = 'booked' AND id % 80000 = 0
"""
# By the number of locations that the key sees (None: all).
LISTS: dict[int | None, tuple[Query, ...]] = {
    None: (
        {},
        {"order": "newest_first"},
        {"status": "booked"},
        {"status": "completed", "order": "newest_first"},
        {"status": "missed"},
        {"link": "failed"},
        {"link": "ended", "order": "newest_first"},
        {"location_id": "7"},
        {"location_id": "7", "status": "no_show"},
        {"calendar_id": "11"},
        {"external_id": "H-123456"},
        {"text": "client"},
        {"text": "client1234"},
        {"text": "client 1234567"},
        {"text": "client123456@clients.test"},
    ),
    20: ({}, {"order": "newest_first"}, {"status": "no_show"}, {"link": "not_due"}, {"text": "client1234"}),
    1: ({}, {"status": "cancelled", "order": "newest_first"}, {"text": "client1234"}),
}


@dataclass
class Timed:
    """The milliseconds of the pages of one list."""

    first: list[float] = field(default_factory=list)
    deep: list[float] = field(default_factory=list)


class Reader:
    """A program with one key on a kept connection."""

    def __init__(self, port: int, key: str) -> None:
        self.address = f"http://127.0.0.1:{port}/api/v1/appointments"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {key}"

    def page(self, query: Query, cursor: str | None, *, limit: int = PAGE) -> tuple[float, dict[str, Any]]:
        """The milliseconds until the whole answer was there, and the answer."""
        asked = {**query, "limit": str(limit), **({"cursor": cursor} if cursor else {})}
        begun = perf_counter()
        answer = self.session.get(self.address, params=asked, timeout=60)
        took = (perf_counter() - begun) * 1000
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return took, found

    def thousandth(self, query: Query) -> str | None:
        """The cursor of the thousandth page, or of the middle of a list that has fewer; None if it has one page."""
        passed: list[str] = []
        cursor: str | None = None
        while len(passed) * LARGEST < THOUSANDTH:
            cursor = self.page(query, cursor, limit=LARGEST)[1]["next"]
            if cursor is None:
                return passed[len(passed) // 2] if passed else None
            passed.append(cursor)
        return cursor


def listing(scale: float) -> Result:
    """Pages of fifty over HTTP at 2,000,000 appointments: the first and from the thousandth on, by many filters."""
    with installation(daemon=False) as place:
        locations_with_accounts(place, locations=LOCATIONS, accounts_each=ACCOUNTS_EACH)
        add_appointments(place, max(10_000, round(APPOINTMENTS * scale)))
        with place.world.parts.sessions.begin() as session:
            session.execute(sa.text("SET LOCAL statement_timeout = 0"))
            for statement in STATES.split(";"):
                session.execute(sa.text(statement))
        vacuum(place)
        timed = measure(place.world.parts.sessions, place.settings.console_port)
    return summary(timed)


def measure(sessions: sessionmaker[Session], port: int) -> dict[str, Timed]:
    """Each list, in turn."""
    readers = {locations: Reader(port, _key(sessions, locations)) for locations in LISTS}
    lists = [(locations, query) for locations, queries in LISTS.items() for query in queries]
    return {_name(*each): _pages(readers[each[0]], each[1]) for each in track(lists, description="Lists")}


def summary(timed: Mapping[str, Timed]) -> Result:
    """The figure is the worse of first and later pages, over all lists; the details tell each list's."""
    first = [each for pages in timed.values() for each in pages.first]
    deep = [each for pages in timed.values() for each in pages.deep]
    return Result(
        {"list_page_p99_ms": max(_p99(first), _p99(deep))},
        {
            "first_p99_ms": round(_p99(first), 2),
            "first_median_ms": round(median(first), 2),
            "thousandth_p99_ms": round(_p99(deep), 2),
            "thousandth_median_ms": round(median(deep), 2),
            "lists": {
                name: [round(median(pages.first), 1), round(median(pages.deep), 1) if pages.deep else None]
                for name, pages in timed.items()
            },
        },
    )


def _pages(reader: Reader, query: Query) -> Timed:
    start = reader.thousandth(query)
    timed, cursor = Timed(), start
    for _ in range(SAMPLES):
        timed.first.append(reader.page(query, None)[0])
        if start is not None:
            took, answer = reader.page(query, cursor)
            timed.deep.append(took)
            cursor = answer["next"] or start
    return timed


def _key(sessions: sessionmaker[Session], locations: int | None) -> str:
    with sessions.begin() as session:
        some = sa.select(Location).order_by(Location.id).limit(locations)
        made = create_api_key(
            session,
            name=f"bench {locations}",
            access="read",
            locations=None if locations is None else list(session.scalars(some)),
            per_minute=1_000_000,
            actor="bench",
            now=utcnow(),
        )
    return made.secret


def _name(locations: int | None, query: Query) -> str:
    return " ".join([f"{locations or 'all'} locations", *(f"{name}={value}" for name, value in query.items())])


def _p99(milliseconds: list[float]) -> float:
    return quantiles(milliseconds, n=100)[-1]
