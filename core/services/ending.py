"""After the scheduled end: when Zoom says that nobody is inside, the account cools down and is free again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.errors import ZoomNotFound, ZoomPoolError
from core.services.opening.attempt import Zoom
from core.services.tokens import AccountCredentials

ASK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Ended:
    """What Zoom said of one lease past its end: `over`, `live`, or `later` with a sentence."""

    lease_id: int
    appointment_id: int
    outcome: str
    detail: str = ""


def verify_past(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    *,
    cooldown: timedelta,
    clock: Callable[[], datetime],
    run_id: str,
    limit: int = 250,
    threads: int = 8,
) -> list[Ended]:
    """Ask Zoom about every lease past its end. Time alone frees no account: while people are inside, it stays
    theirs."""
    now = clock()
    with sessions.begin() as session:
        given = {"now": now, "until": now + ASK_AGAIN, "limit": limit}
        past = session.execute(statements("ending")["claim_past"], given).all()
    if not past:
        return []
    fresh = zoom.tokens.fresh({row.account_id for row in past}, now=now)

    def verify(row: sa.Row[Any]) -> Ended:
        credentials = fresh.ready.get(row.account_id)
        if credentials is None:
            return Ended(row.lease_id, row.appointment_id, "later", str(fresh.failed[row.account_id]))
        return _verify(sessions, zoom, row, credentials, cooldown=cooldown, clock=clock, run_id=run_id)

    with ThreadPoolExecutor(min(threads, len(past)), thread_name_prefix="verify") as pool:
        return list(pool.map(verify, past))


def anything_past(session: Session, *, now: datetime) -> bool:
    """Whether a lease is past its end and Zoom is to be asked."""
    return bool(session.scalar(statements("ending")["past_now"], {"now": now}))


def _verify(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    row: sa.Row[Any],
    credentials: AccountCredentials,
    *,
    cooldown: timedelta,
    clock: Callable[[], datetime],
    run_id: str,
) -> Ended:
    try:
        meeting = zoom.tokens.using(
            credentials, lambda c: zoom.client.get_meeting(c, str(row.zoom_meeting_id)), now=clock()
        )
        started = meeting.started
    except ZoomNotFound:
        started = False  # deleted on Zoom: nobody can be inside
    except ZoomPoolError as error:
        return Ended(row.lease_id, row.appointment_id, "later", str(error))
    now = clock()
    mine = {"lease_id": row.lease_id, "fence": row.fence, "now": now}
    with sessions.begin() as session:
        session.execute(statements("ending")["lock_appointment"], {"appointment_id": row.appointment_id})
        if started:
            session.execute(statements("ending")["still_live"], mine)
        else:
            until = {"until": now + cooldown, "run_id": run_id}
            session.execute(statements("ending")["cool_down"], {**mine, **until})
    return Ended(row.lease_id, row.appointment_id, "live" if started else "over")
