"""Deleting meetings that are over, so that an old link cannot start them again; stopped when that costs a recording."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.db.sql import statements
from core.errors import Conflict
from core.services.timeline import note

AT_ONCE = 500
# The deletion itself takes seconds, and what it does to the recording may take longer.
RECHECK_AFTER = timedelta(minutes=5)


def delete_finished(session: Session, *, now: datetime, enabled: bool) -> int:
    """Want the deletion of meetings that took place and whose recordings are all known; how many they were.

    *enabled*: DELETE_FINISHED_MEETINGS. Nothing is deleted either after a deletion has cost a recording.
    """
    if not enabled:
        return 0
    given = {"now": now, "recheck_at": now + RECHECK_AFTER, "limit": AT_ONCE}
    return len(session.execute(statements("recordings")["delete_finished"], given).all())


def resume_deleting(session: Session, *, actor: str, role: str, reason: str, now: datetime) -> None:
    """Delete finished meetings again, after somebody has looked why a recording went with its meeting.

    Raises:
        Conflict: deleting has not stopped.
    """
    if session.scalar(statements("recordings")["resume_deleting"]) is None:
        raise Conflict("Finished meetings are being deleted; there is nothing to resume.")
    note(session, "deletion_resumed", at=now, actor=actor, role=role, reason=reason)
