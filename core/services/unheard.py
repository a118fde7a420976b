"""Meetings that were held without our hearing of it: what Zoom knows, before anything of them is deleted."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import ZoomNotFound
from core.services.lifecycle.signs import Sign, record_signs
from core.services.opening.attempt import Zoom
from core.services.recordings.seek import seek_recordings
from core.services.tokens import AccountCredentials


def last_held(
    zoom: Zoom, credentials: AccountCredentials, zoom_meeting_id: str, row: sa.Row[Any], *, now: datetime
) -> Sign | None:
    """The latest time at which the meeting of *row* (`location_id`, `meeting_id`) was held; None: never, says Zoom."""
    try:
        past = zoom.tokens.using(credentials, lambda c: zoom.client.past_meeting(c, zoom_meeting_id), now=now)
    except ZoomNotFound:
        return None
    ended = past.end_time or now
    started = min(past.start_time or ended, ended)
    return Sign(row.location_id, row.meeting_id, past.uuid, started, ended, ended_at=ended, by="asked")


def take_in(session: Session, sign: Sign, *, now: datetime) -> None:
    """Know of it from now on, and seek its recording. The lease of the meeting has been locked."""
    record_signs(session, [sign])
    seek_recordings(session, [sign.meeting_id], now=now)
