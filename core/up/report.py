"""What `zoompool up` says: one line a step, with a spinner on a terminal and without where nobody looks."""

import contextlib
import time
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.markup import escape


class _Output(Console):
    """A console that goes quiet when its reader is gone: stopping has to go on without an audience."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


class Report:
    """Writes to standard output, and never fails."""

    def __init__(self) -> None:
        self._out = _Output(highlight=False, soft_wrap=True)

    def line(self, text: str, *, mark: str = " ", style: str = "default") -> None:
        """One line of plain text behind a mark."""
        with contextlib.suppress(OSError):  # a terminal that was closed
            self._out.print(f"[{style}]{mark}[/] {escape(text)}")

    def warn(self, text: str) -> None:
        """One line about something that went wrong and was mended."""
        self.line(text, mark="!", style="yellow")

    def fail(self, text: str) -> None:
        """What went wrong for good, and what to do."""
        self.line(text, mark="✗", style="bold red")

    @contextlib.contextmanager
    def step(self, title: str, since: float | None = None) -> Iterator[None]:
        """Say that *title* is being done, and in one line how long it took once it is.

        *since* is when it began (monotonic seconds), if that was before now.
        """
        start = time.monotonic() if since is None else since
        with self._spinner(title):
            yield
        self.line(f"{title} ({time.monotonic() - start:.1f} s)", mark="✓", style="green")

    def table(self, rows: Iterable[tuple[str, str]]) -> None:
        """A block of names and what belongs to them."""
        rows = list(rows)
        width = max(len(name) for name, _ in rows)
        self.line("")
        for name, value in rows:
            self.line(f"{name:<{width}}  {value}")
        self.line("")

    @contextlib.contextmanager
    def _spinner(self, title: str) -> Iterator[None]:
        if self._out.is_terminal:
            with self._out.status(f"{escape(title)} ..."):
                yield
        else:
            yield
