"""Starts the practice Zoom as the process it is, and speaks its control commands. Used by tests and benchmarks."""

from __future__ import annotations

import json
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Self

import requests

ROOT = Path(__file__).parent.parent
JSON = dict[str, Any]
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


class SandboxControl:
    """The sandbox's control commands, typed. A refused command raises AssertionError with the sandbox's sentence."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()

    def _ask(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        answer = self._session.request(method, f"{self._url}/sandbox{path}", json=body, params=query, timeout=30)
        assert answer.ok, f"{method} /sandbox{path}: {answer.status_code} {answer.text}"
        return answer.json()

    # -- users and grants

    def create_user(self, email: str, **values: Any) -> JSON:
        user: JSON = self._ask("POST", "/users", {"email": email, **values})
        return user

    def create_users(self, users: list[JSON]) -> list[JSON]:
        """Many at once; each of *users* has at least `email`."""
        created: list[JSON] = self._ask("POST", "/users", users)
        return created

    def users(self) -> list[JSON]:
        found: list[JSON] = self._ask("GET", "/users")
        return found

    def change_user(self, user: str, **values: Any) -> JSON:
        """*user* is an id or e-mail; *values* may be type, status, settings, locked."""
        changed: JSON = self._ask("PATCH", f"/users/{user}", values)
        return changed

    def delete_user(self, user: str) -> None:
        self._ask("DELETE", f"/users/{user}")

    def revoke_consent(self, user: str) -> None:
        self._ask("POST", f"/users/{user}/revoke-consent")

    def grants(self, wanted: list[JSON]) -> list[JSON]:
        """Token pairs without a browser; each of *wanted* names `user_id` or `email`, and may name `scopes`."""
        issued: list[JSON] = self._ask("POST", "/grants", wanted)
        return issued

    def grant(self, email: str, **values: Any) -> JSON:
        return self.grants([{"email": email, **values}])[0]

    def expire_access_tokens(self, user: str | None = None) -> None:
        self._ask("POST", "/tokens/expire", {"user_id": user} if user else {})

    def authorize(self, authorize_url: str, email: str, *, allow: bool = True) -> str:
        """Do what a person does on the consent page at *authorize_url*; returns where the browser is sent."""
        form = {"email": email, "decision": "allow" if allow else "deny"}
        answer = self._session.post(authorize_url, data=form, allow_redirects=False, timeout=30)
        assert answer.status_code == 302, f"no redirect: {answer.status_code} {answer.text}"
        return answer.headers["Location"]

    # -- meetings

    def meetings(self) -> list[JSON]:
        """All ever made, deleted ones included."""
        found: list[JSON] = self._ask("GET", "/meetings")
        return found

    def start_meeting(self, meeting_id: int | str) -> JSON:
        started: JSON = self._ask("POST", f"/meetings/{meeting_id}/start")
        return started

    def end_meeting(self, meeting_id: int | str) -> JSON:
        ended: JSON = self._ask("POST", f"/meetings/{meeting_id}/end")
        return ended

    def delete_meeting(self, meeting_id: int | str) -> JSON:
        deleted: JSON = self._ask("POST", f"/meetings/{meeting_id}/delete")
        return deleted

    # -- mail

    def mail(self, to: str | None = None, since: datetime | None = None) -> list[JSON]:
        """Mails received, oldest first."""
        query = {"to": to or "", "since": since.isoformat() if since else ""}
        found: list[JSON] = self._ask("GET", "/mail", **query)
        return found

    def mail_envelopes(self) -> list[JSON]:
        """number, from, to and received_at (epoch seconds) of every mail, without the cost of reading them."""
        found: list[JSON] = self._ask("GET", "/mail/envelopes")
        return found

    def mail_count(self) -> int:
        return int(self._ask("GET", "/mail/count")["count"])

    def wait_for_mail(self, to: str, *, count: int = 1, seconds: float = 10) -> list[JSON]:
        """The mails to *to* as soon as there are *count*. Raises AssertionError when they do not come in time."""
        deadline = time.monotonic() + seconds
        while len(found := self.mail(to)) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} mails to {to} after {seconds} s"
            time.sleep(0.05)
        return found

    def clear_mail(self) -> None:
        self._ask("DELETE", "/mail")

    # -- faults, settings, counts

    def fault(self, effect: JSON, *, times: int | None = None, **match: Any) -> str:
        """Make matching calls misbehave: *match* is method, path_regex, user_id, smtp, to_regex. Returns its id."""
        return str(self._ask("POST", "/faults", {"match": match, "effect": effect, "times": times})["id"])

    def faults(self) -> list[JSON]:
        found: list[JSON] = self._ask("GET", "/faults")
        return found

    def remove_fault(self, fault_id: str) -> None:
        self._ask("DELETE", f"/faults/{fault_id}")

    def clear_faults(self) -> None:
        self._ask("DELETE", "/faults")

    def configure(self, **values: Any) -> JSON:
        """Change latency_ms, rate_limits, daily_create_limit, clock_offset_seconds and the like."""
        config: JSON = self._ask("PATCH", "/config", values)
        return config

    def config(self) -> JSON:
        found: JSON = self._ask("GET", "/config")
        return found

    def stats(self) -> JSON:
        found: JSON = self._ask("GET", "/stats")
        return found

    def clear_stats(self) -> None:
        self._ask("DELETE", "/stats")

    def reset(self) -> None:
        """Forget everything: users, grants, meetings, mails, faults, counts and changed settings."""
        self._ask("POST", "/reset")
