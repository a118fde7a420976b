"""What is kept for a time only is removed, a few thousand rows at a time, so that nobody waits for it.

Appointments with their revisions, leases, meetings and recordings are the history of the business and stay.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements

AT_ONCE = 5_000
# Somebody asks what happened at the same time last year, and gets an answer, for a month after it.
A_YEAR_AND_A_MONTH = timedelta(days=400)
A_WEEK = timedelta(days=7)

# By the name of the statement. None of them is a setting: shorter would take answers away from support, and longer
# keeps personal data (bodies of the inbox, recipients of messages) without a use.
KEPT: dict[str, timedelta] = {
    # A raw event is read again only to find out why something was decided, which is asked within days.
    "inbox_bodies": timedelta(days=30),
    "inbox": A_YEAR_AND_A_MONTH,
    "events": A_YEAR_AND_A_MONTH,
    "messages": A_YEAR_AND_A_MONTH,
    "alerts": A_YEAR_AND_A_MONTH,
    # A connect that was begun can be finished for minutes only.
    "oauth_states": A_WEEK,
    # A caller repeats a request within minutes, and after an outage within hours.
    "idempotency_keys": timedelta(days=2),
    # They are computed anew every night.
    "what_if_results": timedelta(days=30),
    # Zoom counts by day.
    "zoom_budget": A_WEEK,
}


@dataclass(frozen=True)
class Purged:
    """How many rows of one kind were removed (of `inbox_bodies`: emptied).

    *problem* says what kept the rest, if anything did; *refused* that it was the database.
    """

    what: str
    rows: int
    problem: str = ""
    refused: bool = False


def purge(
    sessions: sessionmaker[Session], *, clock: Callable[[], datetime], until: datetime, at_once: int = AT_ONCE
) -> list[Purged]:
    """Remove what has been kept long enough, each batch in a transaction of its own.

    After *until* no further batch is begun; the next night goes on. A table at fault does not keep the others.
    """
    now = clock()
    return [_purge(sessions, what, now - kept, clock, until, at_once) for what, kept in KEPT.items()]


def _purge(
    sessions: sessionmaker[Session],
    what: str,
    before: datetime,
    clock: Callable[[], datetime],
    until: datetime,
    at_once: int,
) -> Purged:
    rows = 0
    while clock() < until:
        try:
            with sessions.begin() as session:
                result = session.execute(statements("purge")[what], {"before": before, "limit": at_once})
                assert isinstance(result, CursorResult)
                batch = result.rowcount
        except DBAPIError as error:
            return Purged(what, rows, f"the database refused ({type(error.orig).__name__})", refused=True)
        rows += batch
        if batch < at_once:
            return Purged(what, rows)
    return Purged(what, rows, "out of time; the next night goes on")
