"""Locations and the seats issued to them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Location, Seat
from core.domain import checks
from core.errors import Conflict, NotFound
from core.services.input import checked, email, unique
from core.services.timeline import note


def add_location(
    session: Session,
    *,
    name: str,
    zone: str,
    sender_name: str | None = None,
    actor: str,
    now: datetime,
) -> Location:
    """Add a location, active at once.

    Raises:
        InvalidInput: the name is empty or too long, or the zone is no IANA time zone.
        Conflict: a location of that name exists.
    """
    with checked():
        name, zone = checks.text("name", name), checks.zone("zone", zone)
        sender_name = checks.text("sender_name", sender_name or name)
    refuse_taken_name(session, name)
    location = Location(name=name, zone=zone, sender_name=sender_name)
    session.add(location)
    with unique(name_taken(name)):
        session.flush()  # the event needs its id
    note(session, "location_added", at=now, actor=actor, location_id=location.id)
    return location


def find_location(session: Session, name: str) -> Location:
    """The location of that name, whatever the case. Raises `NotFound`, saying which there are."""
    location = session.scalar(sa.select(Location).where(sa.func.lower(Location.name) == name.strip().lower()))
    if location is None:
        known = session.scalars(sa.select(Location.name).order_by(Location.name).limit(10)).all()
        raise NotFound(
            f"There is no location named {name}.",
            next_step=f"There are: {', '.join(known)}." if known else "Add it first: zoompool locations add NAME.",
        )
    return location


def location_by_id(session: Session, location_id: int) -> Location:
    """The location with that id. Raises `NotFound`."""
    location = session.get(Location, location_id)
    if location is None:
        raise NotFound(f"There is no location {location_id}.", next_step="List the locations.")
    return location


def refuse_taken_name(session: Session, name: str, *, other_than: int | None = None) -> None:
    """Raise `Conflict` if another location has that name, whatever its case."""
    taken = sa.select(Location.id).where(sa.func.lower(Location.name) == name.lower(), Location.id != other_than)
    if session.scalar(taken):
        raise name_taken(name)


def name_taken(name: str) -> Conflict:
    """The refusal of a second location of that name."""
    return Conflict(f"There is a location named {name} already.", next_step="Choose another name.")


def list_locations(session: Session) -> list[Location]:
    """All locations by name."""
    return list(session.scalars(sa.select(Location).order_by(Location.name)))


def issue_seat(session: Session, *, location: Location, address: str, actor: str, now: datetime) -> Seat:
    """Issue a licensed Zoom user, known by its e-mail *address*, to *location*. Issuing it again changes nothing.

    Raises:
        InvalidInput: the address is none.
        Conflict: the seat is issued to another location.
    """
    address = email("email", address).lower()
    seat = session.scalar(sa.select(Seat).where(Seat.email == address, Seat.taken_back_at.is_(None)))
    if seat is None:
        seat = Seat(location_id=location.id, email=address, issued_at=now, issued_by=actor)
        session.add(seat)
        with unique(Conflict(f"Somebody else is issuing the seat {address}.", next_step="Look at it again.")):
            session.flush()  # a second issuer of the same address fails here
        note(
            session,
            "seat_issued",
            at=now,
            actor=actor,
            location_id=location.id,
            seat_id=seat.id,
        )
    elif seat.location_id != location.id:
        raise Conflict(
            f"The seat {address} is issued to another location.",
            next_step="Take it back there before issuing it here.",
        )
    return seat


def find_seat(session: Session, location: Location, address: str) -> Seat:
    """The seat issued to *location* under that address. Raises `NotFound`, saying which there are."""
    seat = session.scalar(
        sa.select(Seat).where(
            Seat.location_id == location.id,
            Seat.email == address.strip().lower(),
            Seat.taken_back_at.is_(None),
        )
    )
    if seat is None:
        issued = list_seats(session, location)
        raise NotFound(
            f"No seat {address} is issued to {location.name}.",
            next_step="Issued are: " + ", ".join(each.email for each in issued) + "."
            if issued
            else f"Issue it first: zoompool seats issue {address} --location '{location.name}'.",
        )
    return seat


def seat_by_id(session: Session, seat_id: int) -> Seat:
    """The seat with that id, taken back or not. Raises `NotFound`."""
    seat = session.get(Seat, seat_id)
    if seat is None:
        raise NotFound(f"There is no seat {seat_id}.", next_step="List the seats of the location.")
    return seat


def list_seats(session: Session, location: Location) -> list[Seat]:
    """The seats issued to *location*, by address."""
    found = sa.select(Seat).where(Seat.location_id == location.id, Seat.taken_back_at.is_(None)).order_by(Seat.email)
    return list(session.scalars(found))
