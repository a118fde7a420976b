"""Moving an appointment to another account by hand, before its meeting: a new link, whose mail replaces the old one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Appointment, Lease
from core.db.sql import statements
from core.domain import checks, states
from core.domain.due import OpeningHours
from core.errors import Conflict, MeetingInProgress, ZoomRateLimited, ZoomUnavailable
from core.services.accounts import find_account
from core.services.book import find_appointment
from core.services.choose import Choice, choose
from core.services.closing import settle_owed
from core.services.input import checked
from core.services.lease import CLAIM
from core.services.locations import find_location
from core.services.opening.attempt import Zoom
from core.services.opening.failover import Hands
from core.services.opening.run import open_meetings
from core.services.recordings.seek import seek_recordings
from core.services.timeline import note
from core.services.vacate import LOOK_AFTER, Inside, look_inside
from core.zoom.vault import TokenVault


@dataclass(frozen=True)
class Moved:
    """Which account had the appointment and which has it now, and whether its new link is there already."""

    external_id: str
    was_on: str
    is_on: str | None
    link_ready: bool

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if self.link_ready:
            return f"Appointment {self.external_id} is on {self.is_on} now; its client is sent the new link."
        return (
            f"Appointment {self.external_id} is off {self.was_on}; Zoom did not make its new link yet, we go on trying."
        )


@dataclass(frozen=True)
class _Wish:
    """Who wants what, and why."""

    to_account: int | None
    actor: str
    role: str
    reason: str
    run_id: str


def move(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    vault: TokenVault,
    *,
    location: str,
    external_id: str,
    to_email: str | None,
    actor: str,
    role: str,
    reason: str,
    hours: OpeningHours,
    clock: Callable[[], datetime],
    force: bool = False,
) -> Moved:
    """Give an appointment that has an account another one: *to_email*, or the one that has been idle the longest.

    Arguments:
        force: also while Zoom does not answer whether people are inside.

    Raises:
        NotFound: there is no such appointment, or no such account at its location.
        MeetingInProgress: people are inside.
        Conflict: it has no account, none is free, or the one wished for is not; what is stays.
    """
    with checked():
        reason = checks.text("reason", reason)
    with sessions() as session:
        place = find_location(session, location)
        appointment = find_appointment(session, place, external_id)
        to_account = find_account(session, location, to_email).id if to_email else None
    inside = look_inside(sessions, zoom, appointment.id, now=clock())
    _refuse_the_unknown(inside, force=force)
    # A run of its own makes the new link in this call; what it leaves is taken over as a dead run's work is.
    hands = Hands(vault, hours, f"move:{uuid4().hex}")
    wish = _Wish(to_account, actor, role, reason, hands.run_id)
    with sessions.begin() as session:
        was_on, owed = _move(session, appointment, wish, inside, now=clock())
    # The new link first: its client waits for it, and for the old account nobody does.
    open_meetings(sessions, zoom, hands, threads=1, clock=clock)
    settle_owed(sessions, zoom, clock=clock, run_id=None, actor=actor, only=owed)
    return _outcome(sessions, appointment, was_on)


def _refuse_the_unknown(inside: Inside, *, force: bool) -> None:
    for error in inside.unanswered.values():
        # An account whose grant is dead is just what appointments are moved away from; an outage passes.
        if isinstance(error, ZoomUnavailable | ZoomRateLimited) and not force:
            raise Conflict(
                "Zoom does not say whether people are in the meeting.",
                next_step="Try again in a moment; or insist, if you know that nobody is inside.",
            ) from error


def _move(
    session: Session, seen: Appointment, wish: _Wish, inside: Inside, *, now: datetime
) -> tuple[str, Sequence[int]]:
    """The transaction of a move: the account it was on, and the meetings that are owed to Zoom."""
    place = session.execute(statements("hands_on")["lock_location"], {"location_id": seen.location_id}).one()
    appointment = session.scalars(
        sa.select(Appointment).where(Appointment.id == seen.id).with_for_update(key_share=True)
    ).one()
    old = _lease_of(session, appointment, now)
    held = _refuse_while_live(session, appointment, inside)
    if not place.allocation_is_on:
        what = "suspended" if place.status != "active" else "paused"
        raise Conflict(f"The location's allocation is {what}.", next_step="Resume it first; nothing was changed.")
    new = choose(
        session,
        location_id=appointment.location_id,
        old_account=old.account_id,
        wished=wish.to_account,
        actor=wish.actor,
        now=now,
    )
    taken_off = {"lease_id": old.id, "reason": states.Release.MOVED, "actor": wish.actor, "now": now}
    session.execute(statements("connection")["take_off"], taken_off)
    given = {"leases": [old.id], "now": now, "look_at": now + LOOK_AFTER}
    owed = list(session.scalars(statements("closing")["want_deletion"], given))
    if held:
        seek_recordings(session, owed, now=now)
    lease_id = _lease_to(session, appointment, new, wish, now)
    note(
        session,
        "appointment_moved_account",
        at=now,
        actor=wish.actor,
        location_id=appointment.location_id,
        appointment_id=appointment.id,
        account_id=new.id,
        lease_id=lease_id,
        role=wish.role,
        reason=wish.reason,
        was_on=old.account_id,
        wished_for=wish.to_account is not None,
    )
    return old.email, owed


def _lease_of(session: Session, appointment: Appointment, now: datetime) -> sa.Row[Any]:
    """The lease that it is taken off, locked. Raises `Conflict` where there is none that could be."""
    if appointment.status != states.Appointment.BOOKED or appointment.ends_at <= now:
        raise Conflict(f"Appointment {appointment.external_id} is over.", next_step="There is no link to move.")
    old = session.execute(
        statements("hands_on")["lease_of"], {"appointment_id": appointment.id, "revision": appointment.revision}
    ).first()
    if old is None or old.state == states.Lease.CLOSING:
        raise Conflict(
            f"Appointment {appointment.external_id} has no account yet.",
            next_step="It gets one ten minutes before its start; until then there is nothing to move.",
        )
    return old


def _refuse_while_live(session: Session, appointment: Appointment, inside: Inside) -> bool:
    """Whether anybody was ever inside; raises `MeetingInProgress` if somebody is."""
    of_it = {"appointment_id": appointment.id, "revision": appointment.revision}
    leases = session.execute(statements("closing")["open_leases"], of_it).all()
    live = any(inside.is_live(m, entered=m in lease.entered) for lease in leases for m in lease.meetings)
    if live or any(lease.state == states.Lease.LIVE for lease in leases):
        raise MeetingInProgress(
            f"The meeting of appointment {appointment.external_id} has begun.",
            next_step="It cannot go on under another account; wait for its end, or reschedule it.",
        )
    return any(lease.held for lease in leases)


def _lease_to(session: Session, appointment: Appointment, new: Choice, wish: _Wish, now: datetime) -> int | None:
    lease_id = session.scalar(
        sa.insert(Lease)
        .values(
            location_id=appointment.location_id,
            appointment_id=appointment.id,
            revision=appointment.revision,
            account_id=new.id,
            state=states.Lease.RESERVED,
            reserved_at=now,
            fence=1,
            claimed_by_run=wish.run_id,
            claimed_until=now + CLAIM,
            account_idle_since=new.idle_since,
            free_accounts=new.among,
        )
        .returning(Lease.id)
    )
    session.execute(statements("hands_on")["to_be_opened"], {"appointment_id": appointment.id})
    return lease_id


def _outcome(sessions: sessionmaker[Session], appointment: Appointment, was_on: str) -> Moved:
    with sessions() as session:
        now = session.get_one(Appointment, appointment.id)
        lease = session.execute(
            statements("hands_on")["lease_of"], {"appointment_id": now.id, "revision": now.revision}
        ).first()
    is_on = lease.email if lease is not None else None
    return Moved(now.external_id, was_on, is_on, now.link == states.Link.READY)
