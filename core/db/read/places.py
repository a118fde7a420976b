"""What the pages of locations and calendars show."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class LocationLine:
    """A location with what it has. *row_version* is given back by who changes what he saw."""

    id: int
    row_version: int
    name: str
    zone: str
    sender_name: str
    status: str
    recording_hold_limit: timedelta | None
    confirm_bookings: bool
    refuse_when_short: bool
    paused: bool
    calendars: int
    seats: int
    connected: int


@dataclass(frozen=True)
class CalendarLine:
    """A calendar and its location. *row_version* is given back by who changes what he saw."""

    id: int
    row_version: int
    location_id: int
    location: str
    name: str
    meeting_location: str
    meeting_detail: str | None
    default_minutes: int
    copy_to_host: bool
    host_email: str | None


LOCATIONS = sa.text("""
SELECT l.id, l.row_version, l.name, l.zone, l.sender_name, l.status, l.recording_hold_limit, l.confirm_bookings,
       l.refuse_when_short, l.allocation_paused_at IS NOT NULL AS paused,
       (SELECT count(*) FROM calendars AS k WHERE k.location_id = l.id) AS calendars,
       (SELECT count(*) FROM seats AS s WHERE s.location_id = l.id AND s.taken_back_at IS NULL) AS seats,
       (SELECT count(*) FROM accounts AS a WHERE a.location_id = l.id AND a.connection = 'connected') AS connected
FROM locations AS l
WHERE l.name ILIKE :like AND (CAST(:only AS bigint) IS NULL OR l.id = :only)
ORDER BY l.name, l.id
OFFSET :skipped LIMIT :limit
""")

COUNT_LOCATIONS = sa.text("SELECT count(*) FROM locations WHERE name ILIKE :like")

CALENDARS = sa.text("""
SELECT k.id, k.row_version, k.location_id, l.name AS location, k.name, k.meeting_location, k.meeting_detail,
       k.default_minutes, k.copy_to_host, k.host_email
FROM calendars AS k JOIN locations AS l ON l.id = k.location_id
WHERE (CAST(:location AS bigint) IS NULL OR k.location_id = :location)
  AND (CAST(:only AS bigint) IS NULL OR k.id = :only)
ORDER BY l.name, l.id, k.name, k.id
OFFSET :skipped LIMIT :limit
""")

COUNT_CALENDARS = sa.text("""
SELECT count(*) FROM calendars WHERE CAST(:location AS bigint) IS NULL OR location_id = :location
""")

# What a suspension would keep from its link.
DUE_SOON = sa.text("""
SELECT count(*) FROM appointments
WHERE location_id = :location AND status = 'booked' AND link IN ('not_due', 'waiting', 'failed')
  AND starts_at > :now AND starts_at <= :until
""")


def locations(session: Session, *, search: str, limit: int, skipped: int = 0) -> list[LocationLine]:
    """The locations whose name holds *search*, by name."""
    given = {"like": _holding(search), "limit": limit, "skipped": skipped, "only": None}
    return [LocationLine(**row) for row in session.execute(LOCATIONS, given).mappings()]


def location(session: Session, location_id: int) -> LocationLine | None:
    """The location with that id, if there is one."""
    row = session.execute(LOCATIONS, {"like": "%", "limit": 1, "skipped": 0, "only": location_id}).mappings().first()
    return None if row is None else LocationLine(**row)


def count_locations(session: Session, *, search: str) -> int:
    """How many locations have *search* in their name."""
    return int(session.execute(COUNT_LOCATIONS, {"like": _holding(search)}).scalar_one())


def calendars(session: Session, location: int | None, *, limit: int, skipped: int = 0) -> list[CalendarLine]:
    """The calendars of one location, or of all for None, by location."""
    found = session.execute(CALENDARS, {"location": location, "limit": limit, "skipped": skipped, "only": None})
    return [CalendarLine(**row) for row in found.mappings()]


def calendar(session: Session, calendar_id: int) -> CalendarLine | None:
    """The calendar with that id, if there is one."""
    given = {"location": None, "limit": 1, "skipped": 0, "only": calendar_id}
    row = session.execute(CALENDARS, given).mappings().first()
    return None if row is None else CalendarLine(**row)


def count_calendars(session: Session, location: int | None) -> int:
    """How many calendars one location has, or all for None."""
    return int(session.execute(COUNT_CALENDARS, {"location": location}).scalar_one())


def without_link_if_suspended(session: Session, location: int, *, now: datetime, until: datetime) -> int:
    """How many appointments of a location that start until *until* still have to get their link."""
    return int(session.execute(DUE_SOON, {"location": location, "now": now, "until": until}).scalar_one())


def _holding(search: str) -> str:
    """The pattern of names that hold *search*, taken literally."""
    literal = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\0", "")
    return f"%{literal}%"
