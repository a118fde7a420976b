"""Delivery of the outbox: each due mail is looked at once more, handed to the mail server, and its answer recorded."""

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message
from threading import Event

import structlog
from sqlalchemy.orm import Session, sessionmaker

from core.domain.states import Message as Status
from core.domain.still_true import NOBODY_WAS_TOLD
from core.errors import MailError, MailRejected, MailServerDown, MailUnavailable
from core.mail.address import ascii_address
from core.mail.compose import Kind, compose
from core.mail.smtp import Mailer, MailServer
from core.services.mail_claim import SERVER_PAUSE, MailClaim
from core.services.mail_facts import Pending, entry, facts, untrue
from core.zoom.vault import TokenVault

CONNECTIONS = 4
START_WITHIN = 20.0  # seconds after the claim, which lasts 60: a mail begun last has 40, while a server answers at all
ROUNDS_FOR = 20.0  # seconds in which another round of `deliver_all` may begin
DELIVER_EVERY = 2.0  # seconds; each time opens connections, so not with every link
LINK_PAUSE = timedelta(seconds=2)

log = structlog.get_logger()


@dataclass(frozen=True)
class DeliveryReport:
    """What became of the mails that were claimed. *problem*: why the mail server took none of those put back."""

    sent: int = 0
    retrying: int = 0
    failed: int = 0
    dropped: int = 0
    put_back: int = 0
    problem: str | None = None

    @property
    def moved(self) -> int:
        """How many mails stand otherwise than before."""
        return self.sent + self.retrying + self.failed + self.dropped

    def plus(self, other: "DeliveryReport") -> "DeliveryReport":
        """Both in one. What was put back is still there, so only the later count is true."""
        return DeliveryReport(
            self.sent + other.sent,
            self.retrying + other.retrying,
            self.failed + other.failed,
            self.dropped + other.dropped,
            other.put_back,
            other.problem,
        )


def deliver(
    sessions: sessionmaker[Session],
    server: MailServer,
    vault: TokenVault,
    *,
    clock: Callable[[], datetime],
    run_id: str | None = None,
    limit: int = 250,
    meeting_ids: Collection[int] | None = None,
) -> DeliveryReport:
    """Send up to *limit* due mails, join links first, over at most four connections.

    Trouble with mail is recorded with each message and counted in the report, never raised. When the server is down for
    everybody the rest is put back, due again in ten seconds.

    Arguments:
        clock: gives the current time; it is asked anew for each mail, since a batch may take a while.
        meeting_ids: only the mails about these meetings; None for all.
    """
    claim = MailClaim(sessions, clock, run_id)
    round_ = _Round(claim, claim.take(limit, meeting_ids), server, vault, clock)
    try:
        tally = round_.run()
    finally:
        put_back = round_.put_back_the_rest()
    return DeliveryReport(
        sent=tally[Status.SENT],
        retrying=tally[Status.RETRYING],
        failed=tally[Status.FAILED],
        dropped=tally[Status.DROPPED],
        put_back=tally[Status.QUEUED] + put_back,
        problem=round_.problem,
    )


def deliver_all(
    sessions: sessionmaker[Session],
    server: MailServer,
    vault: TokenVault,
    *,
    clock: Callable[[], datetime],
    run_id: str | None = None,
    limit: int = 250,
) -> DeliveryReport:
    """`deliver` again and again, until nothing is due or 20 seconds are over: bookings come by hundreds, and a run for
    each 250 confirmations would take longer to start than to send."""
    until, total = time.monotonic() + ROUNDS_FOR, DeliveryReport()
    while time.monotonic() < until:
        report = deliver(sessions, server, vault, clock=clock, run_id=run_id, limit=limit)
        total = total.plus(report)
        if report.problem or not report.moved:
            break
    return total


@contextmanager
def delivering(send: Callable[[], DeliveryReport]) -> Iterator[None]:
    """Call *send* every two seconds while the block runs; what comes due at its end is left to whoever is next."""
    over = Event()

    def work() -> None:
        while not over.wait(DELIVER_EVERY):
            send()

    with ThreadPoolExecutor(1, thread_name_prefix="delivery") as pool:
        delivery = pool.submit(work)
        try:
            yield
        finally:
            over.set()
    delivery.result()


class _Round:
    """The claimed mails and the threads that share them; each thread owns a connection to the server."""

    def __init__(
        self,
        claim: MailClaim,
        messages: list[int],
        server: MailServer,
        vault: TokenVault,
        clock: Callable[[], datetime],
    ) -> None:
        self._claim = claim
        self._waiting = deque(messages)
        self._server = server
        self._vault = vault
        self._clock = clock
        self._start_until = time.monotonic() + START_WITHIN
        self.problem: str | None = None

    def run(self) -> Counter[Status]:
        """Send what waits; how many mails came to which status."""
        workers = min(CONNECTIONS, len(self._waiting))
        if not workers:
            return Counter()
        with ThreadPoolExecutor(workers, thread_name_prefix="mail") as pool:
            tallies = [pool.submit(self._work) for _ in range(workers)]
        return sum((tally.result() for tally in tallies), Counter())

    def put_back_the_rest(self) -> int:
        """Release what was not tried because the server is down or the claim grew old."""
        rest = list(self._waiting)
        if rest:
            pause = SERVER_PAUSE if self.problem else timedelta(0)
            self._claim.put_back(rest, pause=pause, problem=self.problem)
        return len(rest)

    def _work(self) -> Counter[Status]:
        """Send until nothing waits or the server is down.

        A worker that finds it down leaves, and the others find out for themselves: some servers refuse only the fourth
        connection.
        """
        tally: Counter[Status] = Counter()
        with Mailer(self._server) as mailer:
            while (message := self._next()) is not None:
                try:
                    tally[self._process(mailer, message)] += 1
                except MailServerDown as down:
                    self._waiting.appendleft(message)
                    self.problem = _told(down)
                    log.warning("mail_server_down", problem=self.problem)
                    break
        return tally

    def _next(self) -> int | None:
        try:
            return self._waiting.popleft() if time.monotonic() < self._start_until else None
        except IndexError:
            return None

    def _process(self, mailer: Mailer, message: int) -> Status:
        """Decide on one mail as things stand now, and send it if it is still true."""
        mail = self._claim.look(message)
        if mail is None:
            return Status.IN_FLIGHT  # with somebody else
        reason = untrue(mail)
        if mail.leaving and mail.kind != Kind.JOIN_LINK and reason in (None, NOBODY_WAS_TOLD):
            # A notice leaves behind what it corrects; and whether anything has to be corrected is known by then.
            self._claim.put_back([mail.id], pause=LINK_PAUSE, problem=None)
            return Status.QUEUED
        if reason:
            return self._claim.drop(mail, reason)
        if mail.give_up_at is not None and mail.give_up_at <= self._clock():
            return self._claim.fail(mail, "given_up", reply=None, tried=0)
        return self._send(mailer, mail)

    def _send(self, mailer: Mailer, mail: Pending) -> Status:
        try:
            recipient = ascii_address(mail.recipient)
            reply = mailer.send(self._written(mail, recipient), recipient)
        except MailServerDown:
            raise
        except MailRejected as refusal:
            return self._claim.fail(mail, "rejected", reply=_told(refusal))
        except MailUnavailable as refusal:
            return self._claim.retry(mail, _told(refusal))
        return self._claim.accepted(mail, reply)

    def _written(self, mail: Pending, recipient: str) -> Message:
        """The mail as it leaves. One that cannot be written must not stand in the way of all others."""
        try:
            return compose(
                Kind(mail.kind),
                facts(mail, self._vault, now=self._clock()),
                sender_address=self._server.sender_address,
                recipient=recipient,
                message_id=mail.message_id,
                entry=entry(mail),
                now=self._clock(),
            )
        except Exception as error:
            log.exception(
                "mail_not_written",
                message_id=mail.id,
                appointment_id=mail.appointment_id,
            )
            raise MailUnavailable(f"The mail could not be written ({type(error).__name__}).") from error


def _told(error: MailError) -> str:
    """The server's own words where there are some, ours otherwise."""
    return error.reply or error.message
