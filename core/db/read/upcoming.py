"""The next appointments with the state of their links, and when those that wait should be served."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.read.accounts_now import with_accounts
from core.db.read.usual import USUAL
from core.domain.estimate import earliest_free

AHEAD = timedelta(days=7)
STILL_RUNNING = timedelta(hours=12)  # how far back a start may lie whose appointment is still going on


class InLine(Protocol):
    """An appointment with its place in the line of its location; None: it does not wait."""

    @property
    def id(self) -> int: ...
    @property
    def location_id(self) -> int: ...
    @property
    def place(self) -> int | None: ...


@dataclass(frozen=True)
class Upcoming:
    """An appointment to come or going on. *place* is its place in the line of its location, if it waits."""

    id: int
    location_id: int
    location: str
    zone: str
    calendar: str
    external_id: str
    starts_at: datetime
    link: str
    reason: str | None
    place: int | None
    account: str | None
    join_url: str | None


@dataclass(frozen=True)
class Busy:
    """An account with the time at which it should be free; a time that has come: it is."""

    location_id: int
    account_id: int
    busy_until: datetime


# One short index scan per location: an index over all starts would have to hold every appointment there ever was.
# Cut to the few that are shown before anything is joined to them.
NEXT = sa.text("""
WITH shown AS MATERIALIZED (
    SELECT n.*
    FROM locations AS l
    CROSS JOIN LATERAL (
        SELECT p.id, p.location_id, p.calendar_id, p.external_id, p.revision, p.starts_at, p.link, p.reason
        FROM appointments AS p
        WHERE p.location_id = l.id AND p.starts_at > :since AND p.starts_at < :until AND p.ends_at > :now
          AND p.status = 'booked' AND p.link NOT IN ('ended', 'missed')
          AND (p.link = 'waiting' OR NOT :waiting)
        ORDER BY p.starts_at, p.id
        LIMIT :limit) AS n
    WHERE CAST(:location AS bigint) IS NULL OR l.id = :location
    ORDER BY n.starts_at, n.id
    LIMIT :limit
)
SELECT n.id, n.location_id, l.name AS location, l.zone, c.name AS calendar, n.external_id, n.starts_at, n.link,
       n.reason, w.place, a.email AS account, m.join_url
FROM shown AS n
JOIN locations AS l ON l.id = n.location_id
JOIN calendars AS c ON c.id = n.calendar_id
LEFT JOIN leases AS o ON o.appointment_id = n.id AND o.revision = n.revision AND o.released_at IS NULL
LEFT JOIN accounts AS a ON a.id = o.account_id
LEFT JOIN LATERAL (
    SELECT join_url FROM meetings WHERE lease_id = o.id AND state = 'created' ORDER BY id DESC LIMIT 1) AS m ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS place FROM appointments AS q
    WHERE n.link = 'waiting' AND q.location_id = n.location_id AND q.status = 'booked' AND q.link = 'waiting'
      AND q.ends_at > :now AND (q.starts_at, q.id) <= (n.starts_at, n.id)
    HAVING count(*) > 0) AS w ON true
ORDER BY n.starts_at, n.id
""")

# Accounts that will serve the line by themselves. A recording will take as long as the location's last ones did, by
# their median; where there is none yet it counts as ready at once.
BUSY_UNTIL = with_accounts(
    ", "
    + USUAL
    + """
SELECT a.location_id, a.id AS account_id,
       CASE
           WHEN a.state = 'quarantined' THEN a.benched_until
           WHEN a.lease_state IN ('reserved', 'ready', 'live')
               THEN greatest(p.ends_at, :now) + coalesce(h.hold, interval '0') + :cooldown
           WHEN a.lease_state = 'processing' THEN greatest(l.ended_at + h.hold, :now) + :cooldown
           WHEN a.lease_state = 'cooldown' THEN a.cooldown_until
           ELSE CAST(:now AS timestamptz)
       END AS busy_until
FROM accounts_now AS a
LEFT JOIN appointments AS p ON p.id = a.appointment_id
LEFT JOIN leases AS l ON l.id = a.lease_id
LEFT JOIN usual AS h ON h.location_id = a.location_id
WHERE a.location_id = ANY (:locations) AND a.state NOT IN ('needs_reauth', 'draining', 'disconnected', 'busy_elsewhere')
  AND NOT (a.state = 'quarantined' AND a.benched_until IS NULL)
"""
)


def next_appointments(
    session: Session, location: int | None, *, now: datetime, limit: int, waiting: bool = False
) -> list[Upcoming]:
    """The next *limit* appointments of a week, of one location or of all for None, those going on included; or only
    those that are *waiting* for an account."""
    values = {"now": now, "since": now - STILL_RUNNING, "until": now + AHEAD, "location": location, "limit": limit}
    values |= {"waiting": waiting}
    return [Upcoming(**row) for row in session.execute(NEXT, values).mappings()]


def estimates(
    session: Session, appointments: Iterable[InLine], *, now: datetime, cooldown: timedelta
) -> dict[int, datetime | None]:
    """By appointment id, when an account should be free for each of *appointments* that waits for one."""
    in_line = {each.id: (each.location_id, each.place) for each in appointments if each.place is not None}
    if not in_line:
        return {}
    busy: defaultdict[int, list[datetime]] = defaultdict(list)
    for each in busy_at(session, {location for location, _ in in_line.values()}, now=now, cooldown=cooldown):
        busy[each.location_id].append(each.busy_until)
    return {id_: earliest_free(now, busy[location], place) for id_, (location, place) in in_line.items()}


def busy_until(session: Session, location_id: int, *, now: datetime, cooldown: timedelta) -> dict[int, datetime]:
    """By account, when each of those that serve by themselves should be free; *now* or before: it is."""
    found = busy_at(session, {location_id}, now=now, cooldown=cooldown)
    return {each.account_id: each.busy_until for each in found}


def busy_at(session: Session, locations: Iterable[int], *, now: datetime, cooldown: timedelta) -> list[Busy]:
    """The accounts of *locations* that serve by themselves, with the time at which each should be free."""
    values = {"now": now, "cooldown": cooldown, "locations": sorted(locations)}
    return [Busy(**row) for row in session.execute(BUSY_UNTIL, values).mappings()]
