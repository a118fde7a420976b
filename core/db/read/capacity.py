"""What a location's accounts have before them: asked with every booking, so read in a single statement."""

from bisect import bisect_left, insort
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

import sqlalchemy as sa
from cachetools import TTLCache, cached
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from core.db.read.in_use import IN_USE
from core.db.read.usual import with_usual
from core.domain.capacity import Point, Shortage, Span, Usual, Verdict, curve, occupied, peak, shortages, verdict
from core.domain.checks import LONGEST

NONE = timedelta()
ALWAYS = datetime.min.replace(tzinfo=UTC)

OF_LOCATION = with_usual("SELECT coalesce(overrun, '0') AS overrun, hold FROM usual")

_PLACES = """
WITH places AS (
    SELECT id, tail, overrun
    FROM unnest(CAST(:locations AS bigint[]), CAST(:apiece AS interval[]), CAST(:overruns AS interval[]))
         AS p (id, tail, overrun)
), """
# Accounts that will serve by themselves, what has one of them now, and the appointments that take one within the
# windows. Of those at most a day before each window is read. A bench without an end is stored as the last day there is,
# and one that is in use is not over before its lease. What was opened in vain or not at all takes no account any more,
# and what is over and has given its account back takes none from now on.
TAKEN = sa.text(
    _PLACES  # noqa: S608 - all of it is ours
    + IN_USE
    + """
SELECT a.location_id, NULL AS appointment, NULL AS begins_at,
       CASE WHEN a.benched_until > :now THEN greatest(a.benched_until, u.ends_at) END AS ends_at
FROM places AS w
JOIN locations AS l ON l.id = w.id AND l.status = 'active'
JOIN accounts AS a ON a.location_id = l.id AND a.connection = 'connected'
LEFT JOIN in_use AS u ON u.account_id = a.id
WHERE a.benched_until IS NULL OR a.benched_until < '9999-01-01'
UNION ALL
SELECT location_id, appointment_id, begins_at, ends_at
FROM in_use WHERE serves AND appointment_id <> ALL (CAST(:leaving_out AS bigint[]))
UNION ALL
SELECT w.location_id, p.id, p.starts_at - w.lead,
       CASE WHEN p.status = 'completed' THEN least(p.ends_at + w.tail, :now) ELSE p.ends_at + w.tail END
FROM unnest(CAST(:of AS bigint[]), CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[]),
            CAST(:leads AS interval[]), CAST(:tails AS interval[])) AS w (location_id, begins_at, ends_at, lead, tail)
CROSS JOIN LATERAL (
    SELECT id, revision, status, starts_at, ends_at FROM appointments
    WHERE location_id = w.location_id AND starts_at < w.ends_at + w.lead AND ends_at > w.begins_at - w.tail
      AND starts_at > w.begins_at - w.tail - :longest
      AND status IN ('booked', 'completed') AND link <> 'not_needed'
      AND id <> ALL (CAST(:leaving_out AS bigint[]))) AS p
WHERE NOT EXISTS (SELECT FROM in_use AS u WHERE u.appointment_id = p.id AND u.revision = p.revision)
"""
)


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
    """`capacities` of one location."""
    wanted = [(location_id, span) for span in spans]
    usuals = {location_id: usual}
    return capacities(session, wanted, now=now, usuals=usuals, leaving_out=leaving_out, refusing=refusing)


def capacities(
    session: Session,
    wanted: Sequence[tuple[int, Span]],
    *,
    now: datetime,
    usuals: Mapping[int, Usual],
    leaving_out: Collection[int] = (),
    refusing: bool = False,
) -> list[Capacity]:
    """What is left for an appointment at each location and span (start and end), one after the other: each counts for
    those behind it, unless *refusing* turns away what is short. One statement, however many locations.

    *leaving_out* are ids of appointments that do not count, such as the one that is being moved.
    """
    spans = [(location_id, occupied(*span, usuals[location_id])) for location_id, span in wanted]
    windows: dict[int, list[Span]] = {}
    for location_id, span in spans:
        windows.setdefault(location_id, []).append(span)
    merged = {location_id: _merged(each) for location_id, each in windows.items()}
    taken = _taken(session, merged, now=now, usuals=usuals, leaving_out=leaving_out)
    found = []
    for location_id, (begin, end) in spans:
        ready, booked = taken[location_id]
        usual = usuals[location_id]
        longest = LONGEST + usual.lead + usual.tail
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
    taken = _taken(session, {location_id: [window]}, now=now, usuals={location_id: usual})
    ready, booked = taken[location_id]
    points = curve(booked, ready, window)
    return Outlook(usual, points, shortages(points, window[1]))


def _taken(
    session: Session,
    windows: Mapping[int, Sequence[Span]],
    *,
    now: datetime,
    usuals: Mapping[int, Usual],
    leaving_out: Collection[int] = (),
) -> dict[int, tuple[list[datetime], list[Span]]]:
    """By location, from when each account serves, and what is taken within its *windows*, by its beginning."""
    each = [(location_id, *window) for location_id, of in windows.items() for window in of]
    values = {
        "now": now,
        "cooldown": max((usual.cooldown for usual in usuals.values()), default=NONE),
        "locations": list(windows),
        "apiece": [usuals[location_id].tail for location_id in windows],
        "overruns": [usuals[location_id].overrun for location_id in windows],
        "of": [location_id for location_id, _, _ in each],
        "begins": [begin for _, begin, _ in each],
        "ends": [end for _, _, end in each],
        "leads": [usuals[location_id].lead for location_id, _, _ in each],
        "tails": [usuals[location_id].tail for location_id, _, _ in each],
        "longest": LONGEST,
        "leaving_out": list(leaving_out),
    }
    ready: dict[int, list[datetime]] = {location_id: [] for location_id in windows}
    # By id: a long one reaches into several windows. Moved, it may still have the account of its time before.
    booked: dict[int, dict[tuple[int, datetime], Span]] = {location_id: {} for location_id in windows}
    for row in session.execute(TAKEN, values):
        if row.appointment is None:
            ready[row.location_id].append(row.ends_at or ALWAYS)
        else:
            booked[row.location_id][row.appointment, row.begins_at] = (row.begins_at, row.ends_at)
    return {location_id: (ready[location_id], sorted(booked[location_id].values())) for location_id in windows}


def _merged(spans: Sequence[Span]) -> list[Span]:
    """*spans* as the fewest that cover the same."""
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged
