"""Marking leases to be looked at again, in the transaction that changed what is known about them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from core.db.sql import statements


def look_again(session: Session, meeting_ids: Sequence[int], *, now: datetime) -> None:
    """Let the lifecycle look at the open leases of these meetings (our ids) at its next tick."""
    if meeting_ids:
        session.execute(statements("lifecycle")["look_again"], {"meetings": sorted(set(meeting_ids)), "now": now})
