"""Starts parts in order, keeps them running and stops them in reverse; docs/adr/0001 says why it is our own."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from core.errors import ZoomPoolError
from core.up import guard
from core.up.part import Life, Part
from core.up.report import Report

POLL = 0.1  # seconds
RESTART_PAUSE = 0.5  # lets go of what the dead process held, and keeps three deaths from passing in a blink
DEATHS_ALLOWED = 3
DEATHS_WINDOW = 60.0
HURRIED_PATIENCE = 1.0


class PartFailed(ZoomPoolError):
    """A part does not start or does not stay; says why, with the last lines of its log."""


class StopRequested(Exception):
    """Somebody asked everything to stop: Ctrl-C, SIGTERM, a closed terminal, or the end of the parent."""


class Supervisor:
    """A context manager: what was started in the block is stopped at its end, the last part first.

    It takes SIGTERM, Ctrl-C and a closed terminal as the wish to stop; a second one takes the parts' patience away.
    With *stop_with_parent* the end of the process that started this one is such a wish too. Use it in the main thread,
    which alone receives signals. *guard_holds*: descriptors of files that stay open until nothing of ours runs.
    """

    def __init__(self, report: Report, *, stop_with_parent: bool = False, guard_holds: tuple[int, ...] = ()) -> None:
        self._report = report
        self._parent = os.getppid() if stop_with_parent else None
        self._guard_holds = guard_holds
        self._lives: list[Life] = []
        self._leftovers: dict[int, float] = {}
        self._wish: str | None = None
        self._hurried = False

    def __enter__(self) -> Self:
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(guard.__file__))],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
            pass_fds=self._guard_holds,
        )
        self._handlers = {
            number: signal.signal(number, self._take_signal)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
            # A shell's background job ignores Ctrl-C, which is meant for the foreground; nohup ignores the terminal.
            if signal.getsignal(number) != signal.SIG_IGN
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lives:
            reason = f" ({self._wish})" if self._wish else ""
            self._report.line(f"Stopping{reason}; Ctrl-C again does not wait for what is still running.")
        for life in reversed(self._lives):
            self._end(life)
        for group in list(self._leftovers):
            self._end_group(group)
        assert self._guard.stdin
        self._guard.stdin.close()
        self._guard.wait()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def start(self, *parts: Part) -> None:
        """Start *parts* side by side and wait for each to be ready, in order.

        Raises PartFailed, or StopRequested when somebody does not want to wait.
        """
        for part in parts:
            self._lives.append(Life(part, self._spawn(part)))
        for life in self._lives[-len(parts) :]:
            with self._report.step(life.part.name, since=life.started):
                self._await_ready(life)

    def watch(self) -> None:
        """Keep everything running. Returns never: raises StopRequested or PartFailed."""
        while True:
            self._pause(POLL)
            self._tend()

    def _await_ready(self, life: Life) -> None:
        deadline = time.monotonic() + life.part.start_patience
        while not life.part.ready():
            self._pause(POLL)
            self._tend()
            if time.monotonic() > deadline:
                raise self._failure(life.part, f"was not ready within {life.part.start_patience:.0f} s")

    def _tend(self) -> None:
        for life in self._lives:
            if life.process.poll() is not None:
                self._revive(life)
        for group, deadline in list(self._leftovers.items()):
            if time.monotonic() > deadline or not guard.group_exists(group):
                self._end_group(group)

    def _revive(self, life: Life) -> None:
        """Start a dead part again, or give up. Its children have its patience to finish what they do."""
        life.deaths.append(time.monotonic())
        self._leftovers[life.process.pid] = time.monotonic() + life.part.patience
        how = life.end_in_words()
        if life.deaths_within(DEATHS_WINDOW) >= DEATHS_ALLOWED:
            raise self._failure(life.part, f"died {DEATHS_ALLOWED} times within a minute, at last with {how}")
        self._pause(RESTART_PAUSE)
        life.process = self._spawn(life.part)
        self._report.warn(f"{life.part.name} died ({how}) and was started again.")

    def _spawn(self, part: Part) -> subprocess.Popen[bytes]:
        try:
            process = part.spawn()
        except (OSError, subprocess.SubprocessError) as error:
            raise PartFailed(f"{part.name} cannot be started: {error}.") from error
        self._tell_guard(f"+ {process.pid} {int(part.stop_signal)} {part.patience}")
        return process

    def _end(self, life: Life) -> None:
        life.process.send_signal(life.part.stop_signal)
        start = time.monotonic()
        while life.process.poll() is None:
            patience = min(life.part.patience, HURRIED_PATIENCE) if self._hurried else life.part.patience
            if time.monotonic() - start > patience:
                break
            time.sleep(POLL / 2)
        self._end_group(life.process.pid)
        life.process.wait()

    def _end_group(self, group: int) -> None:
        guard.signal_group(group, signal.SIGKILL)
        self._leftovers.pop(group, None)
        self._tell_guard(f"- {group}")

    def _tell_guard(self, order: str) -> None:
        assert self._guard.stdin
        with contextlib.suppress(BrokenPipeError):  # somebody killed the guard: the kernel still ends our children
            self._guard.stdin.write(f"{order}\n")
            self._guard.stdin.flush()

    def _pause(self, seconds: float) -> None:
        time.sleep(seconds)
        if self._parent is not None and os.getppid() != self._parent:
            raise StopRequested("the process that started it is gone")
        if self._wish:
            raise StopRequested(self._wish)

    def _take_signal(self, number: int, _frame: FrameType | None) -> None:
        self._hurried = self._wish is not None
        self._wish = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name

    def _failure(self, part: Part, what: str) -> PartFailed:
        return PartFailed(f"{part.name} {what}.", next_step=f"The end of its log {part.log}:\n{part.tail()}")
