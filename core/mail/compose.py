"""What our mails say, as text and HTML, with the entry for the calendar.

The entry is there twice, as Google's own invitations have it: as an alternative, from which Outlook and Gmail make
their invitation, and as an attached file, because some clients look at nothing else
(stackoverflow.com/questions/19523861, nodemailer.com/message/calendar-events).

Written with the standard library's older classes: `email.message.EmailMessage` parses every header it is given and took
2.1 ms a mail where these take 0.5 (Python 3.11), which matters when a thousand links leave at a full hour. What its
parsing would catch, line breaks above all, is taken out here.
"""

import re
from base64 import encodebytes
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.policy import Compat32
from email.utils import format_datetime, formataddr
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from core.mail import invitation
from core.mail.appointment_time import clock, in_words, minutes, start_in_words

TEMPLATES = Path(__file__).with_name("templates")
# Line breaks of every kind, other controls, and the marks that turn the reading direction of what follows them.
UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
LONGEST_NAME = 150
LONGEST_PLACE = 500
PLACES = {"zoom": "Zoom", "phone": "Phone", "google_meet": "Google Meet"}
CRLF = "\r\n"


class Kind(StrEnum):
    """What a mail is about."""

    BOOKED = "booked"
    JOIN_LINK = "join_link"
    MOVED = "moved"
    CANCELLED = "cancelled"


SUBJECTS = {
    Kind.BOOKED: "Booked: your appointment on {start}",
    Kind.JOIN_LINK: "Your link to join on {start}",
    Kind.MOVED: "New time: your appointment is on {start}",
    Kind.CANCELLED: "Cancelled: your appointment on {start}",
}
HOST_SUBJECTS = {
    Kind.BOOKED: "Copy: {client} is booked for {start}",
    Kind.JOIN_LINK: "Copy: the link of {client} on {start}",
    Kind.MOVED: "Copy: {client} has been moved to {start}",
    Kind.CANCELLED: "Copy: {client} on {start} is cancelled",
}


class Wire(Compat32):
    """Writes headers as they are: ours are encoded and folded when set, and folding again took a third of the time."""

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}{CRLF}".encode("ascii")


WIRE = Wire(linesep=CRLF)


@dataclass(frozen=True)
class MailFacts:
    """What a mail about an appointment tells. *location* is its sender's name, *zone* its reader's; times in UTC.

    *link_before*: an earlier link of the appointment was sent, which is void. *new_time*: the client knows another time
    of it. *new_end*: of its time, only the end is another. *link_comes*: how long before the start the link is sent;
    None where none is needed, or its time has come. *link_soon*: it is being made. *meets_on* and *meets_at*: where
    they meet if no link is needed, and its number or address. *copied_client*: the client's address, in a copy for the
    host.
    """

    location: str
    client_name: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    join_url: str | None = field(default=None, repr=False)
    passcode: str | None = field(default=None, repr=False)
    recorded: bool = False
    link_before: bool = False
    new_time: bool = False
    new_end: bool = False
    link_comes: timedelta | None = None
    link_soon: bool = False
    meets_on: str | None = None
    meets_at: str | None = None
    copied_client: str | None = None


def compose(
    kind: Kind,
    facts: MailFacts,
    *,
    sender_address: str,
    recipient: str,
    message_id: str,
    entry: invitation.Entry,
    now: datetime,
) -> Message:
    """The mail of *kind* about *facts*, in the location's name.

    Arguments:
        sender_address: the bare address of MAIL_FROM; its domain completes the Message-ID.
        recipient: a bare address, as `core.mail.address` gives it.
        message_id: the stable part before the @, so that a doubled mail can be recognised.
        entry: what it writes in its reader's calendar.
    """
    words = _words(kind, facts)
    invited = _invitation(kind, facts, words, sender_address, recipient)
    written = invitation.write(invited, entry, now=now)
    mail = MIMEMultipart("mixed", boundary=f"=_m.{message_id}", policy=WIRE)
    mail["From"] = _address(words["location"], sender_address)
    mail["To"] = _address(words["location"] if facts.copied_client else words["client"], recipient)
    mail["Subject"] = _header(subject(kind, facts))
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message_id}@{sender_address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: keeps out-of-office answers away
    body = MIMEMultipart("alternative", boundary=f"=_a.{message_id}", policy=WIRE)
    body.attach(_part('text/plain; charset="utf-8"', _rendered(kind, words, "txt")))
    body.attach(_part('text/html; charset="utf-8"', _rendered(kind, words, "html")))
    body.attach(_part(f'text/calendar; charset="utf-8"; method={invited.method}', written))
    mail.attach(body)
    mail.attach(_part('application/ics; name="invite.ics"', written, attached_as="invite.ics"))
    return mail


def subject(kind: Kind, facts: MailFacts) -> str:
    """The subject, as people read it."""
    start = start_in_words(facts.starts_at, facts.zone)
    if facts.copied_client:
        return HOST_SUBJECTS[kind].format(client=one_line(facts.client_name), start=start)
    if kind == Kind.JOIN_LINK and facts.new_time:
        return f"New time: your link to join on {start}"
    if facts.new_end:
        return f"New end: your appointment on {start}"
    return SUBJECTS[kind].format(start=start)


def text(kind: Kind, facts: MailFacts) -> str:
    """What it says to who reads plain text."""
    return _rendered(kind, _words(kind, facts), "txt").decode()


def html(kind: Kind, facts: MailFacts) -> str:
    """What it says as a page."""
    return _rendered(kind, _words(kind, facts), "html").decode()


def calendar(
    kind: Kind, facts: MailFacts, *, sender_address: str, recipient: str, entry: invitation.Entry, now: datetime
) -> bytes:
    """What it writes in its reader's calendar."""
    invited = _invitation(kind, facts, _words(kind, facts), sender_address, recipient)
    return invitation.write(invited, entry, now=now)


def _words(kind: Kind, facts: MailFacts) -> dict[str, Any]:
    starts_at, link_comes = facts.starts_at, facts.link_comes
    return {
        "kind": str(kind),
        "location": one_line(facts.location),
        "client": one_line(facts.client_name),
        "when": in_words(starts_at, facts.ends_at, facts.zone),
        "join_url": facts.join_url,
        "passcode": facts.passcode,
        "recorded": facts.recorded,
        "link_before": facts.link_before,
        "new_time": facts.new_time,
        "new_end": facts.new_end,
        "link_comes": None if link_comes is None else minutes(link_comes),
        "link_at": None if link_comes is None else clock(starts_at - link_comes, facts.zone, beside=starts_at),
        "link_soon": facts.link_soon,
        "meets_on": facts.meets_on,
        "meets_at": one_line(facts.meets_at or "", longest=LONGEST_PLACE),
        "copied_client": one_line(facts.copied_client or ""),
    }


def _rendered(kind: Kind, words: dict[str, Any], form: str) -> bytes:
    name = "host" if words["copied_client"] else str(kind)
    return _template(f"{name}.{form}.j2").render(words).encode()


def _invitation(
    kind: Kind, facts: MailFacts, words: dict[str, Any], sender_address: str, recipient: str
) -> invitation.Invitation:
    link = facts.join_url if kind == Kind.JOIN_LINK else None
    host = facts.copied_client is not None
    return invitation.Invitation(
        organizer=words["location"],
        organizer_address=sender_address,
        attendee=words["location"] if host else words["client"],
        attendee_address=recipient,
        starts_at=facts.starts_at,
        ends_at=facts.ends_at,
        summary=words["client"] if host else f"Appointment with {words['location']}",
        description=_template("entry.txt.j2").render(words).strip(),
        place=link or words["meets_at"] or PLACES.get(facts.meets_on or "", ""),
        cancelled=kind == Kind.CANCELLED,
    )


def one_line(text: str, *, longest: int = LONGEST_NAME) -> str:
    """*text* without line breaks, controls and direction overrides, short enough for a header."""
    cleaned = " ".join(UNSAFE.sub(" ", text).split())
    return cleaned if len(cleaned) <= longest else f"{cleaned[: longest - 1]}…"


def _address(name: str, address: str) -> str:
    if name.isascii() and "=?" not in name:  # what looks encoded would be decoded by who reads it
        return formataddr((name, address))
    header = Header(name, "utf-8")
    header.append(f"<{address}>", "us-ascii")
    return header.encode(linesep=CRLF)


def _header(words: str) -> str:
    return words if words.isascii() and "=?" not in words else Header(words, "utf-8").encode(linesep=CRLF)


def _part(content_type: str, content: bytes, *, attached_as: str | None = None) -> Message:
    """Always base64: lines of any length and every script come through."""
    part = Message(policy=WIRE)
    part["Content-Type"] = content_type
    if attached_as:
        part["Content-Disposition"] = f'attachment; filename="{attached_as}"'
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(encodebytes(content).decode("ascii"))
    return part


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)
