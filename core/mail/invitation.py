"""The calendar entry that goes with a mail: a REQUEST for what takes place, a CANCEL for what does not.

All mails about one appointment carry one UID and a rising SEQUENCE, so that they land on the same entry (RFC 5546,
3.2.2).

Times are in UTC. An appointment is a single moment, which every calendar shows in its reader's own zone; a TZID needs
its VTIMEZONE beside it, without which Outlook moved events by hours (github.com/sebbo2002/ical-generator/issues/680),
and calendars disagree about the names of zones.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

from icalendar import Calendar, Event, vCalAddress

OURS = UUID("6f3d1f5e-8d1a-4c62-9f0e-5b2a7c1d4e90")
PRODUCT = "-//QuantixOne//Zoom pool//EN"


@dataclass(frozen=True)
class Entry:
    """Which entry of the calendar a mail writes, and the how-manieth version of it."""

    uid: str
    sequence: int


@dataclass(frozen=True)
class Invitation:
    """What the entry says. Names are free of line breaks; addresses are as they go over the wire."""

    organizer: str
    organizer_address: str
    attendee: str
    attendee_address: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    place: str
    cancelled: bool = False

    @property
    def method(self) -> str:
        """What the calendar is asked to do."""
        return "CANCEL" if self.cancelled else "REQUEST"


def uid(appointment_id: int, booked_at: datetime) -> str:
    """The UID of an appointment's entry.

    From what never changes, and not from the installation's id: after a restore that is another one, and a cancellation
    has to find the entry that was written before.
    """
    return str(uuid5(OURS, f"{appointment_id}:{booked_at.astimezone(UTC).isoformat()}"))


def write(invitation: Invitation, entry: Entry, *, now: datetime) -> bytes:
    """The entry as iCalendar (RFC 5545); the library escapes and folds."""
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", invitation.starts_at.astimezone(UTC))
    event.add("dtend", invitation.ends_at.astimezone(UTC))
    event.add("summary", invitation.summary)
    event.add("description", invitation.description)
    if invitation.place:
        event.add("location", invitation.place)
    event.add("status", "CANCELLED" if invitation.cancelled else "CONFIRMED")
    event.add("organizer", _person(invitation.organizer, invitation.organizer_address))
    attendee = _person(invitation.attendee, invitation.attendee_address)
    # Who booked has accepted, and nobody reads answers at this address.
    attendee.params["PARTSTAT"], attendee.params["RSVP"] = "ACCEPTED", "FALSE"
    event.add("attendee", attendee)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", invitation.method)
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _person(name: str, address: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{address}")
    person.params["CN"] = name.replace(
        '"', "'"
    )  # a quote cannot stand in a parameter, and few read RFC 6868's way around
    return person
