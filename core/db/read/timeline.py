"""The timeline of one appointment, page by page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

LINES = sa.text("""
SELECT e.id, e.at, e.kind, e.actor, a.email AS account, e.run_id, e.tracking_id, e.detail
FROM events AS e
LEFT JOIN accounts AS a ON a.id = e.account_id
WHERE e.appointment_id = :appointment_id AND e.id > :after
ORDER BY e.id
LIMIT :limit
""")


@dataclass(frozen=True)
class Line:
    """What happened, when, and who did it."""

    id: int
    at: datetime
    kind: str
    actor: str
    account: str | None
    run_id: str | None
    tracking_id: str | None
    detail: dict[str, Any]


def timeline(session: Session, appointment_id: int, *, after: int, limit: int) -> list[Line]:
    """The next *limit* lines of an appointment behind the line *after* (0: from the first on), oldest first."""
    values = {"appointment_id": appointment_id, "after": after, "limit": limit}
    return [Line(**row) for row in session.execute(LINES, values).mappings()]
