"""One line of the timeline per fact, written in the transaction of the fact itself."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Event
from core.db.sql import statements

SYSTEM = "system"


def note(
    session: Session,
    kind: str,
    *,
    at: datetime,
    actor: str,
    location_id: int | None = None,
    appointment_id: int | None = None,
    account_id: int | None = None,
    lease_id: int | None = None,
    meeting_id: int | None = None,
    message_id: int | None = None,
    run_id: str | None = None,
    tracking_id: str | None = None,
    **detail: Any,
) -> None:
    """Write that *kind* happened. *detail* holds ids, numbers and short stable words: no personal data, no secrets."""
    session.execute(
        sa.insert(Event).values(
            kind=kind,
            at=at,
            actor=actor,
            location_id=location_id,
            appointment_id=appointment_id,
            account_id=account_id,
            lease_id=lease_id,
            meeting_id=meeting_id,
            message_id=message_id,
            run_id=run_id,
            tracking_id=tracking_id,
            detail=detail,
        )
    )


def note_all(session: Session, events: Iterable[Mapping[str, Any]]) -> None:
    """Write many lines in one statement; each mapping has the columns of `events` that `note` would fill."""
    rows = [{"detail": {}, **event, "at": event["at"].isoformat()} for event in events]
    if rows:
        session.execute(statements("timeline")["note_all"], {"rows": json.dumps(rows)})
