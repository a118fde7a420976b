"""A person takes an account out of the pool, or puts it back."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.db.models import Account
from core.domain import checks
from core.domain.states import Connection
from core.errors import Conflict, StaleState
from core.services.accounts import bench, find_account, locked_account, release_bench
from core.services.connection_periods import FOREVER
from core.services.input import checked


def quarantine(
    session: Session,
    *,
    location: str,
    email: str,
    reason: str,
    until: datetime | None,
    actor: str,
    role: str,
    now: datetime,
    row_version: int | None = None,
) -> Account:
    """Give the account to nobody any more until *until* (None: until somebody releases it). Its open lease goes on.

    Raises:
        NotFound: the location has no such account.
        InvalidInput: the reason is missing or too long.
        Conflict: it is disconnected, or out of the pool for longer already.
        StaleState: it is no longer as the caller saw it (*row_version*).
    """
    with checked():
        reason = checks.text("reason", reason)
    account = _seen(session, location, email, row_version)
    if account.connection == Connection.DISCONNECTED:
        raise Conflict(f"{account.email} is disconnected.", next_step="It is given to nobody as it is.")
    if (
        account.benched_until is not None
        and account.benched_until > now
        and account.benched_until >= (until or FOREVER)
    ):
        raise Conflict(
            f"{account.email} is out of the pool already, for longer than that.",
            next_step="Release it first if it is to come back earlier.",
        )
    bench(session, account.id, reason=reason, until=until, actor=actor, now=now, role=role)
    return account


def release(
    session: Session,
    *,
    location: str,
    email: str,
    reason: str | None,
    actor: str,
    role: str,
    now: datetime,
    row_version: int | None = None,
) -> bool:
    """Put the account back into the pool, whoever or whatever took it out; False if it was not out.

    Raises:
        NotFound: the location has no such account.
        StaleState: it is no longer as the caller saw it (*row_version*).
    """
    account = _seen(session, location, email, row_version)
    was = account.bench_reason
    given = {"reason": reason} if reason else {}
    return release_bench(session, account.id, actor=actor, now=now, role=role, was=was, **given)


def _seen(session: Session, location: str, email: str, row_version: int | None) -> Account:
    account = locked_account(session, find_account(session, location, email).id)
    if row_version is not None and account.row_version != row_version:
        raise StaleState(f"{account.email} has changed meanwhile.")
    return account
