"""Taking a seat back from a location, or moving it to another: a disconnect first."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Account, Location, Seat
from core.domain.states import Connection
from core.errors import Conflict
from core.services.disconnect import Ending, disconnect
from core.services.locations import find_location, find_seat, issue_seat
from core.services.timeline import note


def take_back(
    sessions: sessionmaker[Session],
    ending: Ending,
    *,
    location: str,
    email: str,
    actor: str,
    role: str,
    reason: str | None,
    clock: Callable[[], datetime],
) -> Seat:
    """Take the seat back from its location. An account at rest is disconnected by that.

    Raises:
        NotFound: no such seat is issued to the location.
        Conflict: its account still has something to do; it drains from now on.
    """
    _disconnect(sessions, ending, location, email, actor=actor, role=role, reason=reason, clock=clock)
    with sessions.begin() as session:
        return _end_seat(session, find_location(session, location), email, actor, role, reason, clock())


def move_seat(
    sessions: sessionmaker[Session],
    ending: Ending,
    *,
    email: str,
    origin: str,
    target: str,
    actor: str,
    role: str,
    reason: str | None,
    clock: Callable[[], datetime],
) -> Seat:
    """Take the seat back from *origin* and issue it to *target*, where it is connected anew: as another account.

    Raises like `take_back`; `NotFound` too if there is no location *target*.
    """
    with sessions() as session:
        if find_location(session, origin).id == find_location(session, target).id:
            raise Conflict(f"{email} is issued to {target} already.", next_step="Name another location.")
    _disconnect(sessions, ending, origin, email, actor=actor, role=role, reason=reason, clock=clock)
    with sessions.begin() as session:
        _end_seat(session, find_location(session, origin), email, actor, role, reason, clock())
        return issue_seat(session, location=find_location(session, target), address=email, actor=actor, now=clock())


def _disconnect(
    sessions: sessionmaker[Session],
    ending: Ending,
    location: str,
    email: str,
    *,
    actor: str,
    role: str,
    reason: str | None,
    clock: Callable[[], datetime],
) -> None:
    with sessions() as session:
        seat = find_seat(session, find_location(session, location), email)
        if session.scalar(sa.select(Account.id).where(Account.seat_id == seat.id)) is None:
            return
    done = disconnect(
        sessions, ending, location=location, email=email, actor=actor, role=role, reason=reason, clock=clock
    )
    if done.connection != Connection.DISCONNECTED:
        raise _still_at_work(done.email)


def _end_seat(
    session: Session, location: Location, email: str, actor: str, role: str, reason: str | None, now: datetime
) -> Seat:
    seat = find_seat(session, location, email)
    # A connect locks the seat, too: none can slip in between this look and the end of the seat.
    session.refresh(seat, with_for_update={"key_share": True})
    account = session.scalar(sa.select(Account).where(Account.seat_id == seat.id))
    if account is not None and account.connection != Connection.DISCONNECTED:
        raise _still_at_work(seat.email)
    seat.taken_back_at = now
    session.flush()  # the index of issued seats has to lose it before it is issued elsewhere
    about: dict[str, Any] = {"location_id": location.id, "account_id": account.id if account else None}
    note(session, "seat_taken_back", at=now, actor=actor, seat_id=seat.id, role=role, reason=reason, **about)
    return seat


def _still_at_work(email: str) -> Conflict:
    return Conflict(
        f"{email} still has something to do and is disconnected after that.",
        next_step="Try again when it is disconnected, or disconnect it now, with what that breaks.",
    )
