"""Seats and what became of them, for programs."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Account, Seat


@dataclass(frozen=True)
class IssuedSeat:
    """A seat with its account; *connection* is None until it is connected for the first time."""

    id: int
    location_id: int
    email: str
    issued_at: datetime
    issued_by: str
    taken_back_at: datetime | None
    account_id: int | None
    connection: str | None


SEATS = sa.select(
    Seat.id,
    Seat.location_id,
    Seat.email,
    Seat.issued_at,
    Seat.issued_by,
    Seat.taken_back_at,
    Account.id.label("account_id"),
    Account.connection,
).outerjoin(Account, Account.seat_id == Seat.id)


def issued_seat(session: Session, seat_id: int) -> IssuedSeat | None:
    """The seat with that id, taken back or not."""
    row = session.execute(SEATS.where(Seat.id == seat_id)).first()
    return IssuedSeat(*row) if row else None


def issued_seats(session: Session, location_id: int, *, after: int, limit: int) -> list[IssuedSeat]:
    """The seats that are issued to a location, by id; those behind *after*."""
    here = SEATS.where(Seat.location_id == location_id, Seat.taken_back_at.is_(None), Seat.id > after)
    return [IssuedSeat(*row) for row in session.execute(here.order_by(Seat.id).limit(limit))]
