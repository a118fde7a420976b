"""Names and addresses that try to be more than names and addresses: what the mail server really got.

Both ways in: through the checks, as a program or a person would give them, and in rows that are in the database
already, however they got there.
"""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from icalendar import Calendar as Ical
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.db.models import Appointment, Calendar, Location, Message
from core.errors import InvalidInput
from core.mail.smtp import MailServer
from core.services.book import book
from core.services.booking import Booking
from core.services.calendars import find_calendar
from core.services.deliver import deliver
from core.services.locations import find_location
from tests.integration.mail.given import VAULT, Clock, Practice, message_of
from tests.sandbox_process import SandboxControl
from tests.world import TEST, World

HEADERS = {"mime-version", "content-type", "from", "to", "subject", "date", "message-id", "auto-submitted"}
NAMES = [
    "Robin\r\nBcc: x@y.test",
    "Robin\r\n\r\n.\r\nMAIL FROM:<x@y.test>",
    "Robin\nX-Evil: yes",
    "Robin\u2028Bcc: x@y.test",
    "Robin\x85Bcc: x@y.test",
    'Robin", <x@y.test>, "',
    "Robin <x@y.test>, z@y.test",
    "<script>alert('x')</script>",
    "'; DROP TABLE appointments;--",
    "{{ 7 * 7 }} {% raw %}",
    "=?utf-8?q?Robin=0D=0ABcc=3A_x=40y.test?=",
    "דוד \u202e@live.gro",
    "محمد بن عبد الله",
    "山田 太郎",
    "Robin\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nATTENDEE:mailto:x@y.test",
    "N" * 200,
    "名" * 200,
]
ADDRESSES = [
    "robin@example.com\r\nBcc: x@y.test",
    "robin@example.com\nRCPT TO:<x@y.test>",
    "robin@example.com, x@y.test",
    "robin@example.com x@y.test",
    "<robin@example.com>",
    '"robin\\"@example.com',
    "robin@example.com>,<x@y.test",
    "robin@exam\x00ple.com",
    "@example.com",
    "robin@",
]


def only_mail(sandbox: SandboxControl, recipient: str) -> dict[str, Any]:
    """The one mail there is, with one recipient and no header but ours."""
    (mail,) = sandbox.mail()
    assert mail["to"] == [recipient]
    assert sorted(mail["header_names"]) == sorted(HEADERS)
    (event,) = Ical.from_ical(mail["calendar"]).events
    assert event["ATTENDEE"] == f"mailto:{recipient}"
    return mail


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_stands_in_the_database_stays_a_name(
    sessions: sessionmaker[Session], mail_server: MailServer, sandbox: SandboxControl, name: str
) -> None:
    """Of the client, the location and the place, all at once."""
    opened = Practice(sessions).opened(client_name=name, client_email="robin@example.com")
    with sessions.begin() as session:
        session.execute(sa.update(Location).values(sender_name=name))
        session.execute(sa.update(Calendar).values(meeting_detail=name))

    assert deliver(sessions, mail_server, VAULT, clock=Clock()).sent == 1

    mail = only_mail(sandbox, opened.email)
    assert mail["from"] == "no-reply@quantixone.example"
    assert "<script" not in mail["html"]
    assert "\u202e" not in mail["html"] + mail["text"] + mail["calendar"] + mail["subject"]
    assert "49" not in mail["text"].splitlines()[0]


@pytest.mark.parametrize("address", [each for each in ADDRESSES if "\x00" not in each])
def test_an_address_that_stands_in_the_database_reaches_nobody_else(
    sessions: sessionmaker[Session], mail_server: MailServer, sandbox: SandboxControl, address: str
) -> None:
    """It is refused by us before the mail server hears of it, with an answer that support can read."""
    opened = Practice(sessions).opened(client_email=address)

    assert deliver(sessions, mail_server, VAULT, clock=Clock()).failed == 1

    assert sandbox.mail_count() == 0
    message = message_of(sessions, opened)
    assert (message.status, message.reason, message.provider_reply) == ("failed", "rejected", "not a usable address")


@pytest.mark.parametrize("address", [each for each in ADDRESSES if "\x00" not in each])
def test_a_hosts_address_that_stands_in_the_database_reaches_nobody_else(world: World, address: str) -> None:
    """The client's mail leaves all the same."""
    world.location()
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Calendar).values(copy_to_host=True, host_email=address))
    world.book()
    world.run()
    world.notify()

    only_mail(world.sandbox, "a-1@clients.test")
    assert [each.status for each in world.messages(to_host=True)] == ["failed"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("client_name", each) for each in NAMES if any(not mark.isprintable() for mark in each)),
        *(("client_email", each) for each in ADDRESSES),
        ("client_email", "robin@example.com\r\n" + "x" * 300),
    ],
)
def test_what_holds_line_breaks_is_not_booked(world: World, field: str, value: str) -> None:
    """The field is named, and nothing is kept."""
    world.location(accounts=0)
    with pytest.raises(InvalidInput) as refused:
        _book(world, **{field: value})

    assert refused.value.field == field
    assert world.all(Appointment) == world.all(Message) == []


@pytest.mark.parametrize("name", [each for each in NAMES if all(mark.isprintable() for mark in each)])
def test_a_strange_name_that_can_be_booked_comes_through_whole(world: World, name: str) -> None:
    """In the text as it was given, as long as it is not longer than a header bears."""
    world.location()
    _book(world, client_name=name)
    world.run()

    mail = only_mail(world.sandbox, "robin@example.com")
    assert mail["text"].startswith(f"Hello {name if len(name) <= 150 else name[:149] + '…'},")


def _book(world: World, **changes: Any) -> None:
    """Book as every way in does, by its one service."""
    now = utcnow()
    starts_at = (now + timedelta(minutes=9)).replace(microsecond=0)
    usual: dict[str, Any] = {
        "external_id": "A-1",
        "client_name": "Robin Example",
        "client_email": "robin@example.com",
        "client_zone": "Europe/Berlin",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=30),
    }
    with world.parts.sessions.begin() as session:
        place = find_location(session, "Harbour Clinic")
        book(
            session,
            Booking(**{**usual, **changes}),
            location=place,
            calendar=find_calendar(session, place, "Video"),
            hours=world.parts.hours,
            cooldown=world.parts.settings.cooldown,
            actor=TEST,
            now=now,
        )
