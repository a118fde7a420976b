"""Refusals, outages and killed processes: honest statuses, nothing lost, next to nothing doubled."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Meeting, Message
from core.mail.smtp import MailServer
from core.services.deliver import DeliveryReport, deliver
from core.services.mail_claim import due_mails
from core.settings import Settings
from core.zoom.vault import TokenVault
from tests.integration.mail.given import (
    DUE,
    START,
    VAULT,
    Clock,
    Opened,
    Practice,
    change,
    message_of,
    revision_of,
    wait_until,
)
from tests.sandbox_process import ROOT, SandboxControl, SandboxProcess

Sessions = sessionmaker[Session]


def test_a_temporary_refusal_is_tried_again_later(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """451: retrying after 5 s with the server's words, then sent; the link that came late says mail was why."""
    opened = Practice(sessions).opened()
    sandbox.fault({"smtp_code": 451}, smtp=True, times=1)
    clock = Clock()

    assert deliver(sessions, mail_server, VAULT, clock=clock).retrying == 1
    message = message_of(sessions, opened)
    assert (message.status, message.attempts, message.reason) == ("retrying", 1, None)
    assert message.provider_reply is not None
    assert message.provider_reply.startswith("451 ")
    assert message.next_attempt_at == clock.now + timedelta(seconds=5)
    assert deliver(sessions, mail_server, VAULT, clock=clock) == DeliveryReport()

    clock.forward(75)
    assert deliver(sessions, mail_server, VAULT, clock=clock).sent == 1
    assert message_of(sessions, opened).attempts == 2
    revision = revision_of(sessions, opened)
    assert (revision.outcome, revision.cause) == ("late", "mail")


def test_tries_grow_rarer_and_end_with_the_appointment(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """5, 15, 30, then every 60 s until the scheduled end, at which the mail has failed."""
    opened = Practice(sessions).opened(ends_at=START + timedelta(minutes=1))
    sandbox.fault({"smtp_code": 451}, smtp=True)
    clock = Clock()
    pauses = []
    while deliver(sessions, mail_server, VAULT, clock=clock).retrying:
        pause = message_of(sessions, opened).next_attempt_at - clock.now
        pauses.append(pause.seconds)
        clock.now += pause

    message = message_of(sessions, opened)
    assert (message.status, message.reason) == ("failed", "given_up")
    assert pauses[:5] == [5, 15, 30, 60, 60]
    assert clock.now < START + timedelta(minutes=1)


def test_a_refused_recipient_fails_at_once_and_spoils_nothing(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """550 is final; the mails behind it leave over the same connection."""
    practice = Practice(sessions)
    refused = practice.opened(client_email="nobody@example.com")
    others = practice.many(5)
    sandbox.fault({"smtp_code": 550}, smtp=True, to_regex="nobody")

    report = deliver(sessions, mail_server, VAULT, clock=Clock())

    assert (report.sent, report.failed) == (5, 1)
    message = message_of(sessions, refused)
    assert (message.status, message.reason, message.attempts) == ("failed", "rejected", 1)
    assert message.provider_reply is not None
    assert message.provider_reply.startswith("550 ")
    assert all(len(sandbox.mail(opened.email)) == 1 for opened in others)


@pytest.mark.parametrize(
    "address", ["no-address", "jürgen@example.com", "a@b.example, c@d.example", "x@bücher..example"]
)
def test_an_impossible_address_fails_without_bothering_the_server(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl, address: str
) -> None:
    """What is no address that SMTP can carry is refused by ourselves, in words."""
    opened = Practice(sessions).opened(client_email=address)

    assert deliver(sessions, mail_server, VAULT, clock=Clock()).failed == 1

    assert message_of(sessions, opened).provider_reply == "not a usable address"
    assert sandbox.mail_count() == 0


def test_a_dead_server_stops_the_batch_and_counts_against_no_mail(sessions: Sessions) -> None:
    """Nothing is tried 50 times: the rest is put back, due within 15 s, its attempts uncounted."""
    batch = Practice(sessions).many(50)
    nobody = MailServer.parse("smtp://127.0.0.1:1", "x@example.com")
    clock = Clock()

    report = deliver(sessions, nobody, VAULT, clock=clock)

    assert (report.sent, report.retrying, report.failed, report.put_back) == (0, 0, 0, 50)
    assert report.problem == "The mail server 127.0.0.1:1 is not to be had (Connection refused)."
    message = message_of(sessions, batch[0])
    assert (message.status, message.attempts, message.provider_reply) == ("retrying", 0, report.problem)
    clock.forward(15)
    with sessions() as session:
        assert due_mails(session, now=clock.now) == 50


def test_mail_goes_on_when_the_server_is_back(sessions: Sessions) -> None:
    """The server is restarted under a kept batch: what it missed is sent afterwards, once."""
    batch = Practice(sessions).many(8)
    clock = Clock()
    with SandboxProcess() as process:
        server = MailServer.parse(process.smtp_url, "x@example.com")
        process.kill()
        assert deliver(sessions, server, VAULT, clock=clock).put_back == 8
        process.start()
        clock.forward(10)
        assert deliver(sessions, server, VAULT, clock=clock).sent == 8
        assert sorted(mail["to"][0] for mail in process.control.mail()) == sorted(opened.email for opened in batch)


def test_a_lost_answer_doubles_the_mail_under_the_same_id(
    sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """Accepted, but the 250 never came: sent again, and recognisable as the same mail."""
    opened = Practice(sessions).opened()
    sandbox.fault({"smtp_drop": True}, smtp=True, times=1)
    clock = Clock()

    assert deliver(sessions, mail_server, VAULT, clock=clock).retrying == 1
    clock.forward(5)
    assert deliver(sessions, mail_server, VAULT, clock=clock).sent == 1

    first, second = sandbox.mail(opened.email)
    assert first["message_id"] == second["message_id"]
    assert first["message_id"].startswith("<zp-")


def test_two_deliverers_share_the_work(sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl) -> None:
    """Two runs at the same moment: every mail leaves once."""
    batch = Practice(sessions).many(40)
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: deliver(sessions, mail_server, VAULT, clock=Clock(), limit=30), range(2)))

    assert sum(report.sent for report in reports) == 40
    assert sorted(mail["to"][0] for mail in sandbox.mail()) == sorted(opened.email for opened in batch)


def test_a_mail_in_flight_is_taken_over_after_a_minute(sessions: Sessions, mail_server: MailServer) -> None:
    """Whoever claimed it and died has sixty seconds; before that nobody else touches it."""
    opened = Practice(sessions).opened()
    clock = Clock()
    change(
        sessions, Message, message_of(sessions, opened).id, status="in_flight", in_flight_since=DUE, claimed_by="gone"
    )

    clock.forward(60)
    assert deliver(sessions, mail_server, VAULT, clock=clock) == DeliveryReport()
    clock.forward(1)
    assert deliver(sessions, mail_server, VAULT, clock=clock).sent == 1


def test_a_mail_that_cannot_be_written_does_not_stop_the_others(sessions: Sessions, mail_server: MailServer) -> None:
    """A passcode under a lost key: that mail waits with the reason, the others leave."""
    practice = Practice(sessions)
    other_vault = TokenVault(Fernet.generate_key().decode())
    opened = practice.opened()

    assert deliver(sessions, mail_server, other_vault, clock=Clock()).retrying == 1

    reply = message_of(sessions, opened).provider_reply
    assert reply is not None
    assert reply.startswith("The mail could not be written (")


DELIVERER = """
import sys
from core.db.engine import sessions_for
from core.mail.smtp import MailServer
from core.services.deliver import deliver
from core.zoom.vault import TokenVault
from datetime import datetime
url, smtp, sender, key, now = sys.argv[1:]
deliver(sessions_for(url), MailServer.parse(smtp, sender), TokenVault(key),
        clock=lambda: datetime.fromisoformat(now))
"""


def test_a_killed_deliverer_loses_nothing_and_doubles_what_was_in_flight(
    database_url: str, sessions: Sessions, mail_server: MailServer, sandbox: SandboxControl, settings: Settings
) -> None:
    """kill -9 in the middle of a batch: afterwards everyone has the mail, at most the four in flight have it twice."""
    practice = Practice(sessions)
    batch = practice.many(12)
    sandbox.fault({"slow": 400}, smtp=True, times=12)
    key = Fernet.generate_key().decode()
    _seal_passcodes(sessions, batch, TokenVault(key))
    smtp_url = f"smtp://{mail_server.host}:{mail_server.port}"
    process = subprocess.Popen(
        [sys.executable, "-c", DELIVERER, database_url, smtp_url, settings.mail_from, key, DUE.isoformat()], cwd=ROOT
    )
    wait_until(lambda: sandbox.mail_count() >= 4, seconds=20)
    process.kill()
    process.wait()
    sandbox.clear_faults()
    clock = Clock(DUE + timedelta(seconds=61))

    def delivered() -> bool:
        # More than once: the killed process's own transactions may hold a row for a moment; it is passed over then.
        deliver(sessions, mail_server, TokenVault(key), clock=clock)
        return all(message_of(sessions, opened).status == "sent" for opened in batch)

    wait_until(delivered)
    wait_until(lambda: all(sandbox.mail(opened.email) for opened in batch))
    assert sandbox.mail_count() <= len(batch) + 4
    assert all(len({mail["message_id"] for mail in sandbox.mail(opened.email)}) == 1 for opened in batch)


def _seal_passcodes(sessions: Sessions, batch: list[Opened], vault: TokenVault) -> None:
    for opened in batch:
        change(sessions, Meeting, opened.meeting_id, passcode=vault.encrypt("k3yP4ss9"))
