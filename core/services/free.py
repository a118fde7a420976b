"""Freeing an account by hand: once Zoom says that nobody is inside, it waits for no recording and no cooldown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Account
from core.db.sql import statements
from core.domain import checks, states
from core.errors import Conflict, MeetingInProgress, StaleState
from core.services.accounts import find_account
from core.services.closing import saw_inside, settle_owed
from core.services.input import checked
from core.services.opening.attempt import Zoom
from core.services.recordings.seek import seek_recordings
from core.services.timeline import note
from core.services.vacate import ask_about, close


@dataclass(frozen=True)
class Freed:
    """Whether the account is free now, and whether it was before anything was done."""

    email: str
    free: bool
    was_free: bool = False

    @property
    def sentence(self) -> str:
        """What came of it, for people."""
        if self.was_free:
            return f"{self.email} was free already."
        if self.free:
            return f"{self.email} is free. A recording that is still to come is attached all the same."
        return f"Zoom has not confirmed yet that the last meeting of {self.email} is gone; we go on asking."


@dataclass(frozen=True)
class _Person:
    actor: str
    role: str
    reason: str


def free_now(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    *,
    location: str,
    email: str,
    actor: str,
    role: str,
    reason: str,
    clock: Callable[[], datetime],
) -> Freed:
    """Free an account whose meeting is over. Its recording is sought all the same, and attached when it comes.

    Raises:
        NotFound: the location has no such account.
        Conflict: its appointment is not over.
        MeetingInProgress: people are inside.
        ZoomError: Zoom does not say whether people are inside.
    """
    with checked():
        by = _Person(actor, role, checks.text("reason", reason))
    with sessions() as session:
        account = find_account(session, location, email)
        lease = _open_lease(session, account.id, clock())
    if lease is None or lease.state == states.Lease.CLOSING:
        return _ask_again(sessions, zoom, account, by, clock)
    if lease.is_cooled:
        return Freed(account.email, free=True, was_free=True)
    if not lease.is_over or lease.state == states.Lease.RESERVED:
        raise Conflict(
            f"{account.email} has appointment {lease.external_id}, which is not over.",
            next_step="Move the appointment to another account, reschedule or cancel it.",
        )
    _refuse_while_live(sessions, zoom, lease, clock())
    with sessions.begin() as session:
        owed = _release(session, account, lease, by, clock())
    if owed:
        settle_owed(sessions, zoom, clock=clock, run_id=None, actor=actor, only=owed)
    return _stands(sessions, account)


def _open_lease(session: Session, account_id: int, now: datetime) -> sa.Row[Any] | None:
    return session.execute(statements("hands_on")["open_lease"], {"account_id": account_id, "now": now}).first()


def _ask_again(
    sessions: sessionmaker[Session], zoom: Zoom, account: Account, by: _Person, clock: Callable[[], datetime]
) -> Freed:
    """What stands between the account and the pool is Zoom's word alone: it is asked for at once."""
    given = {"account_id": account.id, "now": clock()}
    with sessions.begin() as session:
        owed = list(session.scalars(statements("hands_on")["ask_at_once"], given))
        if owed:
            _note(session, account, by, clock(), asked_again=True)
    if not owed:
        return Freed(account.email, free=True, was_free=True)
    settle_owed(sessions, zoom, clock=clock, run_id=None, actor=by.actor, only=owed)
    return _stands(sessions, account)


def _refuse_while_live(sessions: sessionmaker[Session], zoom: Zoom, lease: sa.Row[Any], now: datetime) -> None:
    inside = ask_about(sessions, zoom, [lease.id], now=now)
    for error in inside.unanswered.values():
        raise error
    if not inside.started and lease.state != states.Lease.LIVE:
        return
    with sessions.begin() as session:  # what Zoom says is news: it is taken in at the next tick
        session.execute(statements("closing")["go_on"], {"leases": [lease.id], "now": now})
        for meeting_id, meeting in inside.started.items():
            saw_inside(session, lease.location_id, meeting_id, meeting.uuid, now=now)
    if inside.started:
        raise MeetingInProgress(f"People are in the meeting of appointment {lease.external_id}.")
    raise Conflict(
        f"Zoom says that the meeting of appointment {lease.external_id} is over, which was not known yet.",
        next_step="Try again in a minute.",
    )


def _release(session: Session, account: Account, seen: sa.Row[Any], by: _Person, now: datetime) -> list[int]:
    """Free the account as Zoom allows; the meetings that have to be deleted first, where nobody was ever inside."""
    session.execute(statements("closing")["lock_appointment"], {"appointment_id": seen.appointment_id})
    session.execute(statements("connection")["lock_open_lease"], {"account_id": account.id})
    lease = _open_lease(session, account.id, now)
    if lease is None or (lease.id, lease.fence, lease.state) != (seen.id, seen.fence, seen.state):
        raise StaleState(f"{account.email} has changed meanwhile.")
    _note(session, account, by, now, lease_id=lease.id, appointment_id=lease.appointment_id, was=lease.state)
    if not lease.held:
        if lease.is_current:
            session.execute(statements("hands_on")["nobody_came"], {"appointment_id": lease.appointment_id})
            _note_end(session, "no_show", account, lease, by, now)
        return close(session, [lease.id], reason=states.Release.FREED, actor=by.actor, now=now)
    given = {"lease_id": lease.id, "reason": states.Release.FREED, "actor": by.actor, "now": now}
    session.execute(statements("connection")["take_off"], given)
    for meeting_id in lease.meetings:
        session.execute(statements("closing")["everybody_out"], {"meeting_id": meeting_id, "now": now})
    seek_recordings(session, lease.meetings, now=now)
    if lease.is_current:
        session.execute(statements("connection")["complete"], {"appointment_id": lease.appointment_id})
        _note_end(session, "meeting_over", account, lease, by, now)
    return []


def _note_end(session: Session, kind: str, account: Account, lease: sa.Row[Any], by: _Person, now: datetime) -> None:
    """How the appointment ended, where the lifecycle has not said so before."""
    about = {"location_id": account.location_id, "appointment_id": lease.appointment_id, "account_id": account.id}
    note(session, kind, at=now, actor=by.actor, lease_id=lease.id, was=lease.state, **about)


def _note(session: Session, account: Account, by: _Person, now: datetime, **about: Any) -> None:
    note(
        session,
        "account_freed",
        at=now,
        actor=by.actor,
        location_id=account.location_id,
        account_id=account.id,
        role=by.role,
        reason=by.reason,
        **about,
    )


def _stands(sessions: sessionmaker[Session], account: Account) -> Freed:
    with sessions() as session:
        leased = session.execute(statements("connection")["open_lease"], {"account_id": account.id}).first()
        owed = session.scalars(statements("connection")["owed_meetings"], {"account_id": account.id}).first()
    return Freed(account.email, free=leased is None and owed is None)
