"""Delivery of alert messages: each due one is handed to every target, and their answers are recorded."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.domain.alert_words import OVER
from core.domain.alerts import Kind, title
from core.domain.states import Message as Status
from core.services.alerts.raise_ import CLEARED
from core.services.alerts.targets import Answer, Target, targets_of
from core.services.deliver import DeliveryReport
from core.settings import Settings

AT_ONCE = 20
CLAIM_LASTS = timedelta(seconds=120)
START_WITHIN = 30.0  # seconds after the first claim; the rest is put back
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300))
PAUSE = timedelta(seconds=10)

log = structlog.get_logger()
SQL = statements("alert_messages")
Due = sa.Row[Any]  # a row of `claim` in alert_messages.sql


def due_alerts(session: Session, *, now: datetime, at_most: int = 1000) -> int:
    """How many alert messages could be claimed now, counted up to *at_most*."""
    found = session.scalar(SQL["count_due"], {"now": now, "abandoned": now - CLAIM_LASTS, "at_most": at_most})
    return int(found or 0)


def send_alerts(
    sessions: sessionmaker[Session],
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    run_id: str | None = None,
    kind: Kind | None = None,
) -> DeliveryReport:
    """Send the due alert messages, those of one *kind* only if given, to every target of ALERT_URLS.

    A message is sent when all targets have it; who has it is not told again while others are tried anew. Trouble is
    recorded with each message and counted in the report, never raised. Where there is no target, none is sent.
    """
    round_ = _Round(sessions, targets_of(settings), clock, f"{run_id or 'by hand'}/{uuid4().hex[:12]}")
    tally: Counter[Status] = Counter()
    start_until = time.monotonic() + START_WITHIN
    while not round_.problem and time.monotonic() < start_until and (due := round_.claim(kind)):
        tally += round_.send(due, start_until)
    return DeliveryReport(
        sent=tally[Status.SENT],
        retrying=tally[Status.RETRYING],
        failed=tally[Status.FAILED],
        dropped=tally[Status.DROPPED],
        put_back=tally[Status.QUEUED],
        problem=round_.problem,
    )


@dataclass
class _Round:
    """One call of `send_alerts`. *problem*: no target took an alert, so the rest waits a moment."""

    sessions: sessionmaker[Session]
    targets: Sequence[Target]
    clock: Callable[[], datetime]
    claimer: str
    problem: str | None = None

    def claim(self, kind: Kind | None) -> list[Due]:
        now = self.clock()
        wanted = {"now": now, "abandoned": now - CLAIM_LASTS, "kind": kind, "claimer": self.claimer, "limit": AT_ONCE}
        with self.sessions.begin() as session:
            return list(session.execute(SQL["claim"], wanted))

    def send(self, due: list[Due], start_until: float) -> Counter[Status]:
        """Hand over *due* one after the other, so that they arrive in the order in which things happened."""
        tally: Counter[Status] = Counter()
        while due and not self.problem and time.monotonic() < start_until:
            tally[self._process(due.pop(0))] += 1
        if due:
            rest = [each.id for each in due]
            values = {"ids": rest, "claimer": self.claimer, "next_attempt_at": self.clock() + PAUSE}
            with self.sessions.begin() as session:
                session.execute(SQL["put_back"], values)
            tally[Status.QUEUED] += len(due)
        return tally

    def _process(self, message: Due) -> Status:
        if not self.targets:
            return self._settle(message, Status.DROPPED, reason="no_alert_urls")
        accepted = set(message.payload.get("accepted", ()))
        answers = {each.key: self._tell(each, message) for each in self.targets if each.key not in accepted}
        accepted |= {key for key, answer in answers.items() if answer.accepted}
        reply = "; ".join(answer.words for answer in answers.values()) or None
        if all(each.key in accepted for each in self.targets):
            return self._settle(message, Status.SENT, reply=reply, accepted=accepted)
        if not any(answer.accepted for answer in answers.values()):
            self.problem = reply
        pause = BACK_OFF[min(message.attempts, len(BACK_OFF) - 1)]
        if message.give_up_at is not None and self.clock() + pause >= message.give_up_at:
            return self._settle(message, Status.FAILED, reason="given_up", reply=reply, accepted=accepted)
        return self._settle(message, Status.RETRYING, reply=reply, accepted=accepted, pause=pause)

    def _tell(self, target: Target, message: Due) -> Answer:
        over = message.payload["what"] == CLEARED
        now_what = (OVER[Kind(message.kind)], f"It was: {message.text}") if over else (message.text, message.next_step)
        body = "\n\n".join(now_what)
        heading = title(message.kind, location=message.location, cleared=over)
        return target.tell(heading, body, kind=message.kind, over=over)

    def _settle(
        self,
        message: Due,
        status: Status,
        *,
        reason: str | None = None,
        reply: str | None = None,
        accepted: Collection[str] = (),
        pause: timedelta = timedelta(0),
    ) -> Status:
        now = self.clock()
        values = {
            "id": message.id,
            "claimer": self.claimer,
            "status": status,
            "reason": reason,
            "reply": reply,
            "tried": 0 if status == Status.DROPPED else 1,
            "next_attempt_at": now + pause,
            "accepted": sorted(accepted),
            "now": now,
        }
        with self.sessions.begin() as session:
            session.execute(SQL["settle"], values)
        log.info("alert", status=str(status), reason=reason, kind=message.kind, message_id=message.id, answer=reply)
        return status
