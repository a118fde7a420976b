"""Taking accounts out of the pool and putting them back, and the list of accounts for people and programs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Account, Grant, Seat
from core.db.read.accounts_now import with_accounts
from core.domain.states import Connection
from core.errors import NotFound
from core.services.connection_periods import FOREVER, begin_period
from core.services.locations import find_location, find_seat
from core.services.timeline import note


def locked_account(session: Session, account_id: int) -> Account:
    """The account, locked until the transaction ends and read after the lock. Raises `NotFound`."""
    account = session.get(Account, account_id, with_for_update={"key_share": True}, populate_existing=True)
    if account is None:
        raise NotFound(f"There is no account {account_id}.")
    return account


def find_account(session: Session, location: str, email: str) -> Account:
    """The account that an issued seat of the location has become. Raises `NotFound`, saying what there is."""
    seat = find_seat(session, find_location(session, location), email)
    account = session.scalar(sa.select(Account).join(Seat, Seat.id == Account.seat_id).where(Seat.id == seat.id))
    if account is None:
        raise NotFound(
            f"The seat {seat.email} has never been connected.",
            next_step=f"Connect it: zoompool accounts connect {seat.email} -l '{location}'.",
        )
    return account


def bench(
    session: Session,
    account_id: int,
    *,
    reason: str,
    until: datetime | None,
    actor: str,
    now: datetime,
    **ids: Any,
) -> None:
    """Take an account out of the pool until *until* (None: until a person releases it), whatever its connection.

    A bench that lasts longer already stays as it is. *ids* go to the timeline (`run_id`, `appointment_id`, ...).
    """
    account = locked_account(session, account_id)
    until = until or FOREVER
    if account.benched_until is not None and account.benched_until >= until:
        return
    account.benched_until, account.bench_reason = until, reason
    account.row_version += 1
    begin_period(session, account, at=now, actor=actor, reason=reason)
    about = {"location_id": account.location_id, "account_id": account.id, **ids}
    note(
        session,
        "account_benched",
        at=now,
        actor=actor,
        reason=reason,
        until=until.isoformat(),
        **about,
    )


def release_bench(session: Session, account_id: int, *, actor: str, now: datetime, **detail: Any) -> bool:
    """Put a benched account back into the pool; False for one that is not benched: it stays as it is."""
    account = locked_account(session, account_id)
    if account.benched_until is None or account.benched_until <= now:
        return False
    detail.setdefault("reason", account.bench_reason)
    account.benched_until = account.bench_reason = None
    account.row_version += 1
    begin_period(session, account, at=now, actor=actor)
    about: dict[str, Any] = {
        "location_id": account.location_id,
        "account_id": account.id,
    }
    note(session, "account_released", at=now, actor=actor, **about, **detail)
    return True


def mark_needs_reauth(
    session: Session,
    account_id: int,
    *,
    grant_id: int,
    reason: str,
    actor: str,
    now: datetime,
    **ids: Any,
) -> bool:
    """Record that the account's grant is dead. False when it is no longer the account's grant, or was recorded before.

    Somebody may have reconnected since Zoom refused *grant_id*; the new grant must not be blamed for the old one.
    """
    account = locked_account(session, account_id)
    is_current = session.scalar(sa.select(Grant.id).where(Grant.id == grant_id, Grant.ended_at.is_(None)))
    if is_current is None or account.connection not in (
        Connection.CONNECTED,
        Connection.DRAINING,
    ):
        return False
    account.connection = Connection.NEEDS_REAUTH
    account.row_version += 1
    begin_period(session, account, at=now, actor=actor, reason=reason)
    about = {"location_id": account.location_id, "account_id": account.id, **ids}
    note(
        session,
        "account_needs_reauth",
        at=now,
        actor=actor,
        reason=reason,
        grant_id=grant_id,
        **about,
    )
    return True


@dataclass(frozen=True)
class AccountLine:
    """An account as the pool sees it.

    *state* is what its connection allows: `connected`, `draining`, `needs_reauth`, `quarantined`, `busy_elsewhere` or
    `disconnected`, with *reason* where something is wrong. *lease_state* is its open lease's, else `idle`. An account
    that is not in use has *idle_since*, one that is *busy_until*: the planned end, at least now, plus the cooldown.
    """

    id: int
    location_id: int
    location: str
    email: str
    state: str
    lease_state: str
    idle_since: datetime | None
    busy_until: datetime | None
    reason: str | None


_LINES = with_accounts("""
    SELECT a.id, a.location_id, l.name AS location, a.email, a.fitness AS state, a.in_use AS lease_state,
        CASE WHEN a.lease_id IS NULL THEN a.idle_since END AS idle_since,
        CASE WHEN a.lease_id IS NOT NULL
            THEN coalesce(a.cooldown_until, greatest(p.ends_at, :now) + :cooldown) END AS busy_until,
        CASE WHEN a.fitness = 'quarantined' THEN a.bench_reason ELSE period.reason END AS reason
    FROM accounts_now AS a
    JOIN locations AS l ON l.id = a.location_id
    LEFT JOIN appointments AS p ON p.id = a.appointment_id
    LEFT JOIN connection_periods AS period ON period.account_id = a.id AND period.to_at IS NULL
    WHERE CAST(:location_id AS bigint) IS NULL OR a.location_id = :location_id
    ORDER BY l.name, a.email, a.id
""")


def list_accounts(
    session: Session,
    *,
    now: datetime,
    cooldown: timedelta,
    location_id: int | None = None,
) -> list[AccountLine]:
    """All accounts that are or were connected, those of one location where it is given, by location and e-mail."""
    values = {"now": now, "cooldown": cooldown, "location_id": location_id}
    return [AccountLine(**row) for row in session.execute(_LINES, values).mappings()]
