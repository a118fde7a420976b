"""What people see of appointments in a list, at a command line and in the console."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

LINES = sa.text("""
SELECT a.id, a.location_id, a.external_id, a.client_name, a.client_email, l.name AS location, l.zone,
       k.name AS calendar, a.starts_at, a.ends_at, a.status, a.link AS link_state, m.join_url, c.email AS account,
       a.reason AS why, coalesce(a.reason_detail, a.reason) AS reason
FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS g (id, ordinal)
JOIN appointments AS a ON a.id = g.id
JOIN locations AS l ON l.id = a.location_id
JOIN calendars AS k ON k.id = a.calendar_id
LEFT JOIN leases AS o ON o.appointment_id = a.id AND o.revision = a.revision AND o.released_at IS NULL
LEFT JOIN accounts AS c ON c.id = o.account_id
LEFT JOIN meetings AS m ON m.lease_id = o.id AND m.state = 'created'
ORDER BY g.ordinal
""")


@dataclass(frozen=True)
class AppointmentLine:
    """One appointment with its link, the account that has it, and why there is none (yet): *why* is a short stable
    word, *reason* Zoom's own words where there are any."""

    id: int
    location_id: int
    external_id: str
    client_name: str = field(repr=False)
    client_email: str = field(repr=False)
    location: str
    zone: str
    calendar: str
    starts_at: datetime
    ends_at: datetime
    status: str
    link_state: str
    join_url: str | None
    account: str | None
    why: str | None
    reason: str | None


def lines(session: Session, ids: Sequence[int]) -> list[AppointmentLine]:
    """The appointments with *ids*, in that order."""
    return [AppointmentLine(**row) for row in session.execute(LINES, {"ids": list(ids)}).mappings()]
