"""Booking: idempotent by the caller's own id. No link exists at booking and no call to Zoom is made."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Appointment, Calendar, Location
from core.db.sql import statements
from core.domain.due import OpeningHours
from core.errors import InvalidInput, NotFound, StaleState, ZoomPoolError
from core.services.booking import Booking, Wanted, check_same, check_time, normal

SQL = statements("booking")


@dataclass(frozen=True)
class Booked:
    """The appointment that a booking led to; not *new* if the same booking had been there before."""

    id: int
    new: bool


def book(
    session: Session,
    booking: Booking,
    *,
    location: Location,
    calendar: Calendar,
    hours: OpeningHours,
    actor: str,
    now: datetime,
) -> Appointment:
    """Book an appointment on *calendar*; the same external id with the same content gives back the first.

    Raises:
        InvalidInput: a value cannot be used (past start, end before start, bad address or zone); names the field.
        AlreadyBooked: the external id is taken by an appointment with other content; names the fields.
    """
    session.flush()  # the location and the calendar may be as new
    wanted = Wanted(location.id, calendar.id, booking)
    [result] = book_many(session, [wanted], hours=hours, actor=actor, now=now)
    if isinstance(result, ZoomPoolError):
        raise result
    return session.get_one(Appointment, result.id)


def book_many(
    session: Session, wanted: Sequence[Wanted], *, hours: OpeningHours, actor: str, now: datetime
) -> list[Booked | ZoomPoolError]:
    """Book hundreds in one statement, each for itself: one that cannot be booked keeps none of the others from it.

    A suspended location books on: what its clients agreed on is a fact, and its links are opened once it is active.

    Returns:
        What became of each, in their order: an `InvalidInput`, or `AlreadyBooked`, where it is not booked.
    """
    results: dict[int, Booked | ZoomPoolError] = {}
    checked: dict[int, Wanted] = {}
    untimely: dict[int, InvalidInput] = {}
    for ordinal, each in enumerate(wanted):
        try:
            checked[ordinal] = Wanted(each.location_id, each.calendar_id, normal(each.booking))
            check_time(checked[ordinal].booking, now=now)
        except InvalidInput as error:
            # A booking that is repeated may lie in the past by then.
            (untimely if ordinal in checked else results)[ordinal] = error
    timely = {ordinal: each for ordinal, each in checked.items() if ordinal not in untimely}
    results |= _insert(session, timely, hours=hours, actor=actor, now=now)
    rest = {ordinal: each for ordinal, each in checked.items() if ordinal not in results}
    results |= _there_before(session, rest, untimely)
    return [results[ordinal] for ordinal in range(len(wanted))]


def _insert(
    session: Session, wanted: Mapping[int, Wanted], *, hours: OpeningHours, actor: str, now: datetime
) -> dict[int, Booked | ZoomPoolError]:
    """Those of *wanted* that are new. The same id twice among them: the first is."""
    if not wanted:
        return {}
    values = {"rows": _rows(wanted), "locked": [], "lead_time": hours.lead_time, "actor": actor, "now": now}
    new = {(row.location_id, row.external_id): row.id for row in session.execute(SQL["book"], values)}
    return {
        ordinal: Booked(new.pop(key), new=True)
        for ordinal, each in wanted.items()
        if (key := (each.location_id, each.booking.external_id)) in new
    }


def _there_before(
    session: Session, wanted: Mapping[int, Wanted], untimely: Mapping[int, InvalidInput]
) -> dict[int, Booked | ZoomPoolError]:
    """What is there already of *wanted*, or why nothing is."""
    if not wanted:
        return {}
    found = session.execute(SQL["booked_before"], {"rows": _rows(wanted)})
    return {row.ordinal: _judged(wanted[row.ordinal], row, untimely.get(row.ordinal)) for row in found}


def _judged(wanted: Wanted, there: sa.Row[Any], untimely: InvalidInput | None) -> Booked | ZoomPoolError:
    if there.id is not None:
        try:
            check_same(wanted, there)
        except ZoomPoolError as error:
            return error
        return Booked(there.id, new=False)
    if not there.calendar_exists:
        return InvalidInput("calendar_id", f"Location {wanted.location_id} has no calendar {wanted.calendar_id}.")
    # Neither new nor there: it went in between.
    return untimely or StaleState(f"Appointment {wanted.booking.external_id} was taken and given up at this moment.")


def _rows(wanted: Mapping[int, Wanted]) -> str:
    return json.dumps([_row(ordinal, each) for ordinal, each in wanted.items()])


def _row(ordinal: int, wanted: Wanted) -> dict[str, object]:
    booking = wanted.booking
    return {
        "ordinal": ordinal,
        "location_id": wanted.location_id,
        "calendar_id": wanted.calendar_id,
        "external_id": booking.external_id,
        "client_name": booking.client_name,
        "client_email": booking.client_email,
        "client_zone": booking.client_zone,
        "starts_at": booking.starts_at.isoformat(),
        "ends_at": booking.ends_at and booking.ends_at.isoformat(),
        "booked_as": wanted.digest,
    }


def find_appointment(session: Session, location: Location, external_id: str) -> Appointment:
    """The appointment that the caller knows by *external_id*. Raises `NotFound`."""
    appointment = session.scalar(
        sa.select(Appointment).where(
            Appointment.location_id == location.id,
            Appointment.external_id == external_id.strip(),
        )
    )
    if appointment is None:
        raise NotFound(
            f"{location.name} has no appointment {external_id}.",
            next_step="See which there are: zoompool appointments list.",
        )
    return appointment
