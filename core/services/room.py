"""Whether an account is left for what is booked: told with every booking, and a reason to refuse it only where the
location says so."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.read.appointment_view import AppointmentView
from core.db.read.capacity import Capacity, capacity_for, usual_of
from core.domain.capacity import Verdict
from core.domain.due import OpeningHours
from core.domain.states import Appointment, Link, MeetingLocation
from core.errors import PoolShort
from core.services.booking import Booking

At = TypeVar("At")


def room_for(
    session: Session, booked: Sequence[AppointmentView], *, hours: OpeningHours, cooldown: timedelta, now: datetime
) -> dict[int, Capacity]:
    """By appointment id, what is left for each of *booked*, which count in their order: the last ones are short.

    What takes no account, or none any more, has no entry. One statement for each location.
    """
    takes_one = [each for each in booked if each.status == Appointment.BOOKED and each.link != Link.NOT_NEEDED]
    room: dict[int, Capacity] = {}
    for location_id, here in _by_location(takes_one, [each.location_id for each in takes_one]).items():
        # The same one twice in a call is one appointment.
        once = list({each.id: each for each in here}.values())
        found = capacity_for(
            session,
            location_id,
            [(each.starts_at, each.ends_at) for each in once],
            now=now,
            usual=usual_of(session, location_id, lead=hours.lead_time, cooldown=cooldown),
            leaving_out=[each.id for each in once],
        )
        room |= {each.id: capacity for each, capacity in zip(once, found, strict=True)}
    return room


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
    away: dict[int, PoolShort] = {}
    for location_id, here in _by_location(takes_one, [row.location_id for row in takes_one]).items():
        found = capacity_for(
            session,
            location_id,
            [_span(new[row.ordinal], row.default_minutes) for row in here],
            now=now,
            usual=usual_of(session, location_id, lead=hours.lead_time, cooldown=cooldown),
            refusing=True,
        )
        for row, capacity in zip(here, found, strict=True):
            if capacity.state is Verdict.SHORT:
                away[row.ordinal] = PoolShort(
                    f"At that time {capacity.booked - 1} appointments take accounts, and the location has "
                    f"{capacity.accounts}."
                )
    return away


def _span(booking: Booking, default_minutes: int) -> tuple[datetime, datetime]:
    return booking.starts_at, booking.ends_at or booking.starts_at + timedelta(minutes=default_minutes)


def _by_location(each: Sequence[At], locations: Sequence[int]) -> dict[int, list[At]]:
    by_location: defaultdict[int, list[At]] = defaultdict(list)
    for one, location_id in zip(each, locations, strict=True):
        by_location[location_id].append(one)
    return by_location
