"""Who paused the opening of links, where, since when and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Paused:
    """One pause. Without a *location* it is of all of them."""

    location_id: int | None
    location: str | None
    zone: str
    since: datetime
    by: str
    reason: str


PAUSES = sa.text("""
    SELECT NULL::bigint AS location_id, NULL::text AS location, 'UTC' AS zone, allocation_paused_at AS since,
           coalesce(allocation_paused_by, '') AS by, coalesce(allocation_paused_reason, '') AS reason
    FROM installation WHERE allocation_paused_at IS NOT NULL
    UNION ALL
    SELECT id, name, zone, allocation_paused_at, coalesce(allocation_paused_by, ''),
           coalesce(allocation_paused_reason, '')
    FROM locations
    WHERE allocation_paused_at IS NOT NULL AND (CAST(:only AS bigint[]) IS NULL OR id = ANY (CAST(:only AS bigint[])))
    ORDER BY location NULLS FIRST
""")


def pauses(session: Session, *, only: Collection[int] | None = None) -> list[Paused]:
    """The pause of all locations first, then those of single ones by name; of the locations *only*, if given."""
    given = {"only": None if only is None else list(only)}
    return [Paused(**row) for row in session.execute(PAUSES, given).mappings()]
