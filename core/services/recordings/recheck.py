"""After a meeting was deleted its recording is looked at once more: Zoom does not document what becomes of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.errors import ZoomPoolError, ZoomRejected
from core.services.opening.attempt import Zoom
from core.services.timeline import note
from core.services.tokens import AccountCredentials, Fresh

TAKEN = timedelta(minutes=2)
AGAIN = timedelta(minutes=5)
GONE_SINCE = timedelta(minutes=2)


def recheck_deleted(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    *,
    clock: Callable[[], datetime],
    run_id: str | None,
    actor: str,
    limit: int,
    threads: int,
) -> None:
    """Read the recordings of deleted meetings once more. One that is gone is recovered, and deleting stops."""
    now = clock()
    with sessions.begin() as session:
        given = {"now": now, "until": now + TAKEN, "gone_by": now - GONE_SINCE, "limit": limit}
        due = session.execute(statements("recordings")["claim_rechecks"], given).all()
    if not due:
        return
    fresh = zoom.tokens.fresh({row.account_id for row in due}, now=now)

    def recheck(row: sa.Row[Any]) -> None:
        kind, error = _look(zoom, row, fresh, clock)
        with sessions.begin() as session:
            _record(session, row, kind, error, actor=actor, run_id=run_id, now=clock())

    with ThreadPoolExecutor(min(threads, len(due)), thread_name_prefix="recheck") as pool:
        list(pool.map(recheck, due))


def _look(
    zoom: Zoom, row: sa.Row[Any], fresh: Fresh, clock: Callable[[], datetime]
) -> tuple[str | None, ZoomPoolError | None]:
    """The timeline's word for what happened to the recording (None: it is still there), or why nobody could say."""
    credentials: AccountCredentials | None = fresh.ready.get(row.account_id)
    if credentials is None:
        return None, fresh.failed[row.account_id]
    try:
        if zoom.tokens.using(credentials, lambda c: zoom.client.get_recording(c, row.zoom_uuid), now=clock()):
            return None, None
        zoom.tokens.using(credentials, lambda c: zoom.client.recover_recording(c, row.zoom_uuid), now=clock())
    except ZoomRejected as error:
        return "recording_lost", error
    except ZoomPoolError as error:
        return None, error
    return "recording_recovered", None


def _record(
    session: Session,
    row: sa.Row[Any],
    kind: str | None,
    error: ZoomPoolError | None,
    *,
    actor: str,
    run_id: str | None,
    now: datetime,
) -> None:
    again_at = now + AGAIN if error is not None and kind is None else None
    outcome = {"id": row.id, "again_at": again_at, "error": str(error) if error else None}
    session.execute(statements("recordings")["rechecked"], outcome)
    if kind is None:
        return
    session.execute(statements("recordings")["stop_deleting"], {"now": now, "reason": kind})
    note(
        session,
        kind,
        at=now,
        actor=actor,
        location_id=row.location_id,
        appointment_id=row.appointment_id,
        account_id=row.account_id,
        lease_id=row.lease_id,
        meeting_id=row.meeting_id,
        run_id=run_id,
    )
