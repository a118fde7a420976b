"""What tests of confirmations, re-sent mails and changed clients start from."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from icalendar import Calendar as Ical
from icalendar import Event

from core.clock import utcnow
from core.db.models import Appointment, Calendar
from core.services.cancel import cancel
from core.services.outbox import LINK_FIRST, booked, queue_mails
from core.services.reschedule import reschedule
from tests.world import TEST, World

HOUR = timedelta(hours=1)
CLIENT = "a-1@clients.test"
HOST = "front-desk@harbour-clinic.test"


def confirmed(
    world: World, *, external_id: str = "A-1", starts_in: timedelta = HOUR, calendar: str = "Video"
) -> Appointment:
    """A booking with its confirmation queued."""
    appointment = world.book(external_id, starts_in=starts_in, calendar=calendar)
    soon = calendar == "Video" and starts_in <= timedelta(minutes=10)
    with world.parts.sessions.begin() as session:
        mail = booked(
            recipient=appointment.client_email,
            location_id=appointment.location_id,
            appointment_id=appointment.id,
            ends_at=appointment.ends_at,
            not_before=utcnow() + LINK_FIRST if soon else None,
        )
        queue_mails(session, [mail], now=utcnow())
    return appointment


def move(world: World, by: timedelta) -> None:
    """Reschedule the appointment."""
    appointment = world.appointment()
    reschedule(
        world.parts.sessions,
        world.parts.zoom,
        location="Harbour Clinic",
        external_id="A-1",
        starts_at=appointment.starts_at + by,
        ends_at=appointment.ends_at + by,
        actor=TEST,
        hours=world.parts.hours,
        clock=utcnow,
    )


def call_off(world: World) -> None:
    """Cancel the appointment."""
    cancel(
        world.parts.sessions, world.parts.zoom, location="Harbour Clinic", external_id="A-1", actor=TEST, clock=utcnow
    )


def set_calendar(world: World, name: str = "Video", **values: Any) -> None:
    """Change columns of a calendar."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Calendar).where(Calendar.name == name).values(**values))


def entry(mail: dict[str, Any]) -> tuple[str, Event]:
    """The method and the event that a mail brings into its reader's calendar."""
    calendar = Ical.from_ical(mail["calendar"])
    (event,) = calendar.events
    return str(calendar["METHOD"]), event
