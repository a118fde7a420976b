"""Whether an account is left for what is booked: told with every booking, and a reason to refuse it only where the
location says so."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.read.appointment_view import AppointmentView
from core.db.read.capacity import Capacity, capacities, usual_of
from core.domain.capacity import Usual, Verdict
from core.domain.due import OpeningHours
from core.domain.states import Appointment, Link, MeetingLocation
from core.errors import PoolShort
from core.services.booking import Booking


def room_for(
    session: Session, booked: Sequence[AppointmentView], *, hours: OpeningHours, cooldown: timedelta, now: datetime
) -> dict[int, Capacity]:
    """By appointment id, what is left for each of *booked*, which count in their order: the last ones are short.

    What takes no account, or none any more, has no entry.
    """
    # The same one twice is one appointment.
    once = {each.id: each for each in booked}.values()
    takes_one = [each for each in once if each.status == Appointment.BOOKED and each.link != Link.NOT_NEEDED]
    found = capacities(
        session,
        [(each.location_id, (each.starts_at, each.ends_at)) for each in takes_one],
        now=now,
        usuals=_usuals(session, (each.location_id for each in takes_one), hours, cooldown),
        leaving_out=[each.id for each in takes_one],
    )
    return {each.id: capacity for each, capacity in zip(takes_one, found, strict=True)}


def turned_away(
    session: Session,
    new: Mapping[int, Booking],
    places: Iterable[sa.Row[Any]],
    *,
    hours: OpeningHours,
    cooldown: timedelta,
    now: datetime,
) -> dict[int, PoolShort]:
    """By ordinal, which of *new* find no account, taken in their order. Their locations are locked.

    Arguments:
        places: where each is wanted, as `booked_before` in booking.sql tells it.
    """
    takes_one = [row for row in places if row.meeting_location == MeetingLocation.ZOOM]
    found = capacities(
        session,
        [(row.location_id, _span(new[row.ordinal], row.default_minutes)) for row in takes_one],
        now=now,
        usuals=_usuals(session, (row.location_id for row in takes_one), hours, cooldown),
        refusing=True,
    )
    return {
        row.ordinal: PoolShort(
            f"At that time {capacity.booked - 1} appointments take accounts, and the location has {capacity.accounts}."
        )
        for row, capacity in zip(takes_one, found, strict=True)
        if capacity.state is Verdict.SHORT
    }


def _usuals(session: Session, locations: Iterable[int], hours: OpeningHours, cooldown: timedelta) -> dict[int, Usual]:
    return {each: usual_of(session, each, lead=hours.lead_time, cooldown=cooldown) for each in set(locations)}


def _span(booking: Booking, default_minutes: int) -> tuple[datetime, datetime]:
    return booking.starts_at, booking.ends_at or booking.starts_at + timedelta(minutes=default_minutes)
