"""Rows that share a commit: what one of them breaks, it breaks for itself."""

import asyncio
from collections.abc import Sequence

from sqlalchemy.exc import InterfaceError

from console.group_commit import GroupCommit


def committed(*rows: int, error: Exception) -> tuple[list[object], int]:
    """What became of *rows* that came together, and how often they were written, where each odd one is an *error*."""
    writes: list[Sequence[int]] = []

    def write(batch: Sequence[int]) -> Sequence[int]:
        writes.append(batch)
        if any(row % 2 for row in batch):
            raise error
        return [row * 10 for row in batch]

    async def all_at_once() -> list[object]:
        group = GroupCommit(write)
        return list(await asyncio.gather(*map(group.commit, rows), return_exceptions=True))

    return asyncio.run(all_at_once()), len(writes)


def test_what_nobody_foresaw_is_one_rows_alone() -> None:
    """The others belong to other callers."""
    error = OverflowError("date value out of range")
    assert committed(2, 3, 4, error=error)[0] == [20, error, 40]


def test_a_database_that_answers_nobody_is_not_asked_for_each() -> None:
    """All who wait learn of it at once."""
    error = InterfaceError("", {}, Exception())
    assert committed(2, 3, 4, error=error) == ([error] * 3, 1)
