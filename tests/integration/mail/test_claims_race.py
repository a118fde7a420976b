"""Many claimers at the same moment never hold the same mail."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import sqlalchemy as sa
from icalendar import Calendar as Ical
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Appointment, Message
from core.mail.compose import Kind
from core.mail.smtp import MailServer
from core.services.deliver import deliver
from core.services.mail_claim import MailClaim
from core.services.outbox import Mail, queue_mails, withdraw
from tests.integration.mail.given import DUE, START, VAULT, Clock, Practice, message_of
from tests.sandbox_process import SandboxControl

CLAIMERS = 6
ROUNDS = 15


def test_racing_claimers_share_without_overlap(sessions: sessionmaker[Session]) -> None:
    """Six claim ten each of forty, at once and again and again: nothing is held twice."""
    Practice(sessions).many(40)
    for _ in range(ROUNDS):
        gate = Barrier(CLAIMERS)
        with ThreadPoolExecutor(CLAIMERS) as pool:
            claims = list(pool.map(lambda _, gate=gate: _claim(sessions, gate), range(CLAIMERS)))

        held = [message for claim in claims for message in claim]
        assert len(held) == len(set(held))
        assert all(len(claim) <= 10 for claim in claims)
        with sessions.begin() as session:
            session.execute(sa.update(Message).values(status="queued", in_flight_since=None))


def _claim(sessions: sessionmaker[Session], gate: Barrier) -> list[int]:
    claim = MailClaim(sessions, Clock(), None)
    gate.wait(timeout=10)
    return claim.take(10, None)


def test_who_cancels_is_never_waited_for(sessions: sessionmaker[Session], mail_server: MailServer) -> None:
    """He holds the appointment and is about to drop its mail; waiting for each other, one of them would be killed."""
    practice = Practice(sessions)
    held, free = practice.opened(), practice.opened()
    with sessions.begin() as session:
        appointment = sa.select(Appointment).where(Appointment.id == held.appointment_id)
        session.scalars(appointment.with_for_update(key_share=True)).one()
        assert deliver(sessions, mail_server, VAULT, clock=Clock()).sent == 1
        withdraw(session, held.appointment_id, reason="cancelled")

    assert [message_of(sessions, each).status for each in (held, free)] == ["dropped", "sent"]


def test_mails_of_one_appointment_never_share_a_number(
    sessions: sessionmaker[Session], mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """However many deliver at once, each version of the entry is another."""
    opened = Practice(sessions).opened()
    with sessions.begin() as session:
        copies = [
            Mail(Kind.JOIN_LINK, f"resend:1:{n}", opened.email, opened.location_id, opened.appointment_id, 1, START,
                 opened.meeting_id, resend_of=1)
            for n in range(7)
        ]  # fmt: skip
        queue_mails(session, copies, now=DUE)
    with ThreadPoolExecutor(4) as pool:
        deliveries = [
            pool.submit(deliver, sessions, mail_server, VAULT, clock=Clock(), limit=2, run_id=f"run-{n}")
            for n in range(4)
        ]
    sent = sum(delivery.result().sent for delivery in deliveries)
    while report := deliver(sessions, mail_server, VAULT, clock=Clock()).sent:
        sent += report

    assert sent == 8
    numbers = [Ical.from_ical(mail["calendar"]).events[0]["SEQUENCE"] for mail in sandbox.mail(opened.email)]
    assert sorted(numbers) == list(range(1, 9))
