"""A queued join link leaves once, says what it must, and is recorded with the server's own answer."""

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Event, Message
from core.mail.smtp import MailServer
from core.services.deliver import deliver, deliver_all
from core.services.mail_claim import due_mails
from core.services.messages import list_messages
from core.services.outbox import join_link, queue_mails
from tests.integration.mail.given import DUE, JOIN_URL, PASSCODE, START, VAULT, Clock, Practice, message_of, revision_of
from tests.sandbox_process import SandboxControl

Sessions = sessionmaker[Session]


def test_the_link_reaches_the_client_with_its_passcode(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """The mail carries link, passcode, time in the client's zone and the location's name as its sender."""
    opened = Practice(sessions).opened()

    report = deliver(sessions, mail_server, VAULT, clock=Clock(), run_id="run-1")

    assert report.sent == 1
    (mail,) = sandbox.mail(opened.email)
    assert mail["from"] == "no-reply@quantixone.example"
    assert mail["headers"]["from"] == "Praxis am Markt <no-reply@quantixone.example>"
    assert mail["headers"]["auto-submitted"] == "auto-generated"
    assert mail["subject"] == "Your link to join on Monday, 23 November 2026, 14:00"
    for text in (JOIN_URL, PASSCODE, "This meeting is recorded.", "Europe/Berlin", "14:00 to 14:30"):
        assert text in mail["text"]
        assert text in mail["html"]


def test_an_accepted_mail_is_recorded_everywhere_at_once(sessions: Sessions, mail_server: MailServer) -> None:
    """Status, server's reply, the revision's outcome and the timeline tell the same."""
    opened = Practice(sessions).opened()
    clock = Clock()
    clock.forward(20)

    deliver(sessions, mail_server, VAULT, clock=clock, run_id="run-1")

    message = message_of(sessions, opened)
    assert (message.status, message.attempts, message.sent_at) == ("sent", 1, clock.now)
    assert message.provider_reply is not None
    assert message.provider_reply.startswith("250 ")
    revision = revision_of(sessions, opened)
    assert (revision.mail_accepted_at, revision.outcome, revision.cause) == (clock.now, "on_time", None)
    with sessions() as session:
        event = session.scalars(sa.select(Event).where(Event.kind == "mail_accepted")).one()
    assert (event.message_id, event.meeting_id, event.run_id) == (message.id, opened.meeting_id, "run-1")
    assert event.detail == {"kind": "join_link"}


def test_a_sent_mail_is_not_sent_again(sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl) -> None:
    """The second delivery finds nothing, and queueing the same link again adds nothing."""
    opened = Practice(sessions).opened()
    deliver(sessions, mail_server, VAULT, clock=Clock())
    again = join_link(
        meeting_id=opened.meeting_id,
        recipient=opened.email,
        location_id=opened.location_id,
        appointment_id=opened.appointment_id,
        revision=1,
        ends_at=START,
    )

    with sessions.begin() as session:
        assert queue_mails(session, [again], now=DUE) == 0

    assert deliver(sessions, mail_server, VAULT, clock=Clock()).sent == 0
    assert len(sandbox.mail(opened.email)) == 1


def test_many_mails_share_few_connections_and_each_arrives_once(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """A whole batch leaves in one call, one mail for each client, each with its own Message-ID."""
    batch = Practice(sessions).many(60)

    assert deliver(sessions, mail_server, VAULT, clock=Clock()).sent == 60

    mails = sandbox.mail()
    assert sorted(mail["to"][0] for mail in mails) == sorted(opened.email for opened in batch)
    assert len({mail["message_id"] for mail in mails}) == 60


def test_only_the_wanted_meetings_are_announced(sessions: Sessions, mail_server: MailServer) -> None:
    """An opening run sends what it opened; the rest stays due for whoever comes next."""
    practice = Practice(sessions)
    mine, other = practice.opened(), practice.opened()

    assert deliver(sessions, mail_server, VAULT, clock=Clock(), meeting_ids=[mine.meeting_id]).sent == 1

    assert message_of(sessions, other).status == "queued"
    with sessions() as session:
        assert due_mails(session, now=DUE) == 1


def test_no_more_than_the_limit_is_claimed(sessions: Sessions, mail_server: MailServer) -> None:
    """A bounded batch leaves the rest untouched."""
    Practice(sessions).many(5)

    assert deliver(sessions, mail_server, VAULT, clock=Clock(), limit=2).sent == 2

    with sessions() as session:
        assert due_mails(session, now=DUE) == 3
        assert due_mails(session, now=DUE, at_most=2) == 2


def test_what_is_more_than_a_round_is_sent_in_several(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """Until nothing is due; what a server breaks off waits for its next try and not for the next round."""
    practice = Practice(sessions)
    practice.many(7)
    assert deliver_all(sessions, mail_server, VAULT, clock=Clock(), limit=3).sent == 7
    assert sandbox.mail_count() == 7

    practice.many(7)
    sandbox.fault({"smtp_drop": True}, smtp=True)
    report = deliver_all(sessions, mail_server, VAULT, clock=Clock(), limit=3)
    assert report.sent == 0 and 0 < report.retrying + report.put_back <= 7


def test_a_late_link_is_recorded_with_its_cause(sessions: Sessions, mail_server: MailServer) -> None:
    """Accepted 90 s after becoming due, of which it waited 80 s for an account: late, for want of capacity."""
    clock = Clock()
    clock.forward(80)
    opened = Practice(sessions).opened(queued_at=clock.now, waiting_since=DUE)
    clock.forward(10)

    deliver(sessions, mail_server, VAULT, clock=clock)

    revision = revision_of(sessions, opened)
    assert (revision.outcome, revision.cause) == ("late", "capacity")


def test_an_unrecorded_meeting_is_not_announced_as_recorded(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """Where Zoom dropped the recording, the mail does not claim one."""
    opened = Practice(sessions).opened(recorded=False)

    deliver(sessions, mail_server, VAULT, clock=Clock())

    (mail,) = sandbox.mail(opened.email)
    assert "recorded" not in mail["text"]
    assert "recorded" not in mail["html"]


def test_the_outbox_holds_neither_passcode_nor_link(sessions: Sessions, mail_server: MailServer) -> None:
    """A message row refers to its meeting by id, before it is sent and after."""
    opened = Practice(sessions).opened()
    deliver(sessions, mail_server, VAULT, clock=Clock())

    with sessions() as session:
        row = session.execute(
            sa.select(sa.cast(sa.literal_column("messages"), sa.Text)).select_from(Message)
        ).scalar_one()

    assert opened.email in row
    assert PASSCODE not in row
    assert JOIN_URL not in row


def test_the_outbox_can_be_read(sessions: Sessions, mail_server: MailServer) -> None:
    """The list tells to whom, about what, and the server's answer; newest first."""
    practice = Practice(sessions)
    practice.opened()
    second = practice.opened()
    deliver(sessions, mail_server, VAULT, clock=Clock())

    with sessions() as session:
        lines = list_messages(session, location_id=practice.location_id)
        (line,) = list_messages(session, appointment_id=second.appointment_id)
        assert list_messages(session, location_id=practice.location_id + 1) == []

    assert [each.appointment for each in lines] == ["A-2", "A-1"]
    assert (line.kind, line.to, line.status, line.sent_at) == ("join_link", second.email, "sent", DUE)
    assert line.reply is not None
