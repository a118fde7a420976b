"""Messages that were given up or refused: mails and outgoing webhooks that nobody has sent again since."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

LATELY = timedelta(days=7)  # what was given up longer ago is history


@dataclass(frozen=True)
class DeadMessage:
    """One message. *to*: a mail's address, or a webhook's; *useful*: what it says may still matter to its reader."""

    id: int
    channel: str
    kind: str
    location_id: int | None
    location: str | None
    zone: str
    external_id: str | None
    appointment_id: int | None
    to: str
    reason: str | None
    reply: str | None
    attempts: int
    created_at: datetime
    useful: bool


# What was overtaken is left out: mails about a time that is no more, or about an appointment that is cancelled by now.
DEAD = sa.text("""
WITH dead AS (
    (SELECT m.*, true AS useful FROM messages AS m
     JOIN hook_endpoints AS h ON h.id = m.endpoint_id AND h.disabled_at IS NULL
     WHERE m.status = 'failed' AND m.channel = 'hook' AND m.give_up_at > :since AND m.payload -> 'resent' IS NULL
       AND (CAST(:location AS bigint) IS NULL OR m.location_id = :location)
     ORDER BY m.give_up_at DESC LIMIT :limit)
    UNION ALL
    (SELECT m.*, a.status <> 'missed' AND a.ends_at > :now AS useful FROM messages AS m
     JOIN appointments AS a ON a.id = m.appointment_id
     WHERE m.status = 'failed' AND m.channel = 'mail' AND m.give_up_at > :since
       AND (CAST(:location AS bigint) IS NULL OR m.location_id = :location)
       AND (a.status = 'cancelled') = (m.kind = 'cancelled') AND (m.kind = 'booked' OR m.revision = a.revision)
       AND NOT EXISTS (SELECT FROM messages AS r
                       WHERE r.appointment_id = m.appointment_id AND r.resend_of = coalesce(m.resend_of, m.id)
                         AND r.id > m.id)
     ORDER BY m.give_up_at DESC LIMIT :limit)
)
SELECT d.id, d.channel, d.kind, d.location_id, l.name AS location, coalesce(l.zone, 'UTC') AS zone, p.external_id,
       d.appointment_id, d.recipient AS to, d.reason, d.provider_reply AS reply, d.attempts, d.created_at, d.useful
FROM dead AS d
LEFT JOIN locations AS l ON l.id = d.location_id
LEFT JOIN appointments AS p ON p.id = d.appointment_id
ORDER BY d.useful DESC, d.id DESC
LIMIT :limit
""")


def dead_messages(session: Session, location: int | None, *, now: datetime, limit: int = 25) -> list[DeadMessage]:
    """Those of the last seven days of one location, or of all: first what can still be of use, newest first."""
    values = {"now": now, "since": now - LATELY, "location": location, "limit": limit}
    return [DeadMessage(**row) for row in session.execute(DEAD, values).mappings()]
