"""Booking: idempotent by the caller's own id. No link exists at booking and no call to Zoom is made."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Appointment, Calendar, Location
from core.db.read.appointment_view import AppointmentView, expected_at
from core.db.sql import statements
from core.domain import states
from core.domain.due import OpeningHours
from core.errors import InvalidInput, NotFound, StaleState, ZoomPoolError
from core.services.booking import Booking, Wanted, check_same, check_time, normal
from core.services.outbox import LINK_FIRST
from core.services.room import turned_away

SQL = statements("booking")


@dataclass(frozen=True)
class Booked:
    """The appointment that a booking led to; not *new* if the same booking had been there before.

    *view* is the new one as programs see it; how one stands that was there is read when it is asked for.
    """

    id: int
    new: bool
    view: AppointmentView | None = field(default=None, compare=False)


def book(
    session: Session,
    booking: Booking,
    *,
    location: Location,
    calendar: Calendar,
    hours: OpeningHours,
    cooldown: timedelta,
    actor: str,
    now: datetime,
) -> Appointment:
    """Book an appointment on *calendar*; the same external id with the same content gives back the first.

    Raises:
        InvalidInput: a value cannot be used (past start, end before start, bad address or zone); names the field.
        AlreadyBooked: the external id is taken by an appointment with other content; names the fields.
        PoolShort: no account is left for it, and the location takes no such booking.
    """
    session.flush()  # the location and the calendar may be as new
    wanted = Wanted(location.id, calendar.id, booking, actor)
    [result] = book_many(session, [wanted], hours=hours, cooldown=cooldown, now=now)
    if isinstance(result, ZoomPoolError):
        raise result
    return session.get_one(Appointment, result.id)


def book_many(
    session: Session,
    wanted: Sequence[Wanted],
    *,
    hours: OpeningHours,
    cooldown: timedelta,
    now: datetime,
) -> list[Booked | ZoomPoolError]:
    """Book hundreds in one statement, each for itself: one that cannot be booked keeps none of the others from it.

    A suspended location books on: what its clients agreed on is a fact, and its links are opened once it is active.

    Returns:
        What became of each, in their order; where it is not booked, the error that `book` would raise.
    """
    return _Round(session, hours, cooldown, now).book(wanted)


class _Round:
    """One call: bookings by their place in it, and what became of each."""

    def __init__(self, session: Session, hours: OpeningHours, cooldown: timedelta, now: datetime) -> None:
        self._session, self._hours, self._cooldown, self._now = session, hours, cooldown, now
        self._results: dict[int, Booked | ZoomPoolError] = {}
        self._untimely: dict[int, InvalidInput] = {}

    def book(self, wanted: Sequence[Wanted]) -> list[Booked | ZoomPoolError]:
        """New ones first, since they are the many; what is left is there already, or refused."""
        checked = self._checked(wanted)
        self._insert({place: each for place, each in checked.items() if place not in self._untimely})
        if left := self._left(checked):
            there = self._look(left)
            if any(row.refuses and self._may_be_new(row) for row in there):
                there = self._book_where_room_is_left(left)
            self._results |= {row.ordinal: self._judged(checked[row.ordinal], row) for row in there}
        return [self._results[place] for place in range(len(wanted))]

    def _checked(self, wanted: Sequence[Wanted]) -> dict[int, Wanted]:
        checked: dict[int, Wanted] = {}
        for place, each in enumerate(wanted):
            try:
                checked[place] = replace(each, booking=normal(each.booking))
                check_time(checked[place].booking, now=self._now)
            except InvalidInput as error:
                # A booking that is repeated may lie in the past by then.
                (self._untimely if place in checked else self._results)[place] = error
        return checked

    def _left(self, wanted: Mapping[int, Wanted]) -> dict[int, Wanted]:
        return {place: each for place, each in wanted.items() if place not in self._results}

    def _insert(self, wanted: Mapping[int, Wanted], *, locked: Sequence[int] = ()) -> None:
        """Book those of *wanted* that are new."""
        if not wanted:
            return
        values = {
            "rows": _rows(wanted),
            "locked": list(locked),
            "lead_time": self._hours.lead_time,
            "link_first": LINK_FIRST,
            "now": self._now,
        }
        for row in self._session.execute(SQL["book"], values).mappings():
            view = AppointmentView(
                **{name: value for name, value in row.items() if name != "ordinal"},
                revision=1,
                status=states.Appointment.BOOKED,
                not_recorded=False,
                booked_at=self._now,
                cancelled_at=None,
                place=None,
                join_url=None,
                passcode=None,
            )
            expected = expected_at(view, {}, self._hours, self._now)
            self._results[row["ordinal"]] = Booked(view.id, new=True, view=replace(view, expected_at=expected))

    def _look(self, wanted: Mapping[int, Wanted]) -> Sequence[sa.Row[Any]]:
        return self._session.execute(SQL["booked_before"], {"rows": _rows(wanted)}).all()

    def _may_be_new(self, there: sa.Row[Any]) -> bool:
        return there.id is None and there.calendar_exists and there.ordinal not in self._untimely

    def _book_where_room_is_left(self, wanted: Mapping[int, Wanted]) -> Sequence[sa.Row[Any]]:
        """Under the lock of the locations that refuse, book what finds an account; what is there of the rest."""
        of_them = sorted({each.location_id for each in wanted.values()})
        locked = self._session.scalars(SQL["lock_what_refuses"], {"locations": of_them}).all()
        # Looked at anew: whoever had the lock may have booked the same.
        new = [row for row in self._look(wanted) if self._may_be_new(row)]
        self._results |= turned_away(
            self._session,
            {row.ordinal: wanted[row.ordinal].booking for row in new},
            [row for row in new if row.location_id in locked],
            hours=self._hours,
            cooldown=self._cooldown,
            now=self._now,
        )
        self._insert(self._left({row.ordinal: wanted[row.ordinal] for row in new}), locked=locked)
        return self._look(self._left(wanted))

    def _judged(self, wanted: Wanted, there: sa.Row[Any]) -> Booked | ZoomPoolError:
        if there.id is not None:
            try:
                check_same(wanted, there)
            except ZoomPoolError as error:
                return error
            return Booked(there.id, new=False)
        if not there.calendar_exists:
            return InvalidInput("calendar_id", f"Location {wanted.location_id} has no calendar {wanted.calendar_id}.")
        # Neither new nor there: it went in between.
        return self._untimely.get(there.ordinal) or StaleState(
            f"Appointment {wanted.booking.external_id} was taken and given up at this moment."
        )


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
        "actor": wanted.actor,
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
