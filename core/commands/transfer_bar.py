"""How far a copy is, for whoever waits for it."""

from typing import Self

from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from core.commands.output import err
from core.services.recordings.archive import Progress as Copied


class TransferBar:
    """A bar for what is being copied, on standard error and only where a person looks at it."""

    def __init__(self) -> None:
        shape = (TextColumn("{task.fields[files]}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._bar = Progress(*shape, console=err, transient=True, disable=not err.is_terminal)
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, copied: Copied) -> None:
        """How far it is; may be called by any thread."""
        if self._task is None:
            self._task = self._bar.add_task("", total=copied.size, files="")
        files = f"{copied.files_done} of {copied.files} files"
        self._bar.update(self._task, completed=copied.bytes_done, total=copied.size, files=files)

    def next_batch(self) -> None:
        """What comes now is counted anew."""
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
