"""Rows that arrive while a commit is under way share the next one.

One commit waits for the disk however much it writes. A transaction and a thread for each row would also hand the
interpreter lock back and forth with the pages' scripts, and each handing over can take five milliseconds.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from psycopg import errors as postgres
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, SQLAlchemyError

Row = TypeVar("Row")
Result = TypeVar("Result")
AT_ONCE = 200  # rows in one transaction


class GroupCommit(Generic[Row, Result]):
    """Hands rows to *write*, which commits them all, in a thread and one batch at a time; holds nothing while idle.

    *write* gives back a result for each row, in their order.
    """

    def __init__(self, write: Callable[[Sequence[Row]], Sequence[Result]]) -> None:
        self._write = write
        self._waiting: list[tuple[Row, asyncio.Future[Result]]] = []
        self._task: asyncio.Task[None] | None = None

    async def commit(self, row: Row) -> Result:
        """The result of *row* once it is committed; raises what kept it from being. Who stops waiting may have it
        written."""
        written: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, written))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit_all())
        return await written

    async def _commit_all(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            batch = [(row, written) for row, written in taken if not written.done()]  # who gave up is not served
            outcomes = await asyncio.to_thread(self._outcomes, [row for row, _ in batch])
            for (_, written), outcome in zip(batch, outcomes, strict=True):
                if written.done():
                    continue
                if isinstance(outcome, _Failed):
                    written.set_exception(outcome.error)
                else:
                    written.set_result(outcome)

    def _outcomes(self, rows: Sequence[Row]) -> "Sequence[Result | _Failed]":
        try:
            return self._write(rows)
        except Exception as error:  # noqa: BLE001 - whatever it was, everybody who waits has to learn of it
            if len(rows) > 1 and _one_is_to_blame(error):  # the others are committed without it
                return [each for row in rows for each in self._outcomes([row])]
            return [_Failed(error)] * len(rows)


@dataclass(frozen=True)
class _Failed:
    error: Exception


def _one_is_to_blame(error: Exception) -> bool:
    """Whether the rows are better off each for itself: with all but a database that answers nobody. What nobody foresaw
    is about one row, too, and the others belong to other people."""
    if isinstance(error, OperationalError):
        return isinstance(error.orig, postgres.DeadlockDetected | postgres.LockNotAvailable)
    return isinstance(error, DataError | IntegrityError) or not isinstance(error, SQLAlchemyError)
