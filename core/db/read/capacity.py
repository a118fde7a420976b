"""What a location's accounts have before them: asked with every booking, so read in a single statement."""

from bisect import bisect_left, insort
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

import sqlalchemy as sa
from cachetools import TTLCache, cached
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from core.db.read.usual import with_usual
from core.domain.capacity import Point, Shortage, Span, Usual, Verdict, curve, occupied, peak, shortages, verdict
from core.domain.checks import LONGEST

NONE = timedelta()
ALWAYS = datetime.min.replace(tzinfo=UTC)

OF_LOCATION = with_usual("SELECT coalesce(overrun, '0') AS overrun, hold FROM usual")

# Accounts that will serve by themselves, then the appointments that take one within the windows. Of those at most a day
# before each window is read. A bench without an end is stored as the last day there is. What was opened in vain or not
# at all takes no account any more.
TAKEN = sa.text("""
SELECT NULL AS id, NULL AS starts_at, CASE WHEN a.benched_until > :now THEN a.benched_until END AS ends_at
FROM accounts AS a
JOIN locations AS l ON l.id = a.location_id AND l.status = 'active'
WHERE a.location_id = :location AND a.connection = 'connected'
  AND (a.benched_until IS NULL OR a.benched_until < '9999-01-01')
UNION ALL
SELECT p.id, p.starts_at, p.ends_at
FROM unnest(CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[])) AS w (begins_at, ends_at)
CROSS JOIN LATERAL (
    SELECT id, starts_at, ends_at FROM appointments
    WHERE location_id = :location AND starts_at < w.ends_at + :lead AND ends_at > w.begins_at - :tail
      AND starts_at > w.begins_at - CAST(:tail AS interval) - :longest
      AND status IN ('booked', 'completed') AND link <> 'not_needed'
      AND id <> ALL (CAST(:leaving_out AS bigint[]))) AS p
""")


@dataclass(frozen=True)
class Capacity:
    """What is left for one appointment: *booked* counts the accounts taken at the worst moment, its own included."""

    accounts: int
    booked: int
    state: Verdict

    @property
    def short_by(self) -> int:
        """How many accounts are missing."""
        return max(0, self.booked - self.accounts)


@dataclass(frozen=True)
class Outlook:
    """Demand against the accounts of a location over a window."""

    usual: Usual
    points: list[Point]
    shortages: list[Shortage]

    @property
    def peak(self) -> int:
        """The most accounts that are booked at once."""
        return max(point.booked for point in self.points)


def usual_of(session: Session, location_id: int, *, lead: timedelta, cooldown: timedelta) -> Usual:
    """What an appointment usually takes at that location; without history meetings end on time and recordings are
    there at once."""
    overrun, hold = _overrun_and_hold(session, location_id)
    return Usual(lead=lead, overrun=overrun, hold=hold, cooldown=cooldown)


def _key(session: Session, location_id: int) -> tuple[Engine | Connection, int]:
    return session.get_bind(), location_id


@cached(TTLCache(maxsize=10_000, ttl=600), key=_key, lock=Lock())
def _overrun_and_hold(session: Session, location_id: int) -> tuple[timedelta, timedelta]:
    row = session.execute(OF_LOCATION, {"locations": [location_id]}).one_or_none()
    return (max(NONE, row.overrun), row.hold) if row else (NONE, NONE)


def capacity_for(
    session: Session,
    location_id: int,
    spans: Sequence[Span],
    *,
    now: datetime,
    usual: Usual,
    leaving_out: Collection[int] = (),
    refusing: bool = False,
) -> list[Capacity]:
    """What is left for an appointment at each of *spans* (start and end), one after the other: each counts for those
    behind it, unless *refusing* turns away what is short.

    *leaving_out* are ids of appointments that do not count, such as the one that is being moved.
    """
    wanted = [occupied(*span, usual) for span in spans]
    ready, booked = _taken(session, location_id, _merged(wanted), now=now, usual=usual, leaving_out=leaving_out)
    longest = LONGEST + usual.lead + usual.tail
    found = []
    for begin, end in wanted:
        # Sorted by their beginnings, so that among thousands only those near are looked at.
        near = booked[bisect_left(booked, (begin - longest, begin)) : bisect_left(booked, (end, end))]
        accounts = sum(at <= begin for at in ready)
        most = 1 + peak(near, (begin, end))
        state = verdict(accounts, most)
        found.append(Capacity(accounts, most, state))
        if not (refusing and state is Verdict.SHORT):
            insort(booked, (begin, end))
    return found


def outlook(session: Session, location_id: int, window: Span, *, now: datetime, usual: Usual) -> Outlook:
    """Demand against supply of one location over *window*."""
    ready, booked = _taken(session, location_id, [window], now=now, usual=usual)
    points = curve(booked, ready, window)
    return Outlook(usual, points, shortages(points, window[1]))


def _taken(
    session: Session,
    location_id: int,
    windows: Sequence[Span],
    *,
    now: datetime,
    usual: Usual,
    leaving_out: Collection[int] = (),
) -> tuple[list[datetime], list[Span]]:
    """From when each account serves, and what is taken within *windows*, by its beginning."""
    values = {
        "now": now,
        "location": location_id,
        "begins": [begin for begin, _ in windows],
        "ends": [end for _, end in windows],
        "lead": usual.lead,
        "tail": usual.tail,
        "longest": LONGEST,
        "leaving_out": list(leaving_out),
    }
    rows = session.execute(TAKEN, values).all()
    ready = [row.ends_at or ALWAYS for row in rows if row.id is None]
    # By id: a long one reaches into several windows.
    booked = {row.id: occupied(row.starts_at, row.ends_at, usual) for row in rows if row.id is not None}
    return ready, sorted(booked.values())


def _merged(spans: Sequence[Span]) -> list[Span]:
    """*spans* as the fewest that cover the same."""
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged
