"""What a connect leaves behind: an account with its grant, or nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Account, Grant, Location, LocationStatus, OAuthState, Seat
from core.db.sql import statements
from core.domain.states import Connection
from core.errors import ConnectRefused, NotFound, ZoomError
from core.services.accounts import locked_account
from core.services.connection_periods import begin_period
from core.services.grants import replace_grant
from core.services.reconnect import resume_duties
from core.services.timeline import note
from core.zoom.oauth import TokenPair, ZoomOAuth
from core.zoom.payloads import ZoomUser
from core.zoom.vault import TokenVault

# What the checks of a connect have just found to be in order.
MENDED_BY_CONNECTING = ("licence_gone", "user_gone", "not_active", "no_permission", "waiting_room", "sign_in_forced")

log = structlog.get_logger()


@dataclass(frozen=True)
class Connected:
    """An account that has just been connected, and where the browser goes next."""

    account_id: int
    location_id: int
    email: str
    return_to: str


def expected_seat(session: Session, location_id: int, seat_id: int) -> Seat:
    """The seat, if it may be connected now. Raises `NotFound` or `ConnectRefused`."""
    seat = session.scalar(sa.select(Seat).where(Seat.location_id == location_id, Seat.id == seat_id))
    location = session.get(Location, location_id)
    if seat is None or location is None:
        raise NotFound(f"Location {location_id} has no seat {seat_id}.")
    if seat.taken_back_at is not None:
        raise ConnectRefused(
            "seat_taken_back",
            f"The seat {seat.email} has been taken back from {location.name}.",
            next_step="Ask for another seat, then connect that one.",
        )
    if location.status != LocationStatus.ACTIVE:
        raise ConnectRefused(
            "location_suspended",
            f"{location.name} is suspended, so nothing new is connected there.",
            next_step="Have the location activated first.",
        )
    return seat


def free_seats(session: Session, location_id: int) -> list[str]:
    """The addresses of the seats of a location that are not connected."""
    taken = (Connection.CONNECTED, Connection.DRAINING)
    found = (
        sa.select(Seat.email)
        .outerjoin(Account, Account.seat_id == Seat.id)
        .where(Seat.location_id == location_id, Seat.taken_back_at.is_(None))
        .where(sa.or_(Account.id.is_(None), Account.connection.not_in(taken)))
        .order_by(Seat.email)
    )
    return list(session.scalars(found))


def keep_grant(
    sessions: sessionmaker[Session],
    begun: OAuthState,
    user: ZoomUser,
    pair: TokenPair,
    vault: TokenVault,
    now: datetime,
) -> Connected:
    """Record the account and its grant in one transaction."""
    try:
        with sessions.begin() as session:
            session.get(Seat, begun.seat_id, with_for_update={"key_share": True})  # nobody takes it back meanwhile
            seat = expected_seat(session, begun.location_id, begun.seat_id)
            account = _locked_account_of(session, seat)
            _refuse_other_user(account, user, seat)
            _free_from_elsewhere(session, user, account, now)
            kind = "account_reconnected" if account else "account_connected"
            account = account or _new_account(session, seat, user, now)
            _mark_connected(account, now)
            grant = replace_grant(session, account, pair, vault, now)
            begin_period(session, account, at=now, actor=begun.actor)
            about: dict[str, Any] = {"location_id": account.location_id, "account_id": account.id}
            about |= resume_duties(session, account, now=now)
            note(session, kind, at=now, actor=begun.actor, grant_id=grant.id, **about)
            return Connected(account.id, account.location_id, account.email, begun.return_to)
    except IntegrityError as error:
        # Two connects of one Zoom user at the same moment: the indexes let one through.
        if not isinstance(error.orig, UniqueViolation):
            raise
        raise _connected_elsewhere(user) from error


def _locked_account_of(session: Session, seat: Seat) -> Account | None:
    """The account that the seat has become, if it has, locked after its open lease: a reconnect touches both."""
    account_id = session.scalar(sa.select(Account.id).where(Account.seat_id == seat.id))
    if account_id is None:
        return None
    session.execute(statements("connection")["lock_open_lease"], {"account_id": account_id})
    return locked_account(session, account_id)


def _refuse_other_user(account: Account | None, user: ZoomUser, seat: Seat) -> None:
    if account and (account.zoom_account_id, account.zoom_user_id) != (user.account_id, user.id):
        raise ConnectRefused(
            "other_user",
            f"{seat.email} belongs to another Zoom user now than when it was first connected.",
            next_step="Take the seat back and issue it again, then connect the new seat.",
        )


def _free_from_elsewhere(session: Session, user: ZoomUser, account: Account | None, now: datetime) -> None:
    """Refuse a Zoom user who works elsewhere; end what is left of a grant that is dead there."""
    other = session.scalar(_account_of(user).where(Account.id != (account.id if account else None)))
    if other is None:
        return
    if locked_account(session, other.id).connection in (Connection.CONNECTED, Connection.DRAINING):
        raise _connected_elsewhere(user)
    session.execute(
        sa.update(Grant)
        .where(Grant.account_id == other.id, Grant.ended_at.is_(None))
        .values(ended_at=now, access_token=None, refresh_token=None)
    )


def _account_of(user: ZoomUser) -> sa.Select[Account]:
    """The account that holds the live grant of *user*."""
    return (
        sa.select(Account)
        .join(Grant, Grant.account_id == Account.id)
        .where(Grant.zoom_account_id == user.account_id, Grant.zoom_user_id == user.id, Grant.ended_at.is_(None))
    )


def _connected_elsewhere(user: ZoomUser) -> ConnectRefused:
    return ConnectRefused(
        "connected_elsewhere",
        f"The Zoom user {user.email} is already connected as another account.",
        next_step="Disconnect it there first, then press Connect again.",
    )


def _new_account(session: Session, seat: Seat, user: ZoomUser, now: datetime) -> Account:
    account = Account(
        location_id=seat.location_id,
        seat_id=seat.id,
        email=seat.email,
        zoom_account_id=user.account_id,
        zoom_user_id=user.id,
        connection=Connection.DISCONNECTED,
        idle_since=now,
    )
    session.add(account)
    session.flush()
    return account


def _mark_connected(account: Account, now: datetime) -> None:
    if account.connection not in (Connection.CONNECTED, Connection.DRAINING):
        account.idle_since = now  # back from outside the pool: at the end of the line
        account.busy_elsewhere_since = account.busy_elsewhere_with = None
    account.connection = Connection.CONNECTED
    if account.bench_reason in MENDED_BY_CONNECTING:
        account.benched_until = account.bench_reason = None
    account.row_version += 1


def let_go(
    sessions: sessionmaker[Session],
    oauth: ZoomOAuth,
    vault: TokenVault,
    pair: TokenPair,
    user: ZoomUser | None,
    now: datetime,
) -> None:
    """Get rid of a pair that is not kept.

    A user's new consent ends the tokens he had (Zoom: OAuth error 4741). So when the consent came from a user who is
    connected already, the refusal must not cost that account its connection: it gets the new pair. Otherwise the
    pair is revoked.
    """
    try:
        if user is None or not _hand_over(sessions, vault, pair, user, now):
            oauth.revoke(pair.access_token)
    except (ZoomError, SQLAlchemyError) as error:
        log.warning("grant_not_revoked", error=error)


def _hand_over(
    sessions: sessionmaker[Session], vault: TokenVault, pair: TokenPair, user: ZoomUser, now: datetime
) -> bool:
    with sessions.begin() as session:
        holder = session.scalar(_account_of(user))
        if holder is None:
            return False
        account = locked_account(session, holder.id)
        if account.connection not in (Connection.CONNECTED, Connection.DRAINING):
            return False
        replace_grant(session, account, pair, vault, now)
        return True
