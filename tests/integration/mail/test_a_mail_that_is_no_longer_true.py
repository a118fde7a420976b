"""What is cancelled, moved or replaced is not announced afterwards; who got a link that is void is told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Appointment, Base, Event, Lease, Meeting, Message
from core.mail.smtp import MailServer
from core.services.deliver import deliver
from core.services.outbox import cancelled, queue_mails, withdraw
from tests.integration.mail.given import (
    START,
    VAULT,
    Clock,
    Opened,
    Practice,
    cancel,
    change,
    message_of,
    wait_until,
)
from tests.sandbox_process import SandboxControl

Sessions = sessionmaker[Session]


@pytest.mark.parametrize(
    ("table", "row", "values", "reason"),
    [
        (Appointment, "appointment_id", {"status": "cancelled"}, "cancelled"),
        (Appointment, "appointment_id", {"revision": 2}, "moved"),
        (Appointment, "appointment_id", {"status": "completed"}, "over"),
        (Meeting, "meeting_id", {"state": "deleting"}, "replaced"),
        (Meeting, "meeting_id", {"state": "gone"}, "replaced"),
        (Lease, "lease_id", {"state": "closing"}, "replaced"),
    ],
)
def test_a_link_that_became_untrue_does_not_leave(
    sessions: Sessions,
    mail_server: MailServer,
    sandbox: SandboxControl,
    table: type[Base],
    row: str,
    values: dict[str, object],
    reason: str,
) -> None:
    """The appointment, its revision, the meeting and its lease are looked at when the mail leaves, not when queued."""
    opened = Practice(sessions).opened()
    change(sessions, table, getattr(opened, row), **values)

    assert deliver(sessions, mail_server, VAULT, clock=Clock()).dropped == 1

    message = message_of(sessions, opened)
    assert (message.status, message.reason, message.sent_at) == ("dropped", reason, None)
    assert sandbox.mail_count() == 0
    with sessions() as session:
        event = session.scalars(sa.select(Event).where(Event.kind == "mail_dropped")).one()
    assert event.detail == {"mail": "join_link", "reason": reason}


def test_a_cancel_after_the_claim_still_stops_the_mail(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """The check is made right before each mail: the fifth is claimed, but four slow ones go first."""
    practice = Practice(sessions)
    batch = practice.many(5)
    sandbox.fault({"slow": 500}, smtp=True, times=4)

    with ThreadPoolExecutor(1) as pool:
        delivery = pool.submit(deliver, sessions, mail_server, VAULT, clock=Clock())
        wait_until(lambda: message_of(sessions, batch[4]).status == "in_flight")
        cancel(sessions, batch[4])
        report = delivery.result(timeout=20)

    assert (report.sent, report.dropped) == (4, 1)
    assert sandbox.mail(batch[4].email) == []


def test_a_link_that_is_over_is_given_up(sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl) -> None:
    """After the scheduled end nobody needs the link; the row says that it never left."""
    opened = Practice(sessions).opened()

    assert deliver(sessions, mail_server, VAULT, clock=Clock(START + timedelta(minutes=31))).failed == 1

    message = message_of(sessions, opened)
    assert (message.status, message.reason, message.attempts) == ("failed", "given_up", 0)
    assert sandbox.mail_count() == 0


def test_cancelling_before_the_link_left_tells_nobody(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """The queued link is withdrawn; nobody has anything to be told."""
    opened = Practice(sessions).opened()

    assert not _cancel_and_tell(sessions, opened)
    deliver(sessions, mail_server, VAULT, clock=Clock())

    message = message_of(sessions, opened)
    assert (message.status, message.reason) == ("dropped", "cancelled")
    assert sandbox.mail_count() == 0


def test_cancelling_after_the_link_left_tells_the_client(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """The notice names the appointment and holds no link."""
    opened = Practice(sessions).opened()
    deliver(sessions, mail_server, VAULT, clock=Clock())

    assert _cancel_and_tell(sessions, opened)
    assert deliver(sessions, mail_server, VAULT, clock=Clock()).sent == 1

    _, notice = sandbox.mail(opened.email)
    assert notice["subject"] == "Cancelled: your appointment on Monday, 23 November 2026, 14:00"
    assert "no longer works" in notice["text"]
    assert "https://" not in notice["text"]


def test_cancelling_while_the_link_leaves_tells_the_client_afterwards(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """A link that is with the server at that moment cannot be called back: the notice follows it, in this order."""
    opened = Practice(sessions).opened()
    sandbox.fault({"slow": 600}, smtp=True, times=1)
    clock = Clock()

    with ThreadPoolExecutor(1) as pool:
        delivery = pool.submit(deliver, sessions, mail_server, VAULT, clock=clock)
        wait_until(lambda: message_of(sessions, opened).status == "in_flight")
        assert _cancel_and_tell(sessions, opened)
        waits = deliver(sessions, mail_server, VAULT, clock=clock)
        assert delivery.result(timeout=20).sent == 1

    assert (waits.sent, waits.put_back) == (0, 1)
    clock.forward(2)
    assert deliver(sessions, mail_server, VAULT, clock=clock).sent == 1
    assert [mail["subject"].split()[0] for mail in sandbox.mail(opened.email)] == ["Your", "Cancelled:"]


def test_a_notice_is_dropped_when_the_link_did_not_leave_after_all(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """Claimed by a process that died before sending: the cancel had to assume the worst, the delivery knows better."""
    opened = Practice(sessions).opened()
    clock = Clock()
    change(sessions, Message, message_of(sessions, opened).id, status="in_flight", in_flight_since=clock.now)
    assert _cancel_and_tell(sessions, opened)
    clock.forward(61)

    assert deliver(sessions, mail_server, VAULT, clock=clock, limit=1).dropped == 1
    assert deliver(sessions, mail_server, VAULT, clock=clock).dropped == 1

    assert message_of(sessions, opened, "cancelled").reason == "nobody_was_told"
    assert sandbox.mail_count() == 0


def _cancel_and_tell(sessions: Sessions, opened: Opened) -> bool:
    """Cancel as the product does: in one transaction, with a notice if the link may have left."""
    with sessions.begin() as session:
        session.execute(
            sa.update(Appointment).where(Appointment.id == opened.appointment_id).values(status="cancelled")
        )
        told = withdraw(session, opened.appointment_id, reason="cancelled")
        if told:
            notice = cancelled(
                recipient=opened.email,
                location_id=opened.location_id,
                appointment_id=opened.appointment_id,
                revision=1,
                ends_at=START + timedelta(minutes=30),
            )
            queue_mails(session, [notice], now=Clock().now)
    return told
