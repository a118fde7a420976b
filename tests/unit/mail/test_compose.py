"""What a mail says, and that no name can make it say or do something else."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest

from core.mail.compose import Kind, MailFacts, compose
from core.mail.invitation import Entry

START = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
JOIN_URL = "https://zoom.example/j/81234567890?pwd=a&x=1"


def facts(**changes: object) -> MailFacts:
    """A usual appointment, with *changes*."""
    usual: dict[str, object] = {
        "location": "Praxis am Markt",
        "client_name": "Robin Example",
        "starts_at": START,
        "ends_at": START + timedelta(minutes=30),
        "zone": "Europe/Berlin",
        "join_url": JOIN_URL,
        "passcode": "k3yP4ss9",
        "recorded": True,
    }
    return MailFacts(**{**usual, **changes})  # type: ignore[arg-type]


def received(kind: Kind = Kind.JOIN_LINK, **changes: object) -> EmailMessage:
    """The mail as a mail program reads it."""
    return message_from_bytes(wire(kind, **changes), policy=policy.default)  # type: ignore[return-value]


def wire(kind: Kind = Kind.JOIN_LINK, **changes: object) -> bytes:
    """The mail as it goes over the wire."""
    mail = compose(
        kind,
        facts(**changes),
        sender_address="no-reply@quantixone.example",
        recipient="robin@example.com",
        message_id="zp-installation-0123456789",
        entry=Entry("uid-of-the-appointment", 3),
        now=START,
    )
    return mail.as_bytes()


def shown(header: str, **changes: object) -> str:
    """A header as people read it.

    By the older reader of the standard library: the newer one puts spaces between the parts of a long encoded name
    (RFC 2047, 6.2, says that there are none).
    """
    return str(make_header(decode_header(message_from_bytes(wire(**changes))[header]))).replace('"', "")  # type: ignore[arg-type]


def text(mail: EmailMessage, subtype: str) -> str:
    """The body of one kind."""
    body = mail.get_body((subtype,))
    assert body is not None
    return str(body.get_content())


def test_a_link_mail_has_every_header_it_needs() -> None:
    """Sender by the location's name, stable id, and a mark that keeps automatic answers away."""
    mail = received()

    assert str(mail["From"]) == "Praxis am Markt <no-reply@quantixone.example>"
    assert str(mail["To"]) == "Robin Example <robin@example.com>"
    assert str(mail["Subject"]) == "Your link to join on Monday, 23 November 2026, 14:00"
    assert mail["Message-ID"] == "<zp-installation-0123456789@quantixone.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == START
    assert mail.get_content_type() == "multipart/mixed"
    body, attached = mail.iter_parts()
    assert [part.get_content_type() for part in body.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    assert (attached.get_content_type(), attached.get_filename()) == ("application/ics", "invite.ics")
    assert not mail.defects


def test_the_passcode_stands_beside_the_link() -> None:
    """In the text, the two lines follow each other."""
    lines = text(received(), "plain").splitlines()

    link = lines.index(JOIN_URL)
    assert lines[link + 1] == "Passcode: k3yP4ss9"


@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_a_mail_says_that_it_is_recorded_only_if_it_is(subtype: str) -> None:
    """No recording, no such line."""
    assert "This meeting is recorded." in text(received(), subtype)
    assert "recorded" not in text(received(recorded=False), subtype)


@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_without_a_passcode_there_is_no_such_line(subtype: str) -> None:
    """An empty label would make people search."""
    assert "Passcode" not in text(received(passcode=None), subtype)


def test_the_button_and_the_plain_address_lead_to_the_meeting() -> None:
    """Two links, both with the address as Zoom gave it, and the address readable beneath the button."""
    links = _Links()
    links.feed(text(received(), "html"))

    assert links.found == [(JOIN_URL, "Join the meeting"), (JOIN_URL, JOIN_URL)]


def test_a_cancellation_names_the_appointment_and_no_link() -> None:
    """Whoever reads it cannot join by mistake."""
    mail = received(Kind.CANCELLED, link_before=True)

    assert str(mail["Subject"]) == "Cancelled: your appointment on Monday, 23 November 2026, 14:00"
    for subtype in ("plain", "html"):
        assert "14:00 to 14:30 (Central European Standard Time, Europe/Berlin)" in text(mail, subtype)
        assert JOIN_URL not in text(mail, subtype)
        assert "k3yP4ss9" not in text(mail, subtype)


@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_a_link_that_replaces_another_says_so(subtype: str) -> None:
    """Otherwise the client would not know which of the two to follow."""
    sentence = "This link replaces the one we sent you before, which no longer works."
    assert sentence in text(received(link_before=True), subtype)
    assert "replaces" not in text(received(), subtype)


@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_a_link_for_another_time_than_the_client_knows_says_so(subtype: str) -> None:
    """In its subject and before the time, so that one mail tells both."""
    mail = received(new_time=True)

    assert str(mail["Subject"]) == "New time: your link to join on Monday, 23 November 2026, 14:00"
    assert "has been moved; this is its new time:" in text(mail, subtype)
    assert "moved" not in text(received(), subtype)


@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_a_move_names_the_new_time_and_when_the_new_link_comes(subtype: str) -> None:
    """In the client's zone; the old link is declared dead, the new one is not in it."""
    mail = received(Kind.MOVED, link_before=True, link_comes=timedelta(minutes=10))
    told = text(mail, subtype)

    assert str(mail["Subject"]) == "New time: your appointment is on Monday, 23 November 2026, 14:00"
    assert "14:00 to 14:30 (Central European Standard Time, Europe/Berlin)" in told
    assert "The link we sent you before no longer works." in told
    assert "Your new link to join comes by e-mail 10 minutes before the appointment begins, at 13:50." in told
    assert JOIN_URL not in told and "k3yP4ss9" not in told


def test_a_move_speaks_of_no_link_where_there_was_or_will_be_none() -> None:
    """The client never had one, or the calendar does not meet on Zoom any more."""
    first = text(received(Kind.MOVED, link_comes=timedelta(minutes=10)), "plain")
    last = text(received(Kind.MOVED, link_before=True), "plain")

    assert "Your link to join comes" in first and "no longer works" not in first
    assert "no longer works" in last and "comes by e-mail" not in last


@pytest.mark.parametrize(
    "name",
    [
        "Robin\r\nBcc: everybody@example.com",
        "Robin\nSubject: You won",
        "Robin\r\n\r\n<h1>Body</h1>",
        "Robin\x00\x0b\x0c\x85\u2028\u2029Example",
        'Robin" <evil@example.com>, "x',
        "Robin <evil@example.com>",
        "=?utf-8?q?Robin=0ABcc=3A_x?=",
    ],
)
def test_a_name_cannot_add_headers_or_recipients(name: str) -> None:
    """Line breaks and quotes in names stay names, of clients and locations alike."""
    mail = received(client_name=name, location=name)

    assert set(mail.keys()) == {
        "MIME-Version", "Content-Type", "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"
    }  # fmt: skip
    assert [address.addr_spec for address in mail["To"].addresses] == ["robin@example.com"]
    assert [address.addr_spec for address in mail["From"].addresses] == ["no-reply@quantixone.example"]
    assert [part.get_content_type() for part in mail.walk() if not part.is_multipart()] == [
        "text/plain", "text/html", "text/calendar", "application/ics"
    ]  # fmt: skip


def test_a_name_cannot_add_markup() -> None:
    """HTML in a name is shown, not obeyed; in the text part it stays as written."""
    name = "<script>alert('x')</script> & <a href='https://evil.example'>Robin</a>"
    mail = received(client_name=name)

    assert "<script" not in text(mail, "html")
    assert "&lt;script&gt;" in text(mail, "html")
    assert "evil.example'>" not in text(mail, "html")
    assert name in text(mail, "plain")


@pytest.mark.parametrize(
    "name",
    [
        "Jörg Müßig-Ångström",
        "山田太郎",
        "محمد بن عبد الله",
        "שלום כהן",
        "Zoë 👩‍⚕️",
        "Ольга " * 20,
        "Ü" * 140,
        "O'Neil, Pat (Dr.)",
    ],
)
def test_names_of_every_script_come_through(name: str) -> None:
    """In headers and bodies, whatever the script and however long; direction marks of the HTML isolate them."""
    mail = received(client_name=name, location=name)
    name = name.strip()

    assert shown("To", client_name=name).removesuffix(" <robin@example.com>") == name
    assert shown("From", location=name).removesuffix(" <no-reply@quantixone.example>") == name
    assert f"Hello {name}," in text(mail, "plain")
    assert f"<bdi>{name.replace(chr(39), '&#39;')}</bdi>" in text(mail, "html")


def test_a_name_cannot_turn_the_reading_direction() -> None:
    """An override in a name would write the link and the sender backwards."""
    mail = received(client_name="Robin\u202e elpmaxe")

    assert "\u202e" not in text(mail, "plain") + text(mail, "html") + str(mail["To"])


def test_an_endless_name_is_cut() -> None:
    """Past 150 characters it is no name; the cut is shown."""
    assert shown("To", client_name="R" * 5000) == "R" * 149 + "… <robin@example.com>"


@pytest.mark.parametrize("name", ["Robin Example", "山" * 150, "R" * 150])
def test_the_wire_form_is_plain_ascii_in_lines_that_servers_take(name: str) -> None:
    """ASCII, every line ended by CR LF and at most 998 long (RFC 5322, 2.1.1)."""
    raw = wire(client_name=name, location=name, join_url="https://zoom.example/j/1?pwd=" + "x" * 2000)

    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_neither_link_nor_passcode_shows_when_facts_are_printed() -> None:
    """Facts end up in tracebacks."""
    assert "k3yP4ss9" not in repr(facts())
    assert "zoom.example" not in repr(facts())


class _Links(HTMLParser):
    """Collects address and text of every link."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._address: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._address = dict(attrs)["href"]

    def handle_data(self, data: str) -> None:
        if self._address is not None:
            self.found.append((self._address, data))
            self._address = None
