"""A practice location that shows the product at work: seats, connected accounts, and appointments that become due at
once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests
from sqlalchemy.orm import Session

from core.clock import utcnow
from core.db.models import Appointment, Location
from core.errors import ConfigurationError
from core.services.book import book
from core.services.booking import Booking
from core.services.calendars import add_calendar, find_calendar
from core.services.connect import begin_connect
from core.services.locations import add_location, find_seat, issue_seat, list_locations
from core.settings import Settings
from core.wiring import Wiring

ACTOR = "demo"
LOCATION, ZONE = "Harbour Clinic", "Europe/Berlin"
VIDEO, PHONE = "Video consultation", "Phone consultation"
SEATS = [f"room{number}@harbour-clinic.example" for number in (1, 2, 3, 4)]
CONNECTED = 3
PATIENCE = 20  # seconds for one HTTP call


@dataclass(frozen=True)
class Planned:
    """An appointment of the demo: minutes from now until its start, and its client."""

    starts_in: float
    minutes: int
    calendar: str
    client: str
    zone: str


# The first one's whole life passes within five minutes: a link at once, a meeting of a minute, its recording, and rest.
# Then three Zoom appointments at a time for three accounts: the fourth of all waits until the first's account or the
# fourth seat is there, and the fifth beside it. Each later group begins when the one before has ended and its accounts
# have rested.
ROUND = (
    Planned(2, 1, VIDEO, "Client A", "Europe/Madrid"),
    Planned(9, 10, VIDEO, "Client B", "Europe/Berlin"),
    Planned(9.5, 10, PHONE, "Client C", "Europe/Stockholm"),
    Planned(10, 10, VIDEO, "Client D", "Africa/Lagos"),
    Planned(11, 10, VIDEO, "Client E", "America/New_York"),
    Planned(12, 15, VIDEO, "Client F", "Europe/Prague"),
    Planned(14, 20, PHONE, "Client G", "Asia/Dubai"),
    Planned(60, 10, VIDEO, "Client H", "Asia/Tokyo"),
    Planned(62, 10, VIDEO, "Client I", "Asia/Seoul"),
    Planned(65, 10, PHONE, "Client J", "Europe/Lisbon"),
    Planned(110, 15, VIDEO, "Client K", "Atlantic/Reykjavik"),
    Planned(112, 15, VIDEO, "Client L", "Africa/Accra"),
)


def seed(settings: Settings) -> None:
    """Make the demo: a location, four seats, three of them connected as a person would, calendars and appointments."""
    parts = Wiring(settings)
    now = utcnow()
    with parts.sessions.begin() as session:
        location = add_location(session, name=LOCATION, zone=ZONE, actor=ACTOR, now=now)
        add_calendar(session, location=location, name=VIDEO, meeting_location="zoom", actor=ACTOR, now=now)
        add_calendar(
            session,
            location=location,
            name=PHONE,
            meeting_location="phone",
            meeting_detail="+49 40 0000 0000",
            actor=ACTOR,
            now=now,
        )
        for email in SEATS:
            issue_seat(session, location=location, address=email, actor=ACTOR, now=now)
    _practice_users(settings)
    for email in SEATS[:CONNECTED]:
        _connect(parts, location, email)
    for _ in add_appointments(parts):
        pass


def add_appointments(parts: Wiring) -> Iterator[str]:
    """Book a round of appointments from now on; yields a line for each.

    Raises:
        ConfigurationError: there is no demo location, or this is not the sandbox.
    """
    if parts.settings.mode != "sandbox":
        raise ConfigurationError("The demo books practice appointments; it works with MODE=sandbox only.")
    now = utcnow()
    with parts.sessions.begin() as session:
        location = next((each for each in list_locations(session) if each.name == LOCATION), None)
        if location is None:
            raise ConfigurationError("There is no demo location.", next_step="Start an empty installation: make up.")
        booked = [_book(session, parts, location, planned, now) for planned in ROUND]
    for appointment, planned in zip(booked, ROUND, strict=True):
        yield f"{appointment.external_id}  {appointment.starts_at:%H:%M} UTC  {planned.calendar}  {planned.client}"


def _book(session: Session, parts: Wiring, location: Location, planned: Planned, now: datetime) -> Appointment:
    starts_at = (now + timedelta(minutes=planned.starts_in)).replace(microsecond=0)
    name = planned.client.lower().replace(" ", "-")
    return book(
        session,
        Booking(
            external_id=f"D{now:%H%M%S}-{name[-1].upper()}",
            client_name=planned.client,
            client_email=f"{name}@clients.example",
            client_zone=planned.zone,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=planned.minutes),
        ),
        location=location,
        calendar=find_calendar(session, location, planned.calendar),
        hours=parts.hours,
        cooldown=parts.settings.cooldown,
        actor=ACTOR,
        now=now,
    )


def _practice_users(settings: Settings) -> None:
    """The seats' Zoom users on the practice Zoom; those that are there from an earlier start stay."""
    control = settings.api_url.removesuffix("/v2") + "/sandbox/users"
    there = {user["email"] for user in requests.get(control, timeout=PATIENCE).json()}
    wanted = [{"email": email, "first_name": "Room", "last_name": email[4]} for email in SEATS if email not in there]
    if wanted:
        requests.post(control, json=wanted, timeout=PATIENCE).raise_for_status()


def _connect(parts: Wiring, location: Location, email: str) -> None:
    """What a person does in a browser: open Zoom's address, allow, and come back to the console."""
    with parts.sessions.begin() as session:
        seat = find_seat(session, location, email)
        address = begin_connect(
            session, parts.oauth, parts.vault, location_id=location.id, seat_id=seat.id, actor=ACTOR, now=utcnow()
        )
    consent = {"email": email, "decision": "allow"}
    answer = requests.post(address, data=consent, allow_redirects=False, timeout=PATIENCE)
    answer.raise_for_status()
    requests.get(answer.headers["Location"], allow_redirects=False, timeout=PATIENCE).raise_for_status()
