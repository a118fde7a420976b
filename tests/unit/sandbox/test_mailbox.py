"""The practice mailbox over SMTP."""

import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from tests.sandbox_process import SandboxControl, SandboxProcess


@pytest.fixture
def server(sandbox_process: SandboxProcess, sandbox: SandboxControl) -> Iterator[smtplib.SMTP]:
    """A connection to an empty mailbox."""
    with smtplib.SMTP("127.0.0.1", sandbox_process.smtp_port, timeout=10) as connection:
        yield connection


def message(to: str = "client@demo.example", subject: str = "Ihr Termin: 10 Uhr, Größe") -> EmailMessage:
    """A mail as the product sends them: text, HTML and a calendar file."""
    mail = EmailMessage()
    mail["From"] = "Practice <noreply@demo.example>"
    mail["To"] = to
    mail["Subject"] = subject
    mail["Message-ID"] = "<join-1@demo.example>"
    mail.set_content("Hörst du mich?")
    mail.add_alternative("<p>Hörst du mich?</p>", subtype="html")
    mail.add_attachment("BEGIN:VCALENDAR", subtype="calendar", filename="invite.ics")
    return mail


def test_a_mail_is_taken_apart(server: smtplib.SMTP, sandbox: SandboxControl) -> None:
    """Envelope, headers, both bodies and the attachment are there."""
    server.send_message(message())
    (mail,) = sandbox.mail()

    assert (mail["from"], mail["to"]) == ("noreply@demo.example", ["client@demo.example"])
    assert mail["subject"] == "Ihr Termin: 10 Uhr, Größe"
    assert mail["message_id"] == "<join-1@demo.example>"
    assert mail["text"].strip() == "Hörst du mich?"
    assert "<p>Hörst du mich?</p>" in mail["html"]
    assert mail["attachments"] == [{"filename": "invite.ics", "content_type": "text/calendar"}]
    assert abs(datetime.now(UTC) - datetime.fromisoformat(mail["received_at"])) < timedelta(seconds=10)


def test_mails_are_found_by_recipient_and_time(server: smtplib.SMTP, sandbox: SandboxControl) -> None:
    """Both filters narrow the list; counting and envelopes do not need to read."""
    server.send_message(message("one@demo.example"))
    server.send_message(message("two@demo.example"))

    assert [mail["to"] for mail in sandbox.mail("TWO@demo.example")] == [["two@demo.example"]]
    assert sandbox.mail(since=datetime.now(UTC) + timedelta(minutes=1)) == []
    assert [mail["to"] for mail in sandbox.mail_envelopes()] == [["one@demo.example"], ["two@demo.example"]]
    assert sandbox.mail_count() == 2
    sandbox.clear_mail()
    assert sandbox.mail() == []


@pytest.mark.parametrize("code", [451, 550])
def test_a_mail_can_be_refused_after_its_data(server: smtplib.SMTP, sandbox: SandboxControl, code: int) -> None:
    """For now or for good; the connection lives on."""
    sandbox.fault({"smtp_code": code}, times=1)

    with pytest.raises(smtplib.SMTPDataError) as refused:
        server.send_message(message())
    assert refused.value.smtp_code == code
    server.send_message(message())
    assert sandbox.mail_count() == 1


def test_one_recipient_can_be_refused(server: smtplib.SMTP, sandbox: SandboxControl) -> None:
    """The others get theirs."""
    sandbox.fault({"smtp_code": 550, "stage": "rcpt"}, smtp=True, to_regex="^bad@")
    refused = server.send_message(message("bad@demo.example, good@demo.example"))

    assert list(refused) == ["bad@demo.example"]
    assert [mail["to"] for mail in sandbox.mail()] == [["good@demo.example"]]


def test_a_mail_can_be_accepted_without_a_word(server: smtplib.SMTP, sandbox: SandboxControl) -> None:
    """The sender sees a lost connection, the recipient has the mail."""
    sandbox.fault({"smtp_drop": True}, times=1)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        server.send_message(message())
    assert sandbox.mail_count() == 1


def test_http_faults_leave_the_mailbox_alone(server: smtplib.SMTP, sandbox: SandboxControl) -> None:
    """A fault without smtp is about Zoom's wire only."""
    sandbox.fault({"status": 500})
    server.send_message(message())

    assert sandbox.mail_count() == 1
