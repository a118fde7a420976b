"""Which appointments Zoom's meetings are of."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Seat


@dataclass(frozen=True)
class OurMeeting:
    """The appointment whose meeting it is."""

    external_id: str
    location_id: int
    location: str


OURS = sa.text("""
    SELECT m.zoom_meeting_id, a.external_id, a.location_id, o.name AS location
    FROM meetings AS m
    JOIN leases AS l ON l.id = m.lease_id
    JOIN appointments AS a ON a.id = l.appointment_id
    JOIN locations AS o ON o.id = a.location_id
    WHERE m.zoom_meeting_id = ANY (CAST(:ids AS text[]))
""")


def our_meetings(session: Session, zoom_meeting_ids: Collection[str]) -> dict[str, OurMeeting]:
    """By Zoom's number, those among them that we made."""
    rows = session.execute(OURS, {"ids": list(zoom_meeting_ids)})
    return {row.zoom_meeting_id: OurMeeting(row.external_id, row.location_id, row.location) for row in rows}


def seats_of(session: Session, emails: Collection[str]) -> dict[str, int]:
    """The locations of those addresses that are seats of ours."""
    found = session.execute(sa.select(Seat.email, Seat.location_id).where(Seat.email.in_(emails)))
    return {seat.email: seat.location_id for seat in found}
