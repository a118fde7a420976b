"""One part of the whole: what to run, how to see that it works, how to end it; and its life as a process."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.process import before_exec

MAX_LOG_BYTES = 10_000_000
TAIL_LINES = 12


@dataclass(frozen=True)
class Part:
    """A process to keep running.

    *ready* is asked until it says True, for at most *start_patience* seconds. At the end *stop_signal* goes to the
    process alone, so that it can end its own children in order; after *patience* seconds its whole process group is
    killed. *environment* is added to the supervisor's own, *run_as* to the arguments of `subprocess.Popen`.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0
    start_patience: float = 90.0
    run_as: Mapping[str, Any] = field(default_factory=dict)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the process as the leader of a session of its own; its output is added to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > MAX_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor, which ends the parts in order
                preexec_fn=before_exec(self.stop_signal),
                **self.run_as,
            )

    def tail(self) -> str:
        """The last lines of the log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
        return ""


@dataclass
class Life:
    """A part while it runs: its process, when that was started (monotonic seconds) and when earlier ones died."""

    part: Part
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    deaths: list[float] = field(default_factory=list)

    def deaths_within(self, seconds: float) -> int:
        """How often the part died in the last *seconds*."""
        return sum(time.monotonic() - death <= seconds for death in self.deaths)

    def end_in_words(self) -> str:
        """How the process ended."""
        code = self.process.returncode
        return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
