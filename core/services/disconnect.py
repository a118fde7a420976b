"""Disconnecting an account: at rest at once, in use after its last meeting, or now, whatever it breaks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Account
from core.db.read.breaks import Breaks
from core.domain.due import OpeningHours
from core.domain.states import Connection
from core.errors import Conflict
from core.services.accounts import find_account, locked_account
from core.services.connection_end import begin_draining, duties_of, end_connection
from core.services.disconnect_now import break_off
from core.services.opening.attempt import Zoom
from core.services.revoke import revoke_owed
from core.zoom.oauth import ZoomOAuth
from core.zoom.vault import TokenVault


@dataclass(frozen=True)
class Disconnected:
    """What came of it: the account's *connection* now, and whether its tokens are gone at Zoom, too.

    *draining*: it finishes what it has begun. *broke* is what a disconnect at once has broken.
    """

    account_id: int
    email: str
    connection: str
    revoked: bool
    broke: Breaks | None = None


@dataclass(frozen=True)
class Ending:
    """With what connections are ended: Zoom's API, its OAuth endpoints, the keys, and what the settings say."""

    zoom: Zoom
    oauth: ZoomOAuth
    vault: TokenVault
    hours: OpeningHours
    deletes_finished: bool


def disconnect(
    sessions: sessionmaker[Session],
    ending: Ending,
    *,
    location: str,
    email: str,
    actor: str,
    role: str,
    reason: str | None,
    clock: Callable[[], datetime],
    at_once: bool = False,
    confirm: str | None = None,
    even_live: bool = False,
) -> Disconnected:
    """Disconnect an account. One that is disconnected stays so.

    Without *at_once* an account with anything left to do drains: it gets nothing new, its link stays, and it is
    disconnected after its last meeting, deletion and recording.

    Args:
        at_once: now, although it has something left to do. Its appointment moves to another account, if one is free.
        confirm: with *at_once*, the appointment's id (or, of an account at rest, its address): somebody has seen what
            is lost.
        even_live: with *at_once*, although people are in its meeting.

    Raises:
        NotFound: the location has no such account.
        Conflict: it was not confirmed; or its access is lost while it has something left to do.
        MeetingInProgress: people are inside.
    """
    with sessions() as session:
        account = find_account(session, location, email)
    if account.connection == Connection.DISCONNECTED:
        return Disconnected(account.id, account.email, account.connection, _is_revoked(sessions, account.id))
    broke = None
    if at_once:
        broke, grant_id = break_off(
            sessions,
            ending.zoom,
            ending.vault,
            account,
            location=location,
            confirm=confirm,
            even_live=even_live,
            hours=ending.hours,
            actor=actor,
            role=role,
            reason=reason,
            clock=clock,
        )
    else:
        with sessions.begin() as session:
            grant_id = _end_or_drain(session, account.id, ending, actor=actor, role=role, reason=reason, now=clock())
    if grant_id is not None:
        revoke_owed(sessions, ending.oauth, ending.vault, clock=clock, only=grant_id)
    with sessions() as session:
        connection = session.scalars(sa.select(Account.connection).where(Account.id == account.id)).one()
    return Disconnected(account.id, account.email, connection, _is_revoked(sessions, account.id), broke)


def _end_or_drain(
    session: Session, account_id: int, ending: Ending, *, actor: str, role: str, reason: str | None, now: datetime
) -> int | None:
    account = locked_account(session, account_id)
    if account.connection == Connection.DISCONNECTED:
        return None
    if not duties_of(session, account_id, deletes_finished=ending.deletes_finished):
        return end_connection(session, account, actor=actor, role=role, reason=reason, now=now)
    if account.connection == Connection.NEEDS_REAUTH:
        raise Conflict(
            f"{account.email} has lost its access to Zoom and still has something to do there.",
            next_step="Reconnect it first, then disconnect it; or disconnect it now, with what that breaks.",
        )
    begin_draining(session, account, actor=actor, role=role, reason=reason, now=now)
    return None


def _is_revoked(sessions: sessionmaker[Session], account_id: int) -> bool:
    """Whether no token is left that is good for anything: no grant in force, none that is still to be revoked."""
    with sessions() as session:
        left = sa.text(
            "SELECT EXISTS (SELECT FROM grants WHERE account_id = :id AND (ended_at IS NULL OR revoke_at IS NOT NULL))"
        )
        return not session.scalar(left, {"id": account_id})
