"""What a what-if is computed from, and what came out of the last one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.domain.capacity import Usual, occupied
from core.domain.due import OpeningHours
from core.domain.what_if import Need

# What had an account, from its first lease to the end of its last, and what was missed. A lease is kept no longer than
# a day before its start and a week after it.
PAST = sa.text("""
WITH leased AS (
    SELECT appointment_id, revision, max(released_at) AS free_at, bool_or(released_at IS NULL) AS open
    FROM leases
    WHERE location_id = :location AND reserved_at >= CAST(:since AS timestamptz) - INTERVAL '1 hour'
      AND reserved_at < CAST(:until AS timestamptz) + INTERVAL '2 days'
    GROUP BY appointment_id, revision
), wanted AS (
    SELECT r.*, CASE WHEN NOT o.open THEN o.free_at END AS free_at
    FROM leased AS o JOIN appointment_revisions AS r USING (appointment_id, revision)
    WHERE r.due_at >= :since AND r.due_at < :until
    UNION ALL
    SELECT r.*, NULL
    FROM appointment_revisions AS r
    WHERE r.outcome = 'missed' AND r.location_id = :location AND r.due_at >= :since AND r.due_at < :until
      AND NOT EXISTS (SELECT FROM leased AS o WHERE (o.appointment_id, o.revision) = (r.appointment_id, r.revision))
)
SELECT w.appointment_id AS id, w.starts_at, w.ends_at, w.free_at,
       greatest(w.due_at, CASE WHEN w.revision = 1 THEN a.booked_at END) AS due_at,
       coalesce(w.outcome NOT IN ('cancelled', 'rescheduled'), true) AS counts
FROM wanted AS w
JOIN appointments AS a ON a.id = w.appointment_id
ORDER BY w.due_at, w.appointment_id, w.revision
""")
BOOKED = sa.text("""
SELECT id, starts_at, ends_at, NULL AS free_at, starts_at - CAST(:lead AS interval) AS due_at, true AS counts
FROM appointments
WHERE location_id = :location AND starts_at >= CAST(:since AS timestamptz) + :lead
  AND starts_at < CAST(:until AS timestamptz) + :lead AND status = 'booked' AND link <> 'not_needed'
ORDER BY starts_at, id
""")
# How many there are that will serve by themselves, and what became of links for want of one, in fact.
FACTS = sa.text("""
SELECT (SELECT count(*) FROM accounts WHERE location_id = :location AND connection = 'connected'
        AND (benched_until IS NULL OR benched_until < '9999-01-01')) AS accounts,
       count(*) FILTER (WHERE outcome = 'late') AS late, count(*) FILTER (WHERE outcome = 'missed') AS missed
FROM appointment_revisions
WHERE outcome IN ('late', 'missed') AND cause = 'capacity' AND location_id = :location
  AND due_at >= :since AND due_at < :until
""")
_RESULT = """
SELECT id, requested_at, claimed_at, done, steps, computed_at, failed_at, past, booked
FROM what_if_results WHERE location_id = :location
"""
COMPUTED = sa.text(_RESULT + "AND computed_at IS NOT NULL ORDER BY id DESC LIMIT 1")
LAST = sa.text(_RESULT + "ORDER BY id DESC LIMIT 1")


@dataclass(frozen=True)
class Facts:
    """The accounts there are, and the links that were late or missed for want of one."""

    accounts: int
    late: int
    missed: int


@dataclass(frozen=True)
class WhatIf:
    """A what-if of a location: asked for, under way, failed or computed."""

    id: int
    requested_at: datetime
    claimed_at: datetime | None
    done: int
    steps: int
    computed_at: datetime | None
    failed_at: datetime | None
    past: dict[str, Any] | None
    booked: dict[str, Any] | None

    @property
    def under_way(self) -> bool:
        """Somebody waits for it."""
        return self.computed_at is None and self.failed_at is None


def past_needs(
    session: Session, location_id: int, since: datetime, until: datetime, *, hours: OpeningHours, usual: Usual
) -> list[Need]:
    """The appointments that became due from *since* until *until* and had an account, or should have had one."""
    rows = session.execute(PAST, {"location": location_id, "since": since, "until": until}).all()
    return [_need(row, hours, usual) for row in rows]


def booked_needs(
    session: Session, location_id: int, since: datetime, until: datetime, *, hours: OpeningHours, usual: Usual
) -> list[Need]:
    """The appointments that will become due from *since* until *until*, each as long as it usually takes."""
    values = {"location": location_id, "since": since, "until": until, "lead": hours.lead_time}
    return [_need(row, hours, usual) for row in session.execute(BOOKED, values).all()]


def facts(session: Session, location_id: int, since: datetime, until: datetime) -> Facts:
    """What a replay is to be compared with."""
    values = {"location": location_id, "since": since, "until": until}
    return Facts(**session.execute(FACTS, values).mappings().one())


def computed(session: Session, location_id: int) -> WhatIf | None:
    """The last one that came to an end."""
    return _one(session, COMPUTED, location_id)


def last(session: Session, location_id: int) -> WhatIf | None:
    """The last one that was asked for, whatever became of it."""
    return _one(session, LAST, location_id)


def _one(session: Session, statement: sa.TextClause, location_id: int) -> WhatIf | None:
    row = session.execute(statement, {"location": location_id}).mappings().one_or_none()
    return None if row is None else WhatIf(**row)


def _need(row: Any, hours: OpeningHours, usual: Usual) -> Need:
    """Called off, it leaves the line when its account was free again."""
    free_at = row.free_at or occupied(row.starts_at, row.ends_at, usual)[1]
    leaves_at = min(row.starts_at + hours.late_open_limit, row.ends_at)
    return Need(
        row.id, row.due_at, row.starts_at, leaves_at if row.counts else min(leaves_at, free_at), free_at, row.counts
    )
