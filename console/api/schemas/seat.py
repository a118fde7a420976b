"""A seat as it is given and shown."""

from typing import Annotated

from pydantic import Field

from console.api.schemas.base import LARGEST_ID, Moment, Strict
from core.db.read.issued_seats import IssuedSeat
from core.domain.states import Connection

Reason = Annotated[str | None, Field(max_length=200, description="Why; it stands on the timeline.", examples=[None])]


class NewSeat(Strict):
    """A licensed Zoom user, known by its address."""

    email: str = Field(min_length=3, max_length=320, examples=["room1@harbour-clinic.example"])


class SeatMove(Strict):
    """Where a seat goes."""

    location_id: Annotated[int, Field(ge=1, le=LARGEST_ID, strict=True, examples=[1])]
    reason: Reason = None


class SeatEnd(Strict):
    """Taking a seat back."""

    reason: Reason = None


class SeatBody(Strict):
    """A seat. *connection* is null until it is connected for the first time."""

    id: int
    location_id: int
    email: str
    issued_at: Moment
    issued_by: str
    taken_back_at: Moment | None
    account_id: int | None
    connection: Connection | None


class Seats(Strict):
    """A page of the seats issued to a location."""

    items: list[SeatBody]
    next: str | None = Field(description="The cursor of the next page; null: this is the last one.")


class ImportedSeats(Strict):
    """What came of a list; with *dry_run*, what would."""

    issued: int = Field(description="New seats.")
    already: int = Field(description="Seats that were issued to this location before.")
    dry_run: bool


def seat_body(seat: IssuedSeat) -> SeatBody:
    """*seat* as it stands."""
    return SeatBody(**{name: getattr(seat, name) for name in SeatBody.model_fields})
