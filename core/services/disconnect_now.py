"""Disconnecting an account that is in use: who has it is moved, what can be deleted is, the rest is lost."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Account
from core.db.read.breaks import BEFORE_ITS_MEETING, Breaks, what_disconnecting_breaks
from core.db.sql import statements
from core.domain.due import OpeningHours
from core.domain.states import Connection, Lease, Release
from core.errors import Conflict, MeetingInProgress, ZoomPoolError
from core.services.accounts import locked_account
from core.services.closing import settle_owed
from core.services.connection_end import begin_draining, end_connection
from core.services.move import move
from core.services.opening.attempt import Zoom
from core.services.timeline import note
from core.services.vacate import LOOK_AFTER
from core.zoom.vault import TokenVault

DISCONNECTED = "account_disconnected"

log = structlog.get_logger()


def break_off(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    vault: TokenVault,
    account: Account,
    *,
    location: str,
    confirm: str | None,
    even_live: bool,
    hours: OpeningHours,
    actor: str,
    role: str,
    reason: str | None,
    clock: Callable[[], datetime],
) -> tuple[Breaks, int | None]:
    """End the connection of *account* whatever it is doing; what that broke, and the grant that is to be revoked.

    Everything that needs the connection comes first: Zoom is asked whether people are inside, and to delete the meeting
    whose appointment moves to another account.
    """
    people_inside = _zoom_says_started(sessions, zoom, account.id, clock())
    with sessions.begin() as session:
        locked = locked_account(session, account.id)  # from here on nobody leases it
        breaks = what_disconnecting_breaks(session, account.id, clock())
        _refuse(breaks, people_inside=people_inside, confirm=confirm, even_live=even_live)
        if locked.connection == Connection.CONNECTED:
            begin_draining(session, locked, actor=actor, role=role, reason=reason, now=clock())
    if breaks.moves and breaks.external_id is not None and not people_inside:
        about = {"actor": actor, "role": role, "hours": hours, "clock": clock}
        _move_elsewhere(sessions, zoom, vault, location, breaks.external_id, even_live=even_live, **about)
    with sessions.begin() as session:
        _take_off(session, account.id, live=people_inside, hours=hours, actor=actor, role=role, now=clock())
        owed = list(session.scalars(statements("connection")["owed_meetings"], {"account_id": account.id}))
    if owed:
        settle_owed(sessions, zoom, clock=clock, run_id=None, actor=actor, only=owed)
    with sessions.begin() as session:
        locked = locked_account(session, account.id)
        grant_id = end_connection(
            session,
            locked,
            actor=actor,
            now=clock(),
            reason=reason,
            role=role,
            at_once=True,
            broke=breaks.external_id,
        )
    return breaks, grant_id


def _refuse(breaks: Breaks, *, people_inside: bool, confirm: str | None, even_live: bool) -> None:
    if (people_inside or breaks.in_progress) and not even_live:
        raise MeetingInProgress(
            f"People are in the meeting of appointment {breaks.external_id}.",
            next_step="Wait for its end, or say that it is to be disconnected even so; its recording is lost then.",
        )
    if (confirm or "").strip().lower() != breaks.confirmation.lower():
        lost = " ".join(breaks.sentences) or "Nothing is lost."
        raise Conflict(
            f"Disconnecting {breaks.email} now has to be confirmed. {lost}",
            next_step=f"Confirm it with {breaks.confirmation}.",
        )


def _zoom_says_started(sessions: sessionmaker[Session], zoom: Zoom, account_id: int, now: datetime) -> bool:
    """Whether Zoom says that people are inside; while it does not answer, what we have seen has to do."""
    with sessions() as session:
        lease = session.execute(statements("connection")["open_lease"], {"account_id": account_id}).first()
    if lease is None or lease.zoom_meeting_id is None:
        return False
    try:
        credentials = zoom.tokens.fresh([account_id], now=now).ready[account_id]
        meeting = zoom.tokens.using(
            credentials, lambda c: zoom.client.get_meeting(c, str(lease.zoom_meeting_id)), now=now
        )
    except (KeyError, ZoomPoolError):
        return False
    return meeting.started


def _move_elsewhere(
    sessions: sessionmaker[Session], zoom: Zoom, vault: TokenVault, location: str, external_id: str, **how: Any
) -> None:
    """Give the appointment another account and link at once. Where none is free it goes back into the line, below."""
    even_live = how.pop("even_live")
    try:
        move(
            sessions,
            zoom,
            vault,
            location=location,
            external_id=external_id,
            to_email=None,
            reason=DISCONNECTED,
            force=True,
            **how,
        )
    except MeetingInProgress:
        if not even_live:
            raise
    except Conflict:
        log.info("no_account_to_move_to", location=location, appointment=external_id)


def _take_off(
    session: Session, account_id: int, *, live: bool, hours: OpeningHours, actor: str, role: str, now: datetime
) -> None:
    """End the account's open lease: before its meeting the appointment goes back into the line, after that it is over.

    The account drains, so no other lease can come while this one is looked up and locked.
    """
    sql = statements("connection")
    lease = session.execute(sql["open_lease"], {"account_id": account_id}).first()
    if lease is None:
        return
    session.execute(statements("opening")["lock_appointments"], {"appointments": [lease.appointment_id]})
    session.execute(sql["lock_open_lease"], {"account_id": account_id})
    lease = session.execute(sql["open_lease"], {"account_id": account_id}).first()
    if lease is None:
        return
    before = lease.state in BEFORE_ITS_MEETING and not live
    given = {
        "lease_id": lease.id,
        "appointment_id": lease.appointment_id,
        "reason": Release.MOVED if before else Release.FREED,
        "earliest": hours.earliest(now),
        "actor": actor,
        "now": now,
    }
    session.execute(sql["take_off"], given)
    if before:
        wanted = {"leases": [lease.id], "now": now, "look_at": now + LOOK_AFTER}
        session.execute(statements("closing")["want_deletion"], wanted)
        if session.execute(sql["back_in_line"], given).first():
            about: dict[str, Any] = {"appointment_id": lease.appointment_id, "account_id": account_id}
            note(session, "appointment_moved", at=now, actor=actor, role=role, reason=DISCONNECTED, **about)
    elif lease.state != Lease.CLOSING:
        session.execute(sql["give_up_unsought"], given)
        if session.execute(sql["complete"], given).first() and lease.state == Lease.LIVE:
            left: dict[str, Any] = {"location_id": lease.location_id, "lease_id": lease.id, "account_id": account_id}
            left |= {"appointment_id": lease.appointment_id, "role": role}
            note(session, "meeting_left_behind", at=now, actor=actor, **left)
