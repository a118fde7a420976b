"""What Zoom has to be asked or told now, for the sensor that requests the runs which do it."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.db.sql import statements
from core.domain.due import OpeningHours
from core.services.drain import anything_to_disconnect
from core.services.lifecycle.ask import anything_to_ask
from core.services.probe import anything_to_probe
from core.services.recordings.collect import anything_to_collect


def network_work(session: Session, *, hours: OpeningHours, deletes_finished: bool, now: datetime) -> list[str]:
    """The kinds of work that are due, in a word each; none: no run is needed."""
    due = {
        "deletions": bool(session.scalar(statements("closing")["owed_now"], {"now": now})),
        "questions": anything_to_ask(session, now=now),
        "recordings": anything_to_collect(session, now=now),
        "accounts": anything_to_probe(session, hours=hours, now=now),
        "disconnections": anything_to_disconnect(session, now=now, deletes_finished=deletes_finished),
    }
    return [work for work, is_due in due.items() if is_due]
