"""The links that failed and can still be opened, with the run that failed last."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class FailedLink:
    """An appointment without a link. *tried_again*: another isolated run is asked for or under way."""

    id: int
    location_id: int
    location: str
    zone: str
    external_id: str
    starts_at: datetime
    ends_at: datetime
    reason: str | None
    detail: str | None
    isolation: int
    tried_again: bool
    failed_at: datetime | None
    run_id: str | None


FAILED = sa.text("""
    SELECT a.id, a.location_id, l.name AS location, l.zone, a.external_id, a.starts_at, a.ends_at, a.reason,
           a.reason_detail AS detail, a.isolation,
           a.isolation > a.isolation_claimed OR a.next_attempt_at IS NOT NULL AS tried_again,
           e.at AS failed_at, e.run_id
    FROM appointments AS a
    JOIN locations AS l ON l.id = a.location_id
    LEFT JOIN LATERAL (
        SELECT v.at, v.run_id FROM events AS v
        WHERE v.appointment_id = a.id AND v.kind = 'link_failed' ORDER BY v.id DESC LIMIT 1) AS e ON true
    WHERE a.status = 'booked' AND a.link IN ('not_due', 'waiting', 'opening', 'failed') AND a.link = 'failed'
      AND a.starts_at > CAST(:now AS timestamptz) - INTERVAL '1 day' AND a.starts_at <= :horizon AND a.ends_at > :now
      AND (CAST(:location AS bigint) IS NULL OR a.location_id = :location)
    ORDER BY a.starts_at, a.id
    LIMIT :limit
""")  # the list of all unopened ones is what the index knows


def failed_links(
    session: Session, location: int | None, *, now: datetime, horizon: datetime, limit: int = 50
) -> list[FailedLink]:
    """Those of one location, or of all, by start; what starts after *horizon* cannot be opened yet."""
    values = {"now": now, "horizon": horizon, "location": location, "limit": limit}
    return [FailedLink(**row) for row in session.execute(FAILED, values).mappings()]
