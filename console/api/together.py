"""Writes of many callers that share a transaction, each with its own answer and its own Idempotency-Key.

A booking page at a full hour books one by one, from many sides at once. A transaction for each would spend most of its
time on handing over between threads and waiting for the disk.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from console.api.idempotency import Answer, OnceFor, Taken, again, answered
from console.database import sessions
from console.group_commit import GroupCommit
from core.clock import utcnow
from core.errors import ZoomPoolError
from core.services.idempotency import Write, keep_many
from core.wiring import wiring

What = TypeVar("What")
Content = tuple[int, bytes]


@dataclass(frozen=True)
class _Asked(Generic[What]):
    what: What
    write: Write | None


class Together(Generic[What]):
    """Does *work*, which answers each of what it is given or says why not, for everybody who asks meanwhile."""

    def __init__(self, work: Callable[[Session, Sequence[What]], Sequence[Answer | ZoomPoolError]]) -> None:
        self._work = work
        self._group: GroupCommit[_Asked[What], Content | ZoomPoolError] = GroupCommit(self._commit)

    async def answer(self, what: What, once: OnceFor) -> Response:
        """The answer to one caller, once it is committed; the one that was kept, if this is not the first time."""
        write = once.write()
        try:
            outcome = await self._group.commit(_Asked(what, write))
        except Taken:
            assert write is not None
            return await run_in_threadpool(again, write)
        if isinstance(outcome, ZoomPoolError):
            return await run_in_threadpool(once.refused, outcome)
        return answered(*outcome)

    def _commit(self, asked: Sequence[_Asked[What]]) -> list[Content | ZoomPoolError]:
        vault = wiring().vault
        with sessions().begin() as session:
            outcomes = [
                (outcome.status, outcome.content()) if isinstance(outcome, Answer) else outcome
                for outcome in self._work(session, [each.what for each in asked])
            ]
            kept = [
                (each.write, outcome[0], vault.encrypt_bytes(outcome[1]))
                for each, outcome in zip(asked, outcomes, strict=True)
                if each.write is not None and not isinstance(outcome, ZoomPoolError)
            ]
            if not keep_many(session, kept, now=utcnow()):
                raise Taken  # each is done for itself then, and one of them is answered again
        return outcomes
