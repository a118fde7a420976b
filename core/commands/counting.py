"""How far a long command is, for whoever waits for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from core.commands.output import err


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on standard error, where a person looks at it; give it how many are done, and of how many, where known."""
    shape = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    with Progress(*shape, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
