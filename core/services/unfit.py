"""An account that turned out not to be usable, wherever it was noticed, is taken out of the pool at once."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.errors import AccountUnfit, ZoomPoolError
from core.services.accounts import bench


def note_unfit(
    session: Session, account_id: int, error: ZoomPoolError, *, now: datetime, actor: str, **ids: Any
) -> bool:
    """Bench the account if *error* says that it cannot be used; whether it does.

    A dead grant is none of its business: `Tokens` has marked the account already, and knows which grant Zoom refused.
    """
    if not isinstance(error, AccountUnfit):
        return False
    bench(session, account_id, reason=error.reason, until=error.until, actor=actor, now=now, **ids)
    return True
