"""Rows that arrive while a commit is under way share the next one.

One commit waits for the disk however much it writes. A transaction and a thread for each row would also hand the
interpreter lock back and forth with the pages' scripts, and each handing over can take five milliseconds.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import DataError, IntegrityError

Row = TypeVar("Row")
AT_ONCE = 200  # rows in one transaction


class GroupCommit(Generic[Row]):
    """Hands rows to *write*, which commits them all, in a thread and one batch at a time; holds nothing while idle."""

    def __init__(self, write: Callable[[Sequence[Row]], object]) -> None:
        self._write = write
        self._waiting: list[tuple[Row, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def commit(self, row: Row) -> None:
        """Return once *row* is committed; raise what kept it from being. Who stops waiting may have it written."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((row, written))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit_all())
        await written

    async def _commit_all(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            batch = [(row, written) for row, written in taken if not written.done()]  # who gave up is not served
            outcomes = await asyncio.to_thread(self._outcomes, [row for row, _ in batch])
            for (_, written), error in zip(batch, outcomes, strict=True):
                if written.done():
                    continue
                if error is None:
                    written.set_result(None)
                else:
                    written.set_exception(error)

    def _outcomes(self, rows: Sequence[Row]) -> list[Exception | None]:
        try:
            self._write(rows)
        except (DataError, IntegrityError) as error:  # one row is to blame: the others are committed without it
            return [error] if len(rows) == 1 else [each for row in rows for each in self._outcomes([row])]
        except Exception as error:  # noqa: BLE001 - whatever it was, everybody who waits has to learn of it
            return [error] * len(rows)
        return [None] * len(rows)
