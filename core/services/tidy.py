"""What is put in order before every allocation: links that were missed, and isolated runs that died."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.db.sql import statements
from core.domain.due import OpeningHours

AT_MOST = 500


def tidy(session: Session, *, hours: OpeningHours, run_id: str, now: datetime) -> int:
    """Declare missed what nobody opened in time and revive what lost its isolated run; how many were missed."""
    sql = statements("tidy")
    given = {
        "now": now,
        "earliest": hours.earliest(now),
        "run_id": run_id,
        "limit": AT_MOST,
    }
    missed = len(session.execute(sql["miss"], given).all())
    session.execute(sql["revive_isolated"], {"now": now, "horizon": hours.horizon(now)})
    return missed
