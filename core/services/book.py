"""Booking: idempotent by the caller's own id. No link exists at booking and no call to Zoom is made."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.models import Appointment, AppointmentRevision, Calendar, Location
from core.domain import checks
from core.domain.due import OpeningHours
from core.domain.states import Link, MeetingLocation
from core.errors import Conflict, NotFound
from core.services.input import checked, email
from core.services.timeline import note


@dataclass(frozen=True)
class Booking:
    """What a client booked. Times are aware; *client_zone* is an IANA name and decides how mails print them."""

    external_id: str
    client_name: str
    client_email: str
    client_zone: str
    starts_at: datetime
    ends_at: datetime


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
        Conflict: the external id is taken by an appointment with other content; names the fields.
    """
    booking = _normal(booking)
    existing = _find(session, location, booking.external_id)
    if existing is not None:
        return _same(existing, booking, calendar)
    with checked():  # only now: a booking that is repeated later may lie in the past by then
        checks.span(booking.starts_at, booking.ends_at, now=now)
    appointment = _insert(session, booking, location, calendar, now)
    if appointment is None:  # two bookings of one id at the same moment: the other one was first
        return _same(find_appointment(session, location, booking.external_id), booking, calendar)
    session.execute(
        sa.insert(AppointmentRevision).values(
            appointment_id=appointment.id,
            revision=1,
            location_id=location.id,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            due_at=max(hours.due_from(booking.starts_at), now),
        )
    )
    note(
        session,
        "appointment_booked",
        at=now,
        actor=actor,
        location_id=location.id,
        appointment_id=appointment.id,
    )
    return appointment


def _insert(
    session: Session, booking: Booking, location: Location, calendar: Calendar, now: datetime
) -> Appointment | None:
    """The new appointment; None if its external id was taken at this very moment."""
    # FOR SHARE keeps the calendar's meeting location still until this booking stands.
    meets_on = session.scalar(
        sa.select(Calendar.meeting_location).where(Calendar.id == calendar.id).with_for_update(read=True)
    )
    inserted: Appointment | None = session.scalar(
        insert(Appointment)
        .values(
            location_id=location.id,
            calendar_id=calendar.id,
            external_id=booking.external_id,
            client_name=booking.client_name,
            client_email=booking.client_email,
            client_zone=booking.client_zone,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            link=Link.NOT_DUE if meets_on == MeetingLocation.ZOOM else Link.NOT_NEEDED,
            booked_at=now,
        )
        .on_conflict_do_nothing(index_elements=["location_id", "external_id"])
        .returning(Appointment)
    )
    return inserted


def find_appointment(session: Session, location: Location, external_id: str) -> Appointment:
    """The appointment that the caller knows by *external_id*. Raises `NotFound`."""
    appointment = _find(session, location, external_id)
    if appointment is None:
        raise NotFound(
            f"{location.name} has no appointment {external_id}.",
            next_step="See which there are: zoompool appointments list.",
        )
    return appointment


def _normal(booking: Booking) -> Booking:
    """*booking* as it is stored, so that the same one is recognised however it is written. Raises `InvalidInput`."""
    with checked():
        return Booking(
            external_id=checks.text("external_id", booking.external_id),
            client_name=checks.text("client_name", booking.client_name),
            client_email=email("client_email", booking.client_email),
            client_zone=checks.zone("client_zone", booking.client_zone),
            starts_at=checks.aware("starts_at", booking.starts_at),
            ends_at=checks.aware("ends_at", booking.ends_at),
        )


def _find(session: Session, location: Location, external_id: str) -> Appointment | None:
    return session.scalar(
        sa.select(Appointment).where(
            Appointment.location_id == location.id,
            Appointment.external_id == external_id.strip(),
        )
    )


def _same(existing: Appointment, booking: Booking, calendar: Calendar) -> Appointment:
    """*existing* if the booking says the same of it; a booking that says otherwise is a conflict, not an update."""
    differing = [
        field
        for field, booked, wanted in (
            ("calendar", existing.calendar_id, calendar.id),
            ("client_name", existing.client_name, booking.client_name),
            ("client_email", existing.client_email.lower(), booking.client_email.lower()),
            ("client_zone", existing.client_zone, booking.client_zone),
            ("starts_at", existing.starts_at, booking.starts_at),
            ("ends_at", existing.ends_at, booking.ends_at),
        )
        if booked != wanted
    ]
    if differing:
        raise Conflict(
            f"Appointment {existing.external_id} is booked already with another {', '.join(differing)}.",
            next_step="Use another external id, or reschedule the existing appointment.",
        )
    return existing
