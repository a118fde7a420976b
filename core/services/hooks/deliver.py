"""Delivery of outgoing webhooks: each endpoint's in turn, all endpoints beside each other, none waiting for another."""

import random
import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import responses

import structlog
from sqlalchemy.orm import Session, sessionmaker

from core.domain.due import OpeningHours
from core.domain.states import Message as Status
from core.errors import HookUnreachable
from core.services.deliver import DeliveryReport
from core.services.hooks.body import Written, write
from core.services.hooks.claim import HookClaim, Pending
from core.services.hooks.connection import Answer, Outside
from core.services.hooks.signature import signed
from core.zoom.vault import TokenVault

ENDPOINTS_AT_ONCE = 12
START_WITHIN = 20.0  # seconds after the first claim, which lasts 60: a call begun last takes ten
ENDPOINT_FOR = 10.0  # seconds in one round; the rest of a slow one waits for the next, and the others' does not
SHORTEST, LONGEST = timedelta(seconds=10), timedelta(hours=1)
KEPT_OF_AN_ANSWER = 300
GONE, SLOW_DOWN, UNAVAILABLE = 410, 429, 503

log = structlog.get_logger()


@dataclass(frozen=True)
class HookSender:
    """With what webhooks are written and sent."""

    vault: TokenVault
    hours: OpeningHours
    cooldown: timedelta
    outside: Outside


def deliver_hooks(
    sessions: sessionmaker[Session],
    sender: HookSender,
    *,
    clock: Callable[[], datetime],
    run_id: str | None = None,
    only: int | None = None,
) -> DeliveryReport:
    """Send the due webhooks, or *only* the message with that id, at once.

    Trouble is recorded with each message and counted in the report, never raised. After a failure the endpoint is left
    in peace for a while, longer each time, and what else it was to get waits.
    """
    claim = HookClaim(sessions, clock, run_id)
    tally: Counter[Status] = Counter()
    if only is None:
        tally[Status.FAILED] += claim.give_up()
    start_until = time.monotonic() + START_WITHIN
    while time.monotonic() < start_until and (due := claim.take(only)):
        with ThreadPoolExecutor(min(ENDPOINTS_AT_ONCE, len(due)), thread_name_prefix="hooks") as pool:
            lines = [pool.submit(_Line(claim, sessions, sender, clock, start_until).work, ids) for ids in due.values()]
        tally = sum((line.result() for line in lines), tally)
        if only is not None:
            break
    return DeliveryReport(
        sent=tally[Status.SENT],
        retrying=tally[Status.RETRYING],
        failed=tally[Status.FAILED],
        dropped=tally[Status.DROPPED],
        put_back=tally[Status.QUEUED],
    )


@dataclass(frozen=True)
class _Line:
    """One endpoint's webhooks, one after the other, in the order in which things happened."""

    claim: HookClaim
    sessions: sessionmaker[Session]
    sender: HookSender
    clock: Callable[[], datetime]
    start_until: float

    def work(self, messages: list[int]) -> Counter[Status]:
        tally: Counter[Status] = Counter()
        until, rest, status = min(self.start_until, time.monotonic() + ENDPOINT_FOR), list(messages), Status.SENT
        try:
            while rest and status not in (Status.RETRYING, Status.FAILED) and time.monotonic() < until:
                status = self._process(rest.pop(0))
                tally[status] += 1
        finally:
            if rest:
                self.claim.put_back(rest)
                tally[Status.QUEUED] += len(rest)
        return tally

    def _process(self, message: int) -> Status:
        with self.sessions() as session:
            hook = self.claim.look(session, message)
            if hook is None:
                return Status.IN_FLIGHT  # with somebody else
            written = None if hook.disabled else self._written(session, hook)
        if hook.disabled:
            return self.claim.drop(hook)
        if written is None:
            return self._again(hook, "It could not be written; the log says why.")
        try:
            answer = self.sender.outside.post(hook.url, written.raw, self._headers(written))
        except HookUnreachable as error:
            return self._again(hook, error.message)
        return self._judged(hook, answer, written)

    def _written(self, session: Session, hook: Pending) -> Written | None:
        """The body. One that cannot be written must not stand in the way of all others."""
        vault, hours, cooldown = self.sender.vault, self.sender.hours, self.sender.cooldown
        try:
            return write(session, hook, vault=vault, hours=hours, cooldown=cooldown, now=self.clock())
        except Exception:
            log.exception("hook_not_written", message_id=hook.id, appointment_id=hook.appointment_id)
            return None

    def _headers(self, written: Written) -> dict[str, str]:
        proof = signed(written.raw, with_secrets=written.sign_with, timestamp=int(self.clock().timestamp()))
        return {**proof, "Content-Type": "application/json", "User-Agent": "ZoomPool-Webhooks/1"}

    def _judged(self, hook: Pending, answer: Answer, written: Written) -> Status:
        reply = kept(answer, written.secrets)
        if 200 <= answer.status < 300:
            return self.claim.accepted(hook, _status_line(answer))
        if answer.status == GONE:
            return self.claim.gone(hook, reply)
        asked_for = retry_after(answer, self.clock()) if answer.status in (SLOW_DOWN, UNAVAILABLE) else None
        return self._again(hook, reply, asked_for)

    def _again(self, hook: Pending, reply: str, asked_for: timedelta | None = None) -> Status:
        return self.claim.failed(
            hook, reply, pause=asked_for or back_off(hook.failures), again=asked_for or back_off(hook.attempts)
        )


def back_off(failures: int) -> timedelta:
    """How long to wait after so many failures before this one: 10 s, doubled each time up to an hour, or nearly so."""
    exact = min(SHORTEST * 2 ** min(failures, 20), LONGEST)
    return exact * random.uniform(0.8, 1.0) if failures else SHORTEST * random.uniform(1.0, 1.2)


def retry_after(answer: Answer, now: datetime) -> timedelta | None:
    """How long the receiver wants to be left in peace: between ten seconds and an hour; None where it does not say."""
    said = (answer.retry_after or "").strip()
    try:
        wanted = timedelta(seconds=int(said)) if said.isdecimal() else _until(said) - now
    except (ValueError, OverflowError):
        return None
    return min(max(wanted, SHORTEST), LONGEST)


def _until(said: str) -> datetime:
    moment = parsedate_to_datetime(said)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def kept(answer: Answer, secrets: tuple[str, ...]) -> str:
    """What is kept of a refusal: the status and the beginning of its words, without what of ours they repeat."""
    said = answer.body
    for secret in secrets:
        said = said.replace(secret, "...")
    said = re.sub(r"https?:\S+", "...", said)  # a link in whatever spelling
    said = " ".join("".join(each if each.isprintable() else " " for each in said).split())
    shortened = said if len(said) <= KEPT_OF_AN_ANSWER else said[:KEPT_OF_AN_ANSWER] + " ..."
    return _status_line(answer) + (f": {shortened}" if shortened else "")


def _status_line(answer: Answer) -> str:
    return f"{answer.status} {responses.get(answer.status, '')}".strip()
