"""Starts the practice Zoom as the process it is. Used by tests and benchmarks; its commands are in sandbox_control."""

from __future__ import annotations

import json
import selectors
import signal
import subprocess
import sys
import tempfile
import weakref
from functools import cached_property
from pathlib import Path
from typing import IO, Self

from tests.sandbox_control import JSON, SandboxControl

ROOT = Path(__file__).parent.parent
__all__ = ["JSON", "SandboxControl", "SandboxProcess"]

START_SECONDS = 20.0
STOP_SECONDS = 5.0


class SandboxProcess:
    """One sandbox process.

    *state* is a file that outlives the process, or `:memory:`. After `stop` or `kill`, `start` brings it back on the
    same ports.
    """

    def __init__(self, *arguments: str, state: str | Path = ":memory:") -> None:
        self._arguments = arguments
        self._state = str(state)
        self._process: subprocess.Popen[str] | None = None
        # Lives as long as this object: what a crashed process said must be readable afterwards.
        self._errors: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115
        weakref.finalize(self, self._errors.close)
        self.http_port = 0
        self.smtp_port = 0

    def start(self) -> Self:
        """Start and wait until both ports are served. Raises RuntimeError with what the process said otherwise."""
        ports = ["--port", str(self.http_port), "--smtp-port", str(self.smtp_port)]
        command = [sys.executable, "-m", "core.sandbox", *ports, "--state", self._state, *self._arguments]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._errors, text=True, stdin=subprocess.DEVNULL
        )
        ready = json.loads(self._first_line())
        self.http_port, self.smtp_port = ready["http_port"], ready["smtp_port"]
        return self

    def _first_line(self) -> str:
        assert self._process is not None and self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            selector.select(START_SECONDS)
            line = self._process.stdout.readline() if selector.select(0) else ""
        if not line:
            self.kill()
            raise RuntimeError(f"the sandbox did not start: {self.errors()}")
        return line

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int | None:
        """Ask it to end and wait; one that does not is killed. Returns its exit code, None when it did not run."""
        if self._process is None:
            return None
        self._process.send_signal(by)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        return self._reap()

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._reap()

    def _reap(self) -> int:
        assert self._process is not None and self._process.stdout is not None
        exit_code = self._process.wait()
        self._process.stdout.close()
        self._process = None
        return exit_code

    @property
    def pid(self) -> int:
        assert self._process is not None, "the sandbox does not run"
        return self._process.pid

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def api_url(self) -> str:
        return f"{self.url}/v2"

    @property
    def oauth_url(self) -> str:
        return f"{self.url}/oauth"

    @property
    def smtp_url(self) -> str:
        return f"smtp://127.0.0.1:{self.smtp_port}"

    @cached_property
    def control(self) -> SandboxControl:
        return SandboxControl(self.url)

    def errors(self) -> str:
        """What it wrote to standard error so far."""
        self._errors.seek(0)
        return self._errors.read()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
