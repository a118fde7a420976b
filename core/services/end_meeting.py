"""Ending meetings for everybody in them, at a person's word."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Lease, Meeting
from core.db.sql import statements
from core.errors import ZoomNotFound, ZoomPoolError, ZoomRejected
from core.services.opening.attempt import Zoom
from core.services.recordings.seek import seek_recordings
from core.services.timeline import note
from core.services.tokens import AccountCredentials
from core.zoom.client import Credentials


def end_meetings(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    meetings: Collection[int],
    *,
    actor: str,
    clock: Callable[[], datetime],
) -> bool:
    """End these meetings; False while Zoom does not confirm it of every one."""
    if not meetings:
        return True
    with sessions() as session:
        rows = session.execute(
            sa.select(
                Meeting.id,
                Meeting.zoom_meeting_id,
                Meeting.account_id,
                Meeting.location_id,
                Meeting.lease_id,
                Lease.appointment_id,
            )
            .join(Lease, Lease.id == Meeting.lease_id)
            .where(Meeting.id.in_(meetings))
        ).all()
    fresh = zoom.tokens.fresh({row.account_id for row in rows}, now=clock())
    ended = True
    for row in rows:
        credentials = fresh.ready.get(row.account_id)
        over = credentials is not None and _end(zoom, credentials, str(row.zoom_meeting_id), clock())
        if over:
            _record(sessions, row, actor=actor, now=clock())
        ended = ended and over
    return ended


def _end(zoom: Zoom, credentials: AccountCredentials, meeting_id: str, now: datetime) -> bool:
    """What Zoom answers for a meeting that does not run any more is not documented; then its status decides."""

    def call(c: Credentials) -> bool:
        try:
            zoom.client.end_meeting(c, meeting_id)
        except ZoomNotFound:
            return True
        except ZoomRejected:
            return not zoom.client.get_meeting(c, meeting_id).started
        return True

    try:
        return zoom.tokens.using(credentials, call, now=now)
    except ZoomPoolError:
        return False


def _record(sessions: sessionmaker[Session], row: Any, *, actor: str, now: datetime) -> None:
    with sessions.begin() as session:
        session.execute(statements("closing")["go_on"], {"leases": [row.lease_id], "now": now})
        session.execute(statements("closing")["everybody_out"], {"meeting_id": row.id, "now": now})
        seek_recordings(session, [row.id], now=now)
        note(
            session,
            "meeting_ended_by_us",
            at=now,
            actor=actor,
            location_id=row.location_id,
            appointment_id=row.appointment_id,
            account_id=row.account_id,
            lease_id=row.lease_id,
            meeting_id=row.id,
        )
