"""One claim on due webhooks: taking them, looking at each once more, and recording what became of it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.domain.states import Message as Status
from core.services.hooks.endpoints import GONE, disable_gone
from core.services.timeline import SYSTEM, note_all

CLAIM_LASTS = timedelta(seconds=60)
TRIED_FOR = timedelta(hours=24)
IN_VAIN = "in_vain"  # why one is given up
EACH, AT_ONCE = 100, 1_000  # of one endpoint, of all

log = structlog.get_logger()
SQL, OUTBOX = statements("hooks"), statements("outbox")
Pending = sa.Row[Any]  # a row of `look` in hooks.sql


def due_hooks(session: Session, *, now: datetime, at_most: int = 1000) -> int:
    """How many webhooks could be claimed now, counted up to *at_most*."""
    values = {"now": now, "abandoned": now - CLAIM_LASTS, "at_most": at_most}
    return int(session.scalar(SQL["count_due"], values) or 0)


class HookClaim:
    """The webhooks that one call of `deliver_hooks` holds. Each method is a short transaction; threads may share it."""

    def __init__(self, sessions: sessionmaker[Session], clock: Callable[[], datetime], run_id: str | None) -> None:
        self._sessions = sessions
        self._clock = clock
        self._run_id = run_id
        self._claimer = f"{run_id or 'by hand'}/{uuid4().hex[:12]}"

    def give_up(self) -> int:
        """Give up what was in vain for a day, in turn or waiting for its turn; how many that are."""
        now = self._clock()
        with self._sessions.begin() as session:
            session.execute(SQL["start_clock"], {"now": now, "give_up_at": now + TRIED_FOR})
        with self._sessions.begin() as session:
            dead = session.execute(SQL["give_up"], {"now": now, "limit": AT_ONCE}).all()
            note_all(session, [self._event(hook, IN_VAIN, now) for hook in dead])
        return len(dead)

    def take(self, only: int | None) -> dict[int, list[int]]:
        """Claim due webhooks, or *only* that one. Their ids by endpoint, first to leave first."""
        now = self._clock()
        wanted = {
            "now": now,
            "abandoned": now - CLAIM_LASTS,
            "give_up_at": now + TRIED_FOR,
            "claimer": self._claimer,
            "only": only,
            "each": EACH,
            "limit": AT_ONCE,
        }
        with self._sessions.begin() as session:
            claimed = session.execute(SQL["claim"], wanted).all()
        by_endpoint: defaultdict[int, list[int]] = defaultdict(list)
        for row in sorted(claimed, key=lambda row: (row.attempts > 0, row.id)):
            by_endpoint[row.endpoint_id].append(row.id)
        return dict(by_endpoint)

    def look(self, session: Session, message: int) -> Pending | None:
        """What is known about *message* at this moment; None when it is no longer ours."""
        values = {"id": message, "claimer": self._claimer, "now": self._clock()}
        return session.execute(SQL["look"], values).one_or_none()

    def accepted(self, hook: Pending, reply: str) -> Status:
        """Record that the receiver took *hook*."""
        with self._sessions.begin() as session:
            session.execute(SQL["accepted"], {"id": hook.id, "now": self._clock(), "reply": reply})
        return self._said(hook, Status.SENT, None)

    def failed(self, hook: Pending, reply: str, *, pause: timedelta, again: timedelta) -> Status:
        """Record a try that failed, leave the endpoint in peace for *pause*, and try *hook* anew after *again*."""
        now = self._clock()
        next_attempt_at = now + again
        over = hook.give_up_at is not None and next_attempt_at >= hook.give_up_at
        with self._sessions.begin() as session:
            # The endpoint first, as for who disables it and drops what waits: one of the two comes upon the other.
            values = {"endpoint_id": hook.endpoint_id, "until": now + pause}
            disabled = session.scalar(SQL["leave_in_peace"], values)
            status = Status.DROPPED if disabled else Status.FAILED if over else Status.RETRYING
            reason = {Status.DROPPED: "endpoint_disabled", Status.FAILED: IN_VAIN}.get(status)
            self._settle(session, hook, status, reason, reply=reply, next_attempt_at=next_attempt_at, now=now)
        return self._said(hook, status, reason)

    def gone(self, hook: Pending, reply: str) -> Status:
        """The receiver wants to hear no more: its endpoint is disabled."""
        now = self._clock()
        with self._sessions.begin() as session:
            disable_gone(session, hook.endpoint_id, now=now)
            self._settle(session, hook, Status.DROPPED, GONE, reply=reply, next_attempt_at=now, now=now)
        return self._said(hook, Status.DROPPED, GONE)

    def drop(self, hook: Pending) -> Status:
        """Record that *hook* does not leave, because its endpoint was disabled meanwhile."""
        now = self._clock()
        with self._sessions.begin() as session:
            self._settle(session, hook, Status.DROPPED, "endpoint_disabled", next_attempt_at=now, now=now, tried=0)
        return self._said(hook, Status.DROPPED, "endpoint_disabled")

    def put_back(self, messages: Sequence[int]) -> None:
        """Release *messages* untried, due as before."""
        values = {"ids": list(messages), "claimer": self._claimer, "problem": None, "next_attempt_at": self._clock()}
        with self._sessions.begin() as session:
            session.execute(OUTBOX["put_back"], values)

    def _settle(
        self,
        session: Session,
        hook: Pending,
        status: Status,
        reason: str | None,
        *,
        next_attempt_at: datetime,
        now: datetime,
        reply: str | None = None,
        tried: int = 1,
    ) -> None:
        values = {
            "id": hook.id,
            "claimer": self._claimer,
            "recipient": hook.url,
            "status": status,
            "reason": reason,
            "reply": reply,
            "tried": tried,
            "next_attempt_at": next_attempt_at,
        }
        if session.scalar(OUTBOX["settle"], values) and status is Status.FAILED:
            note_all(session, [self._event(hook, reason, now)])

    def _event(self, hook: Pending, reason: str | None, now: datetime) -> dict[str, Any]:
        return {
            "kind": "hook_failed",
            "at": now,
            "actor": SYSTEM,
            "location_id": hook.location_id,
            "appointment_id": hook.appointment_id,
            "message_id": hook.id,
            "run_id": self._run_id,
            "detail": {"hook": hook.kind, "endpoint_id": hook.endpoint_id, "reason": reason},
        }

    def _said(self, hook: Pending, status: Status, reason: str | None) -> Status:
        log.info(
            "hook",
            status=str(status),
            reason=reason,
            kind=hook.kind,
            message_id=hook.id,
            endpoint_id=hook.endpoint_id,
            appointment_id=hook.appointment_id,
            run_id=self._run_id,
        )
        return status
