"""The web process as it is started: pages and routes together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import requests

from core.settings import Settings
from tests.sandbox_process import ROOT


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def start(database_url: str, port: int, **environment: str) -> subprocess.Popen[str]:
    """`python -m console.app` with nothing of our own environment but these."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    own = {"DATABASE_URL": database_url, "CONSOLE_PORT": str(port), **environment}
    return subprocess.Popen(
        [sys.executable, "-m", "console.app"],
        cwd=ROOT,
        env=kept | own,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


@pytest.fixture
def console(settings: Settings) -> Iterator[str]:
    """The address of a running console."""
    port = free_port()
    assert settings.database_url is not None
    process = start(settings.database_url, port)
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 40
    while not _answers(f"{address}/healthz"):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "the console did not start"
        time.sleep(0.1)
    yield address
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)


def _answers(address: str) -> bool:
    try:
        return bool(requests.get(address, timeout=5).json() == {"ok": True})
    except requests.RequestException:
        return False


def test_pages_and_routes_are_served_by_one_process(console: str) -> None:
    """Pages where people look, JSON where programs do, and careful headers on both."""
    page = requests.get(f"{console}/connections", timeout=10)
    nowhere = requests.get(f"{console}/api/v1/nothing", timeout=10)

    assert "text/html" in page.headers["Content-Type"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert (nowhere.status_code, "nothing" in nowhere.json()["error"]) == (404, True)


def test_the_practice_console_is_for_this_machine_only(console: str) -> None:
    """It has no sign-in, so nobody else may reach it."""
    outside = socket.gethostbyname(socket.gethostname())
    if outside.startswith("127."):
        outside = "127.0.0.2"  # another address of this machine that only a wildcard would serve
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((outside, int(console.rsplit(":", 1)[1])), timeout=5)


def test_a_setting_at_fault_is_one_line(database_url: str) -> None:
    """Whoever starts it reads what to mend, not a trace."""
    process = start(database_url, free_port(), ZOOM_PLAN="gold")
    _, said = process.communicate(timeout=40)

    assert process.returncode == 2
    assert said.startswith("ZOOM_PLAN: ")
    assert said.count("\n") == 1
