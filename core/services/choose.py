"""Choosing an account by hand: the one somebody wishes for, or the one that has been idle the longest."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from core.db.read.accounts_now import with_accounts
from core.db.sql import statements
from core.errors import Conflict

STATE_OF = with_accounts("SELECT email, state FROM accounts_now WHERE id = :account_id")
NOT_FREE = {
    "idle": "has no meetings left for today by Zoom's limit",
    "busy_elsewhere": "is in a meeting that is not ours",
    "quarantined": "is out of the pool",
    "needs_reauth": "has lost its connection",
    "draining": "is being disconnected",
    "disconnected": "is disconnected",
    "closing": "waits for Zoom to confirm that its last meeting is gone",
    "cooldown": "cools down",
    "processing": "waits for its recording",
}


@dataclass(frozen=True)
class Choice:
    """The account that was chosen and how many were free to choose from."""

    id: int
    idle_since: datetime
    among: int


def choose(
    session: Session, *, location_id: int, old_account: int, wished: int | None, actor: str, now: datetime
) -> Choice:
    """A free account of the location, whose row the caller has locked; it is locked, too.

    Raises:
        Conflict: none is free, or the one *wished* for is not, and why.
    """
    if wished == old_account:
        raise Conflict("The appointment is on that account already.", next_step="Choose another one.")
    cooled = {"locations": [location_id], "actor": actor, "run_id": None, "now": now}
    session.execute(statements("allocate")["close_passed_cooldowns"], cooled)
    given = {"location_id": location_id, "now": now, "utc_day": now.astimezone(UTC).date()}
    free = session.execute(statements("hands_on")["free_accounts"], given).all()
    for account in free:
        if wished in (None, account.id):
            return Choice(account.id, account.idle_since, len(free))
    if wished is None:
        raise Conflict(
            "No other account of this location is free.",
            next_step="Free or connect one; the appointment keeps its account and its link.",
        )
    email, state = session.execute(STATE_OF, {"account_id": wished, "now": now}).one()
    raise Conflict(
        f"{email} {NOT_FREE.get(state, 'has another appointment')}.",
        next_step="Choose another one, or leave the choice to us: the one that has been idle the longest.",
    )
