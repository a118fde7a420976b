"""What the page of one appointment shows, and how people find it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

ID_DIGITS = 18  # what fits a bigint whatever the digits are


@dataclass(frozen=True)
class Found:
    """One line of a search result."""

    id: int
    location_id: int
    location: str
    zone: str
    external_id: str
    client_name: str
    client_email: str
    starts_at: datetime
    status: str
    link: str


@dataclass(frozen=True)
class AppointmentFacts:
    """Everything about one appointment. *account* and what belongs to it is of the newest lease of this revision."""

    id: int
    location_id: int
    location: str
    zone: str
    calendar: str
    meeting_location: str
    external_id: str
    client_name: str
    client_email: str
    client_zone: str
    starts_at: datetime
    ends_at: datetime
    revision: int
    row_version: int
    status: str
    link: str
    reason: str | None
    reason_detail: str | None
    not_recorded: bool
    waiting_since: datetime | None
    place: int | None
    account: str | None
    lease_state: str | None
    account_idle_since: datetime | None
    free_accounts: int | None
    zoom_meeting_id: str | None
    join_url: str | None
    passcode: bytes | None = field(repr=False)


@dataclass(frozen=True)
class EventLine:
    """One line of the timeline."""

    at: datetime
    kind: str
    actor: str
    account: str | None
    run_id: str | None
    tracking_id: str | None
    detail: dict[str, Any]


FOUND = """
SELECT p.id, l.id AS location_id, l.name AS location, l.zone, p.external_id, p.client_name, p.client_email, p.starts_at,
       p.status, p.link
FROM locations AS l
JOIN appointments AS p ON p.location_id = l.id
"""

# The booking system's id comes before ours: its people paste it, and both can be the same number.
BY_ID = sa.text(
    FOUND
    + """
WHERE p.external_id = :text AND (CAST(:location AS bigint) IS NULL OR p.location_id = :location)
ORDER BY p.starts_at DESC
LIMIT 20
"""
)
BY_OUR_ID = sa.text(FOUND + "WHERE p.id = :id")

FACTS = sa.text("""
SELECT p.id, p.location_id, l.name AS location, l.zone, c.name AS calendar, c.meeting_location, p.external_id,
       p.client_name, p.client_email, p.client_zone, p.starts_at, p.ends_at, p.revision, p.row_version, p.status,
       p.link, p.reason, p.reason_detail, p.not_recorded,
       r.waiting_since, w.place, a.email AS account, o.state AS lease_state, o.account_idle_since,
       o.free_accounts, m.zoom_meeting_id, m.join_url, m.passcode
FROM appointments AS p
JOIN locations AS l ON l.id = p.location_id
JOIN calendars AS c ON c.id = p.calendar_id
LEFT JOIN appointment_revisions AS r ON r.appointment_id = p.id AND r.revision = p.revision
LEFT JOIN LATERAL (
    SELECT * FROM leases WHERE appointment_id = p.id AND revision = p.revision ORDER BY id DESC LIMIT 1) AS o ON true
LEFT JOIN accounts AS a ON a.id = o.account_id
LEFT JOIN LATERAL (
    SELECT * FROM meetings WHERE lease_id = o.id AND state = 'created' ORDER BY id DESC LIMIT 1) AS m ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS place FROM appointments AS q
    WHERE p.link = 'waiting' AND q.location_id = p.location_id AND q.status = 'booked' AND q.link = 'waiting'
      AND q.ends_at > :now AND (q.starts_at, q.id) <= (p.starts_at, p.id)
    HAVING count(*) > 0) AS w ON true
WHERE p.id = :id
""")

EVENTS = sa.text("""
SELECT * FROM (
    SELECT e.id, e.at, e.kind, e.actor, a.email AS account, e.run_id, e.tracking_id, e.detail
    FROM events AS e
    LEFT JOIN accounts AS a ON a.id = e.account_id
    WHERE e.appointment_id = :id
    ORDER BY e.id DESC
    LIMIT :limit) AS newest
ORDER BY at, id
""")


def is_id(text: str) -> bool:
    """Whether *text* can be a number of ours."""
    return text.isascii() and text.isdigit() and len(text) <= ID_DIGITS


def by_id(session: Session, text: str, location: int | None = None) -> list[Found]:
    """The appointments that *text* names: by the booking system's id, which counts within a location, else by ours."""
    rows = session.execute(BY_ID, {"text": text, "location": location}).mappings().all()
    if not rows and is_id(text):
        rows = session.execute(BY_OUR_ID, {"id": int(text)}).mappings().all()
    return [Found(**row) for row in rows]


def facts(session: Session, appointment_id: int, *, now: datetime) -> AppointmentFacts:
    """Everything about one appointment that exists."""
    return AppointmentFacts(**session.execute(FACTS, {"id": appointment_id, "now": now}).mappings().one())


def events(session: Session, appointment_id: int, *, limit: int) -> list[EventLine]:
    """The last *limit* lines of its timeline, newest last."""
    rows = session.execute(EVENTS, {"id": appointment_id, "limit": limit}).mappings()
    return [EventLine(**{name: value for name, value in row.items() if name != "id"}) for row in rows]
