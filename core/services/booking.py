"""What is booked: its normal form, and whether a booking says the same as the one that is there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from json import dumps
from typing import Any

import sqlalchemy as sa

from core.domain import checks
from core.errors import AlreadyBooked
from core.services.input import checked, email


@dataclass(frozen=True)
class Booking:
    """What a client booked. Times are aware; *client_zone* is an IANA name and decides how mails print them.

    Without an end it lasts as long as its calendar's appointments do, without a zone its client is where the location
    is.
    """

    external_id: str
    client_name: str
    client_email: str
    client_zone: str | None
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class Wanted:
    """A booking, where, and by whom; *calendar_id* has to be one of the location's."""

    location_id: int
    calendar_id: int
    booking: Booking
    actor: str

    @property
    def digest(self) -> str:
        """What tells this booking from every other, whatever becomes of the appointment."""
        of = self.booking
        times = [each and each.astimezone(UTC).isoformat() for each in (of.starts_at, of.ends_at)]
        content = [self.calendar_id, of.client_name, of.client_email.lower(), of.client_zone, *times]
        return sha256(dumps(content).encode()).hexdigest()[:32]


def normal(booking: Booking) -> Booking:
    """*booking* as it is stored, so that the same one is recognised however it is written. Raises `InvalidInput`."""
    with checked():
        return Booking(
            external_id=checks.text("external_id", booking.external_id),
            client_name=checks.text("client_name", booking.client_name),
            client_email=email("client_email", booking.client_email),
            client_zone=None if booking.client_zone is None else checks.zone("client_zone", booking.client_zone),
            starts_at=checks.aware("starts_at", booking.starts_at),
            ends_at=None if booking.ends_at is None else checks.aware("ends_at", booking.ends_at),
        )


def check_time(booking: Booking, *, now: datetime) -> None:
    """Whether it can be booked now, as far as its time goes. Raises `InvalidInput`."""
    with checked():
        if booking.ends_at is not None:
            checks.duration(booking.starts_at, booking.ends_at)
        checks.ahead("starts_at", booking.starts_at, now=now)


def check_same(wanted: Wanted, there: sa.Row[Any]) -> None:
    """Whether the booking is the one that is *there*, a row of `booked_before` in booking.sql.

    It is if it says what was booked then, whatever was changed since, and also if it says what is now: a caller that
    got no answer sends the one again, a caller that compares notes the other.

    Raises:
        AlreadyBooked: it is not; a booking that says otherwise is a conflict, not an update.
    """
    if there.booked_as is not None and there.booked_as.hex() == wanted.digest:
        return
    differing = tuple(_differing(wanted, there))
    if differing:
        raise AlreadyBooked(
            f"Appointment {wanted.booking.external_id} is booked already with another {', '.join(differing)}.",
            differing,
        )


def _differing(wanted: Wanted, there: sa.Row[Any]) -> Iterator[str]:
    booking = wanted.booking
    if there.calendar_id != wanted.calendar_id:
        yield "calendar_id"
    if there.client_name != booking.client_name:
        yield "client_name"
    if there.client_email.lower() != booking.client_email.lower():
        yield "client_email"
    if booking.client_zone not in (None, there.client_zone):
        yield "client_zone"
    # The first revision's times are what was booked; that of another start is still the same booking.
    if booking.starts_at not in (there.starts_at, there.first_starts_at):
        yield "starts_at"
    ends = there.ends_at if booking.starts_at == there.starts_at else there.first_ends_at
    if booking.ends_at not in (None, ends):
        yield "ends_at"
