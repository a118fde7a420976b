"""Where the booking systems are told, how well that goes, and what each was told."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

COUNTED = 10_000  # what waits is counted so far
DEAD_FOR = timedelta(days=7)  # what was given up longer ago is history


@dataclass(frozen=True)
class Endpoint:
    """A receiver and how it is.

    *waiting*: webhooks that are still to leave, *dead*: those given up within a week and not sent again. *last_reply*
    is what it said to the last one that was tried, *rotating_until* how long its old secret signs as well.
    """

    id: int
    location_id: int
    location: str
    zone: str
    url: str
    events: list[str] | None
    created_at: datetime
    created_by: str
    disabled_at: datetime | None
    disabled_reason: str | None
    rotating_until: datetime | None
    failures: int
    paused_until: datetime | None
    row_version: int
    last_sent_at: datetime | None
    last_reply: str | None
    waiting: int
    dead: int

    @property
    def health(self) -> str:
        """In one word: disabled, failing, dead, new or well."""
        if self.disabled_at is not None:
            return "disabled"
        if self.failures:
            return "failing"
        if self.dead:
            return "dead"
        return "well" if self.last_sent_at is not None else "new"


ENDPOINTS = sa.text("""
    SELECT h.id, h.location_id, l.name AS location, l.zone, h.url, h.events, h.created_at, h.created_by, h.disabled_at,
           h.disabled_reason, CASE WHEN h.previous_until > :now THEN h.previous_until END AS rotating_until, h.failures,
           h.paused_until, h.row_version, s.sent_at AS last_sent_at, t.provider_reply AS last_reply, w.waiting, d.dead
    FROM hook_endpoints AS h
    JOIN locations AS l ON l.id = h.location_id
    LEFT JOIN LATERAL (SELECT sent_at FROM messages
                       WHERE endpoint_id = h.id AND status = 'sent' ORDER BY id DESC LIMIT 1) AS s ON true
    LEFT JOIN LATERAL (SELECT provider_reply FROM messages
                       WHERE endpoint_id = h.id AND provider_reply IS NOT NULL ORDER BY id DESC LIMIT 1) AS t ON true
    CROSS JOIN LATERAL (SELECT count(*) AS waiting FROM (
        SELECT FROM messages
        WHERE endpoint_id = h.id AND channel = 'hook' AND status IN ('queued', 'retrying', 'in_flight')
        LIMIT :counted) AS open_ones) AS w
    CROSS JOIN LATERAL (SELECT count(*) AS dead FROM messages
                        WHERE endpoint_id = h.id AND channel = 'hook' AND status = 'failed' AND give_up_at > :dead_since
                          AND payload -> 'resent' IS NULL) AS d
    WHERE h.removed_at IS NULL AND (CAST(:location_id AS bigint) IS NULL OR h.location_id = :location_id)
      AND (CAST(:endpoint_id AS bigint) IS NULL OR h.id = :endpoint_id) AND h.id > :after
    ORDER BY l.name, h.id
    LIMIT :limit
""")


def endpoints(
    session: Session,
    *,
    now: datetime,
    location_id: int | None = None,
    endpoint_id: int | None = None,
    after: int = 0,
    limit: int = 200,
) -> list[Endpoint]:
    """The endpoints of one location, or all, by location and age; those *after* an id only."""
    given = {
        "now": now,
        "location_id": location_id,
        "endpoint_id": endpoint_id,
        "after": after,
        "limit": limit,
        "counted": COUNTED,
        "dead_since": now - DEAD_FOR,
    }
    return [Endpoint(**row) for row in session.execute(ENDPOINTS, given).mappings()]


@dataclass(frozen=True)
class Delivery:
    """One webhook to one endpoint. *reply*: what the receiver said last, *resent*: how often it was sent again."""

    id: int
    endpoint_id: int
    location_id: int
    event: str
    event_id: str  # by which the receiver knows it
    appointment: str | None  # its external id
    appointment_id: int | None
    revision: int | None
    status: str
    reason: str | None
    reply: str | None
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    give_up_at: datetime | None
    sent_at: datetime | None
    resend_of: int | None
    resent: int


DELIVERIES = """
    SELECT m.id, m.endpoint_id, m.location_id, m.kind AS event, m.message_id AS event_id, a.external_id AS appointment,
           m.appointment_id, m.revision, m.status, m.reason, m.provider_reply AS reply, m.attempts, m.created_at,
           m.next_attempt_at, m.give_up_at, m.sent_at, m.resend_of,
           coalesce(CAST(m.payload ->> 'resent' AS bigint), 0) AS resent
    FROM messages AS m
    LEFT JOIN appointments AS a ON a.id = m.appointment_id
"""
OF_ENDPOINT = sa.text(
    DELIVERIES
    + """
    WHERE m.endpoint_id = :endpoint_id AND m.id < :before
      AND (CAST(:status AS text) IS NULL OR m.status = :status)
    ORDER BY m.id DESC
    LIMIT :limit
"""
)
ONE = sa.text(DELIVERIES + "WHERE m.id = :id AND m.channel = 'hook'")
NEWEST = 2**63 - 1


def deliveries(
    session: Session, endpoint_id: int, *, before: int = NEWEST, status: str | None = None, limit: int = 50
) -> list[Delivery]:
    """What the endpoint was told, newest first; what came *before* an id only."""
    given = {"endpoint_id": endpoint_id, "before": before, "status": status, "limit": limit}
    return [Delivery(**row) for row in session.execute(OF_ENDPOINT, given).mappings()]


def delivery(session: Session, message_id: int) -> Delivery | None:
    """One webhook."""
    row = session.execute(ONE, {"id": message_id}).mappings().one_or_none()
    return None if row is None else Delivery(**row)
