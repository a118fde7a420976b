"""The search for a recording begins when its instance has ended."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from core.db.sql import statements
from core.domain.recording import LADDER
from core.services.timeline import SYSTEM


def seek_recordings(session: Session, meeting_ids: Sequence[int], *, now: datetime) -> None:
    """Seek the recording of every ended instance of these meetings (our ids) that is not sought yet.

    Where Zoom had said that it would not record the meeting, none was made: that is known at once.
    """
    if meeting_ids:
        given = {"meetings": sorted(set(meeting_ids)), "first_rung": LADDER[0], "now": now, "actor": SYSTEM}
        session.execute(statements("recordings")["seek"], given)
