"""One write, one effect, however often it is sent: the first answer is kept and given again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.sql import statements

DEAD = timedelta(seconds=60)


@dataclass(frozen=True)
class Write:
    """One write of one *caller* under a *key* of its own choice; *request_hash* tells whether it is the same again."""

    caller: str
    key: str
    request_hash: bytes


@dataclass(frozen=True)
class Found:
    """What is kept under a key. Without a *status* the write is under way, or its process died."""

    same: bool
    status: int | None
    answer: bytes | None


def keep(session: Session, write: Write, *, status: int | None, answer: bytes | None, now: datetime) -> bool:
    """Keep the (encrypted) answer, or without a status claim the write; False where its key is taken.

    At the end of the transaction that does the work it does both at once: of two that run at the same moment one waits
    here for the other, and whoever is second rolls its work back.
    """
    return _changes(session, "keep", write, status=status, answer=answer, now=now)


def keep_many(session: Session, answers: Sequence[tuple[Write, int, bytes]], *, now: datetime) -> bool:
    """Keep the (encrypted) answers of many writes at the end of the transaction that does them all; False where one's
    key is taken."""
    if not answers:
        return True
    values = {
        "callers": [write.caller for write, _, _ in answers],
        "keys": [write.key for write, _, _ in answers],
        "hashes": [write.request_hash for write, _, _ in answers],
        "statuses": [status for _, status, _ in answers],
        "answers": [answer for _, _, answer in answers],
        "now": now,
    }
    return len(session.execute(statements("idempotency")["keep_many"], values).all()) == len(answers)


def find(session: Session, write: Write) -> Found | None:
    """What is kept under the key of *write*."""
    row = session.execute(statements("idempotency")["found"], _of(write)).one_or_none()
    return None if row is None else Found(row.request_hash == write.request_hash, row.status, row.answer)


def claim(session: Session, write: Write, *, now: datetime) -> bool:
    """Claim a *write* that takes several transactions; False where it has been done or is under way.

    A claim that has stood for a minute without an answer is taken over: our operations may be begun twice.
    """
    return keep(session, write, status=None, answer=None, now=now) or _changes(
        session, "take_over", write, now=now, dead=now - DEAD
    )


def settle(session: Session, write: Write, *, claimed_at: datetime, status: int, answer: bytes) -> None:
    """Keep the answer of a claimed write."""
    statement = statements("idempotency")["answered"]
    session.execute(statement, {**_of(write), "claimed_at": claimed_at, "status": status, "answer": answer})


def give_back(session: Session, write: Write, *, claimed_at: datetime) -> None:
    """Forget a claim whose answer is not kept, so that the next try need not wait."""
    session.execute(statements("idempotency")["give_back"], {**_of(write), "claimed_at": claimed_at})


def _changes(session: Session, name: str, write: Write, **values: Any) -> bool:
    row: sa.Row[Any] | None = session.execute(statements("idempotency")[name], {**_of(write), **values}).one_or_none()
    return row is not None


def _of(write: Write) -> dict[str, Any]:
    return {"caller": write.caller, "key": write.key, "request_hash": write.request_hash}
