"""What people were told, and of what it is still true."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Alert, Location
from core.domain.alerts import title


@dataclass(frozen=True)
class AlertLine:
    """One condition; *cleared_at* is None while it is true. Without a *location* it concerns several, or none."""

    id: int
    kind: str
    location: str | None
    zone: str
    text: str
    next_step: str
    raised_at: datetime
    cleared_at: datetime | None

    @property
    def title(self) -> str:
        """What it is about, in a few words."""
        return title(self.kind)


def alerts(
    session: Session,
    *,
    location: int | None = None,
    cleared_too: bool = False,
    cleared_since: datetime | None = None,
    limit: int = 100,
) -> list[AlertLine]:
    """The newest *limit* alerts, of one location if given; those that are over only if asked for, or nothing but those
    that have been over since *cleared_since*."""
    query = (
        sa.select(
            Alert.id,
            Alert.kind,
            Location.name,
            sa.func.coalesce(Location.zone, "UTC"),
            Alert.text,
            Alert.next_step,
            Alert.raised_at,
            Alert.cleared_at,
        )
        .outerjoin(Location, Location.id == Alert.location_id)
        .order_by(Alert.raised_at.desc(), Alert.id.desc())
        .limit(limit)
    )
    if location is not None:
        query = query.where(Alert.location_id == location)
    if cleared_since is not None:
        query = query.where(Alert.cleared_at >= cleared_since)
    elif not cleared_too:
        query = query.where(Alert.cleared_at.is_(None))
    return [AlertLine(*row) for row in session.execute(query)]
