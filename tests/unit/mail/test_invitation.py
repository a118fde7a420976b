"""The calendar entry of a mail, read as a stranger's calendar would read it."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from icalendar import Calendar, Event

from core.mail.compose import Kind
from core.mail.invitation import uid
from tests.unit.mail.test_compose import JOIN_URL, START, received, wire

HOSTILE = [
    'Robin "the boss" Example',
    "<script>alert(1)</script>",
    'Robin"; DROP TABLE appointments;--',
    "Robin\r\nBcc: x@y.test",
    "Robin\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:other",
    "Robin;CN=x:mailto:evil@example.com,b\\n",
    "דוד בן־גוריון \u202egro.live",
    "محمد عبد الله",
    "山田太郎" * 50,
    "x" * 200,
]


def entry_of(kind: Kind = Kind.JOIN_LINK, **changes: object) -> tuple[Calendar, Event]:
    """The calendar of a mail, the same in both of its places, and its one event."""
    alternative, attached = [
        part.get_payload(decode=True)
        for part in message_from_bytes(wire(kind, **changes), policy=policy.default).walk()
        if part.get_content_type() in ("text/calendar", "application/ics")
    ]
    assert alternative == attached
    assert isinstance(alternative, bytes)
    calendar = Calendar.from_ical(alternative)
    (event,) = calendar.events
    assert not event.errors
    return calendar, event


def test_the_link_mail_carries_the_link_into_the_calendar() -> None:
    """Link and passcode, the times as moments, who invites and who is invited."""
    calendar, event = entry_of()

    assert calendar["METHOD"] == "REQUEST"
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("uid-of-the-appointment", 3, "CONFIRMED")
    assert (event.start, event.end) == (START, START + timedelta(minutes=30))
    assert event["DTSTAMP"].dt == START
    assert event["ORGANIZER"] == "mailto:no-reply@quantixone.example"
    assert event["ORGANIZER"].params["CN"] == "Praxis am Markt"
    assert event["ATTENDEE"] == "mailto:robin@example.com"
    assert event["SUMMARY"] == "Appointment with Praxis am Markt"
    assert event["LOCATION"] == JOIN_URL
    assert event["DESCRIPTION"] == f"Join:\n{JOIN_URL}\nPasscode: k3yP4ss9"


def test_times_need_no_zone_that_a_calendar_would_have_to_know() -> None:
    """As UTC on the wire, whatever the client's zone."""
    calendar, event = entry_of(zone="America/New_York")

    assert b"DTSTART:20261123T130000Z" in calendar.to_ical()
    assert event["DTSTART"].params == {}
    assert calendar.timezones == []


def test_a_cancellation_takes_the_entry_away() -> None:
    """The same entry, by its UID, with the method in the part's own header too."""
    calendar, event = entry_of(Kind.CANCELLED)
    (part,) = [each for each in received(Kind.CANCELLED).walk() if each.get_content_type() == "text/calendar"]

    assert (calendar["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert part.get_param("method") == "CANCEL"
    assert event["UID"] == "uid-of-the-appointment"
    assert "zoom.example" not in event.to_ical().decode()


@pytest.mark.parametrize("kind", [Kind.BOOKED, Kind.MOVED])
def test_before_its_time_the_entry_says_when_the_link_comes(kind: Kind) -> None:
    """No link, though the facts may hold one."""
    _, event = entry_of(kind, link_comes=timedelta(minutes=10), meets_on="zoom")

    assert event["LOCATION"] == "Zoom"
    assert event["DESCRIPTION"].endswith("10 minutes before the appointment begins, at 13:50.")


@pytest.mark.parametrize(
    ("meets_on", "meets_at", "place"),
    [
        ("phone", "+49 30 1234567", "+49 30 1234567"),
        ("phone", None, "Phone"),
        ("google_meet", "https://meet.google.com/abc-defg-hij", "https://meet.google.com/abc-defg-hij"),
        ("custom", "Room 4; ring twice, please", "Room 4; ring twice, please"),
    ],
)
def test_where_it_is_not_zoom_the_place_is_its_number_or_address(
    meets_on: str, meets_at: str | None, place: str
) -> None:
    """And no promise of a link."""
    _, event = entry_of(Kind.BOOKED, meets_on=meets_on, meets_at=meets_at, join_url=None)

    assert event["LOCATION"] == place
    assert "link" not in event["DESCRIPTION"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_can_write_into_the_calendar(name: str) -> None:
    """One event, one attendee, and no property that we did not write; every line short enough to be taken."""
    calendar, event = entry_of(client_name=name, location=name, meets_at=name, passcode=name)

    assert set(event) == {
        "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "LOCATION", "STATUS", "ORGANIZER",
        "ATTENDEE",
    }  # fmt: skip
    assert set(calendar) == {"PRODID", "VERSION", "METHOD"}
    assert event["ATTENDEE"] == "mailto:robin@example.com"
    assert "\u202e" not in event["SUMMARY"] + event["ATTENDEE"].params["CN"]
    raw = next(p for p in received(client_name=name, location=name).walk() if p.get_content_type() == "text/calendar")
    payload = raw.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert all(len(line) <= 75 for line in payload.split(b"\r\n"))


def test_the_uid_is_one_for_ever() -> None:
    """By the appointment and the moment of its booking, in whatever zone that is written."""
    booked = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)

    assert uid(7, booked) == uid(7, booked.astimezone())
    assert uid(7, booked) != uid(8, booked)
    assert uid(7, booked) != uid(7, booked + timedelta(microseconds=1))
