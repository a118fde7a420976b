"""One claim on due mails: taking them, looking at each once more, and recording what became of it."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.domain.on_time import Opening, punctuality
from core.domain.states import Message as Status
from core.mail.compose import Kind
from core.services.mail_facts import Pending
from core.services.timeline import SYSTEM, note

CLAIM_LASTS = timedelta(seconds=60)
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 30, 60))
SERVER_PAUSE = timedelta(seconds=10)

log = structlog.get_logger()
SQL, OUTBOX = statements("mail"), statements("outbox")


def due_mails(session: Session, *, now: datetime, at_most: int = 1000) -> int:
    """How many mails could be claimed now, counted up to *at_most*."""
    found = session.scalar(
        SQL["count_due"],
        {"now": now, "abandoned": now - CLAIM_LASTS, "at_most": at_most},
    )
    return int(found or 0)


class MailClaim:
    """The mails that one call of `deliver` holds. Each method is a short transaction; threads may share it."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        clock: Callable[[], datetime],
        run_id: str | None,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._run_id = run_id
        # Not the run's id alone: a second try within the same run must not take the first one's mails for its own.
        self._claimer = f"{run_id or 'by hand'}/{uuid4().hex[:12]}"

    def take(self, limit: int, meeting_ids: Collection[int] | None) -> list[int]:
        """Claim up to *limit* due mails, those of *meeting_ids* only unless None. Their ids, first to leave first."""
        now = self._clock()
        wanted = {
            "now": now,
            "abandoned": now - CLAIM_LASTS,
            "claimer": self._claimer,
            "limit": limit,
            "meeting_ids": None if meeting_ids is None else list(meeting_ids),
        }
        with self._sessions.begin() as session:
            claimed = session.execute(SQL["claim"], wanted).all()
        return [row.id for row in sorted(claimed, key=lambda row: (row.priority, row.next_attempt_at, row.id))]

    def look(self, message: int) -> Pending | None:
        """What is known about *message* at this moment; None when it is no longer ours."""
        with self._sessions() as session:
            return session.execute(SQL["look"], {"id": message, "claimer": self._claimer}).one_or_none()

    def accepted(self, mail: Pending, reply: str) -> Status:
        """Record that the server took *mail*, and whether its link came on time."""
        now = self._clock()
        outcome, cause = _punctuality(mail, now)
        values = {
            "id": mail.id,
            "now": now,
            "reply": reply,
            "outcome": outcome,
            "cause": cause,
            "run_id": self._run_id,
            "recipient": mail.recipient,
            "revision": mail.current_revision if mail.kind == Kind.BOOKED else mail.revision,
        }
        with self._sessions.begin() as session:
            session.execute(SQL["accepted"], values)
        self._log(mail, Status.SENT, None)
        return Status.SENT

    def drop(self, mail: Pending, reason: str) -> Status:
        """Record that *mail* does not leave because it is no longer true."""
        return self._settle(mail, Status.DROPPED, reason=reason)

    def fail(self, mail: Pending, reason: str, *, reply: str | None, tried: int = 1) -> Status:
        """Record that *mail* will never leave."""
        return self._settle(mail, Status.FAILED, reason=reason, reply=reply, tried=tried)

    def retry(self, mail: Pending, reply: str) -> Status:
        """Record a try that failed for now, and when the next is due; there is none past the mail's use."""
        next_attempt_at = self._clock() + BACK_OFF[min(mail.attempts, len(BACK_OFF) - 1)]
        if mail.give_up_at is not None and next_attempt_at >= mail.give_up_at:
            return self.fail(mail, "given_up", reply=reply)
        return self._settle(mail, Status.RETRYING, reply=reply, tried=1, next_attempt_at=next_attempt_at)

    def put_back(self, messages: Sequence[int], *, pause: timedelta, problem: str | None) -> None:
        """Release *messages* untried, due again after *pause*; *problem* is the trouble that stands in their way."""
        values = {
            "ids": list(messages),
            "claimer": self._claimer,
            "problem": problem,
            "next_attempt_at": self._clock() + pause,
        }
        with self._sessions.begin() as session:
            session.execute(OUTBOX["put_back"], values)

    def _settle(
        self,
        mail: Pending,
        status: Status,
        *,
        reason: str | None = None,
        reply: str | None = None,
        tried: int = 0,
        next_attempt_at: datetime | None = None,
    ) -> Status:
        now = self._clock()
        values = {
            "id": mail.id,
            "claimer": self._claimer,
            "status": status,
            "reason": reason,
            "recipient": mail.recipient,
            "reply": reply,
            "tried": tried,
            "next_attempt_at": next_attempt_at or now,
        }
        with self._sessions.begin() as session:
            ours = session.scalar(OUTBOX["settle"], values)
            if ours and status != Status.RETRYING:
                self._note(session, mail, f"mail_{status}", reason, now)
        self._log(mail, status, reason)
        return status

    def _log(self, mail: Pending, status: Status, reason: str | None) -> None:
        log.info(
            "mail",
            status=str(status),
            reason=reason,
            kind=mail.kind,
            message_id=mail.id,
            appointment_id=mail.appointment_id,
            meeting_id=mail.meeting_id,
            run_id=self._run_id,
        )

    def _note(
        self,
        session: Session,
        mail: Pending,
        kind: str,
        reason: str | None,
        now: datetime,
    ) -> None:
        detail: dict[str, Any] = {"mail": mail.kind, "reason": reason, **({"to_host": True} if mail.to_host else {})}
        note(
            session,
            kind,
            at=now,
            actor=SYSTEM,
            location_id=mail.location_id,
            appointment_id=mail.appointment_id,
            meeting_id=mail.meeting_id,
            message_id=mail.id,
            run_id=self._run_id,
            **detail,
        )


def _punctuality(mail: Pending, now: datetime) -> tuple[str | None, str | None]:
    """The outcome and cause for a join link; nothing for other mails, which promise no minute."""
    if mail.to_host or mail.due_at is None or mail.reserved_at is None:
        return None, None
    return punctuality(
        Opening(
            due_at=mail.due_at,
            known_at=mail.booked_at,
            reserved_at=mail.reserved_at,
            link_ready_at=mail.link_ready_at or now,
            accepted_at=now,
            waited=mail.waited,
            zoom_failed=mail.zoom_failed,
            mail_failed=mail.attempts > 0 or mail.provider_reply is not None,
        )
    )
