"""The list of appointments: any filters, in the order of their starts, a page at a time, fast at millions.

A page costs what it shows, wherever in the list it is: every statement reads indexes in the list's order and stops when
the page is full. There is no total, for that would have to be counted.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from core.db.models import Appointment, Calendar, Location
from core.domain import states
from core.domain.cursor import Position

LOOKED_AT = 1000  # so many matches of a text are put into order
ROW = (Appointment.starts_at, Appointment.id)
Select = sa.Select[*tuple[Any, ...]]

# The expression is the one that is indexed.
DOCUMENT: sa.ColumnClause[Any] = sa.literal_column(
    "to_tsvector('simple'::regconfig, appointments.external_id || ' '::text || appointments.client_name || ' '::text "
    "|| appointments.client_email)"
)


@dataclass(frozen=True)
class Filters:
    """What is asked for; None leaves a filter out. *since* is included, *until* is not; *going_on_at* leaves out what
    was over by then, unless it is still open; *text* are words, of the last one the beginning."""

    locations: frozenset[int] | None = None
    calendar: int | None = None
    status: states.Appointment | None = None
    link: states.Link | None = None
    since: datetime | None = None
    until: datetime | None = None
    going_on_at: datetime | None = None
    external_id: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Page:
    """The ids of one page, in order. *next* is where the list goes on, None at its end.

    *incomplete*: more matched the text than were looked at, so some of them are on no page.
    """

    ids: list[int]
    next: Position | None = None
    incomplete: bool = False


@dataclass(frozen=True)
class Way:
    """How a list is walked: in which direction, from where, and how far."""

    newest_first: bool
    after: Position | None
    rows: int

    def behind(self, starts_at: Any, id_: Any) -> sa.ColumnElement[bool]:
        """Whether a row comes after those that were shown."""
        if self.after is None:
            return sa.true()
        row, last = sa.tuple_(starts_at, id_), sa.tuple_(self.after.starts_at, self.after.id)
        return row < last if self.newest_first else row > last

    def first(self, select: Select, starts_at: Any, id_: Any) -> Select:
        """*select* in the list's order, no longer than needed."""
        direction = sa.desc if self.newest_first else sa.asc
        return select.order_by(direction(starts_at), direction(id_)).limit(self.rows)


def page(
    session: Session, filters: Filters, *, limit: int, after: Position | None = None, newest_first: bool = False
) -> Page:
    """The first *limit* appointments behind *after*, by start and id."""
    found = _at_home(session, filters)
    if found is None:
        return Page([])
    way = Way(newest_first, after, limit + 1)
    if found.text is not None and found.text.split():
        return _searched(session, found, way)
    return _page(session.execute(_in_order(found, way)).all(), way)


def _page(rows: Sequence[sa.Row[Any]], way: Way, *, incomplete: bool = False) -> Page:
    shown = rows[: way.rows - 1]
    more = Position(shown[-1].starts_at, shown[-1].id) if len(rows) >= way.rows else None
    return Page([row.id for row in shown], more, incomplete)


def _at_home(session: Session, filters: Filters) -> Filters | None:
    """*filters* with the one location of their calendar; None where nothing can be found."""
    if filters.calendar is not None:
        home = session.scalar(sa.select(Calendar.location_id).where(Calendar.id == filters.calendar))
        if home is None or not (filters.locations is None or home in filters.locations):
            return None
        return replace(filters, locations=frozenset({home}))
    return None if filters.locations is not None and not filters.locations else filters


def _in_order(filters: Filters, way: Way) -> Select:
    """The rows from where an index has them in order: all by time, those of a calendar, or those of each location.

    Rows of several locations, states or links lie in as many places of an index, each place in order. From each as
    many are taken as the page could need, and from an empty one nothing, at no cost. A single scan that leaves out what
    does not fit could pass by millions before it finds the few that are booked, failed or missed.
    """
    rows = _rows(*_by_itself(filters), way.behind(*ROW))
    places = _places(filters)
    if places is None:
        return way.first(rows.where(*_in_places(filters)), *ROW)
    near = way.first(rows.where(*(getattr(Appointment, c.name) == c for c in places.c)), *ROW).lateral("near")
    merged = sa.select(near.c.starts_at, near.c.id).select_from(places).join(near, sa.true())
    return way.first(merged, near.c.starts_at, near.c.id)


def _places(filters: Filters) -> sa.Subquery | None:
    """The places of an index in which to look, by the columns that it begins with; None if it is a single one."""
    by_state = _by_state(filters)
    one_location = filters.locations is not None and len(filters.locations) == 1
    if one_location and (not by_state or (filters.status is not None and filters.link is not None)):
        return None
    if not by_state and filters.locations is None and filters.external_id is None:
        return None
    places: Select = sa.select(Location.id.label("location_id"))
    if filters.locations is not None:
        places = places.where(Location.id.in_(filters.locations))
    if by_state:
        status = _column("status", states.Appointment if filters.status is None else [filters.status])
        link = _column("link", states.Link if filters.link is None else [filters.link])
        pairs = sa.join(sa.join(Location, status, sa.true()), link, sa.true())
        places = places.add_columns(status.c.status, link.c.link).select_from(pairs)
    return places.subquery("places")


def _by_state(filters: Filters) -> bool:
    return filters.status is not None or filters.link is not None


def _column(name: str, values: Iterable[str]) -> sa.Values:
    return sa.values(sa.column(name, sa.Text), name=f"of_{name}").data([(str(value),) for value in values])


def _rows(*conditions: sa.ColumnElement[bool]) -> Select:
    return sa.select(*ROW).where(*conditions)


def _searched(session: Session, filters: Filters, way: Way) -> Page:
    """What matches a text. A common word fills the page from what comes next anyway; the matches of a rare one are
    collected first and put into order then.

    Asked for both at once, the database may choose to look through everything by time until a page is full, or to
    collect a million matches.
    """
    matches = DOCUMENT.bool_op("@@")(_query(filters.text or ""))
    rows = session.execute(_in_order(filters, replace(way, rows=4 * way.rows))).all()
    near = [row.id for row in rows]
    fitting = set(session.scalars(sa.select(Appointment.id).where(Appointment.id.in_(near), matches)))
    hits = [row for row in rows if row.id in fitting]
    if len(hits) >= way.rows or len(rows) < 4 * way.rows:
        return _page(hits, way)
    collected = _rows(matches, *_by_itself(filters), *_in_places(filters)).limit(LOOKED_AT + 1)
    found = collected.cte("found").prefix_with("MATERIALIZED")
    count = sa.select(sa.func.count()).select_from(found).scalar_subquery()
    page_of = sa.select(found.c.starts_at, found.c.id, (count > LOOKED_AT).label("incomplete"))
    page_of = page_of.where(way.behind(found.c.starts_at, found.c.id))
    rows = session.execute(way.first(page_of, found.c.starts_at, found.c.id)).all()
    return _page(rows, way, incomplete=any(row.incomplete for row in rows))


def _by_itself(filters: Filters) -> list[sa.ColumnElement[bool]]:
    """What every row has to fulfil, wherever it is found."""
    still_on = []
    if filters.going_on_at is not None:
        still_on = [sa.or_(Appointment.ends_at > filters.going_on_at, Appointment.status == states.Appointment.BOOKED)]
    return still_on + _where(
        (Appointment.calendar_id, operator.eq, filters.calendar),
        (Appointment.external_id, operator.eq, filters.external_id),
        (Appointment.starts_at, operator.ge, filters.since),
        (Appointment.starts_at, operator.lt, filters.until),
    )


def _in_places(filters: Filters) -> list[sa.ColumnElement[bool]]:
    """What `_in_order` makes sure of by the places where it looks."""
    # A calendar says where it is, and with both in sight the database might walk its whole location.
    of_calendar = filters.calendar is not None and not _by_state(filters)
    return _where(
        (Appointment.location_id, sa.sql.operators.in_op, None if of_calendar else filters.locations),
        (Appointment.status, operator.eq, filters.status),
        (Appointment.link, operator.eq, filters.link),
    )


def _where(*filters: tuple[Any, Callable[[Any, Any], Any], Any]) -> list[sa.ColumnElement[bool]]:
    return [compare(column, value) for column, compare, value in filters if value is not None]


def _query(text: str) -> Any:
    """Whatever has all words of *text*; of the last one, which may still be being typed, the beginning is enough.

    A common word together with a rare one is cheap for the index, the beginning of common words is not. One or two
    letters are a word, because too much begins with them.
    """
    *whole, last = text.split()
    return reduce(lambda query, word: query.bool_op("&&")(_word(word)), whole, _word(last, beginning=True))


def _word(word: str, *, beginning: bool = False) -> Any:
    word = word.replace("\\", " ")
    quoted = "'" + word.replace("'", "''") + "'"
    enough = sum(letter.isalnum() for letter in word) > 2 or not word.isascii()
    lexeme = quoted + ":*" * (beginning and enough)
    query = sa.func.to_tsquery(sa.literal_column("'simple'"), lexeme)
    # As text half an address falls into words, which are not those of the whole one.
    return query.bool_op("||")(sa.cast(lexeme.lower(), TSQUERY)) if "@" in word else query
