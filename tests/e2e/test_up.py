"""`make up` as a user runs it: everything starts, goes on where it was, and leaves nothing behind however it ends."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import requests

from core.db.embedded_home import Home
from tests.e2e.leftovers import assert_none_left, marked, new_mark, until

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
PORTS = ["CONSOLE_PORT", "DAGSTER_PORT", "DAGSTER_GRPC_PORT", "SANDBOX_PORT", "SANDBOX_SMTP_PORT"]
START_SECONDS = 120.0
END_SECONDS = 60.0
# As a script would: the shell lets its background jobs ignore SIGINT.
IN_BACKGROUND = ["sh", "-c", 'make --no-print-directory up & echo "make is $!"; wait']
IN_FOREGROUND = ["make", "--no-print-directory", "up"]

Up = subprocess.Popen[str]


@dataclass
class Place:
    """A state folder and ports for one installation, which several starts share."""

    state: Path
    ports: dict[str, int]
    mark: dict[str, str] = field(default_factory=new_mark)

    @property
    def environment(self) -> dict[str, str]:
        """The settings, without anybody's database."""
        inherited = {name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")}
        numbers = {name: str(port) for name, port in self.ports.items()}
        return {**inherited, **numbers, **self.mark, "STATE_DIR": str(self.state)}

    def url(self, port: str, path: str) -> str:
        """An address of this installation."""
        return f"http://127.0.0.1:{self.ports[port]}{path}"


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """One installation for all tests of this file: each start but the first goes on where the last one was."""
    folder = Path(tempfile.mkdtemp(prefix="zoompool up "))
    folder.chmod(0o711)
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    place = Place(folder / "state", {name: one.getsockname()[1] for name, one in zip(PORTS, taken, strict=True)})
    for one in taken:
        one.close()
    yield place
    assert_none_left(place.mark, 0)
    home = Home(place.state)
    if home.socket != home.data:
        shutil.rmtree(home.socket, ignore_errors=True)
    shutil.rmtree(folder)


@contextlib.contextmanager
def _started(place: Place, command: list[str]) -> Iterator[tuple[Up, list[str]]]:
    """*command*, once everything is up; with the lines it said until then."""
    up = subprocess.Popen(
        command, cwd=ROOT, env=place.environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert up.stdout
    said: list[str] = []
    try:
        for line in up.stdout:
            said.append(line.rstrip())
            if line.split()[:1] == ["Stop"]:
                break
        assert said, "it said nothing"
        assert said[-1].split() == ["Stop", "Ctrl-C"], said
        yield up, said
    finally:
        _assert_all_ended(place, up)


def _assert_all_ended(place: Place, up: Up) -> None:
    """Never hand one test's processes on to the next."""
    try:
        assert_none_left(place.mark, END_SECONDS)
    finally:
        up.communicate(timeout=END_SECONDS)


def _zoompool(place: Place) -> psutil.Process:
    """The process that runs everything: the one that make started."""
    for process in marked(place.mark):
        if "--stop-with-parent" in process.cmdline() and process.name() != "make":
            return process
    raise AssertionError("zoompool up does not run")


def _sigint_from_the_terminal(up: Up, place: Place) -> None:
    os.killpg(up.pid, signal.SIGINT)


def _sigterm_to_make(up: Up, place: Place) -> None:
    up.terminate()


def _kill_9_of_make(up: Up, place: Place) -> None:
    up.kill()


def _kill_9_of_zoompool(up: Up, place: Place) -> None:
    _zoompool(place).kill()


def test_everything_starts_from_nothing_and_answers(place: Place) -> None:
    """One line for each step, the database first, then addresses that work, and the demo's four seats."""
    with _started(place, IN_FOREGROUND) as (up, said):
        steps = [line.removeprefix("✓ ").rsplit(" (", 1)[0] for line in said if line.startswith("✓")]
        assert requests.get(place.url("CONSOLE_PORT", "/healthz"), timeout=10).json() == {"ok": True}
        assert requests.get(place.url("DAGSTER_PORT", "/server_info"), timeout=10).ok
        assert requests.get(place.url("SANDBOX_PORT", "/healthz"), timeout=10).ok
        assert len(requests.get(place.url("SANDBOX_PORT", "/sandbox/users"), timeout=10).json()) == 4
        _sigterm_to_make(up, place)

    assert steps[:2] == ["PostgreSQL", "Database schema"]
    assert steps[2:7] == ["Sandbox", "Dagster code server", "Dagster UI", "Dagster daemon", "Console"]
    assert steps[7].startswith("Demo")


@pytest.mark.parametrize(
    "end",
    [_sigint_from_the_terminal, _sigterm_to_make, _kill_9_of_make, _kill_9_of_zoompool],
    ids=lambda end: end.__name__,
)
def test_nothing_is_left_behind_and_the_next_start_goes_on(place: Place, end: Callable[[Up, Place], None]) -> None:
    """However it ends, no process stays, and the next start finds its data: no second demo."""
    with _started(place, IN_FOREGROUND) as (up, said):
        end(up, place)

    assert not [line for line in said if "Demo" in line]


def test_a_start_in_the_background_ends_on_sigterm(place: Place) -> None:
    """Children of a background job would ignore SIGINT, and Dagster's code server with it SIGTERM."""
    with _started(place, IN_BACKGROUND) as (_, said):
        make = int(next(line for line in said if line.startswith("make is")).split()[-1])
        os.kill(make, signal.SIGTERM)


def test_a_dead_part_is_started_again(place: Place) -> None:
    """The console comes back by itself, and so does the database."""
    with _started(place, IN_FOREGROUND) as (up, _):
        for port, module in (("CONSOLE_PORT", "console.app"), ("CONSOLE_PORT", str(Home(place.state).data))):
            victim = next(p for p in marked(place.mark) if module in p.cmdline())
            victim.kill()
            victim.wait(10)
            until(lambda port=port: _healthy(place, port), 60, f"{module} is back")
        up.terminate()
        assert up.stdout
        said = up.stdout.read()

    assert "Console died (killed by SIGKILL) and was started again." in said
    assert "PostgreSQL died (killed by SIGKILL) and was started again." in said


def test_a_second_start_is_refused_in_one_line(place: Place) -> None:
    """The line says what is in the way and what to do about it."""
    with _started(place, IN_FOREGROUND) as (up, _):
        second = subprocess.run(
            [ROOT / ".venv/bin/zoompool", "up"],
            cwd=ROOT,
            env=place.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        up.terminate()

    assert second.returncode == 1
    assert f"running already in {place.state}" in second.stdout
    assert len(second.stdout.splitlines()) == 1


def _healthy(place: Place, port: str) -> bool:
    try:
        return requests.get(place.url(port, "/healthz"), timeout=10).ok
    except requests.ConnectionError:
        return False
