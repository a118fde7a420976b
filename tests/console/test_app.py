"""The web process as it is started: pages and routes together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
import sqlalchemy as sa
import streamlit.config
from sqlalchemy.orm import Session, sessionmaker

from console.app import REQUIRED, check_options
from core.db.models import InboxEvent
from core.errors import ConfigurationError
from core.settings import Settings
from tests import zoom_events
from tests.sandbox_process import ROOT


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def start(
    database_url: str, port: int, *, command: list[str] | None = None, **environment: str
) -> subprocess.Popen[str]:
    """`python -m console.app`, or another *command*, with nothing of our own environment but these."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    own = {"DATABASE_URL": database_url, "CONSOLE_PORT": str(port), **environment}
    return subprocess.Popen(
        [sys.executable, *(command or ["-m", "console.app"])],
        cwd=ROOT,
        env=kept | own,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


@pytest.fixture
def console(settings: Settings) -> Iterator[str]:
    """The address of a running console."""
    with running(settings) as address:
        yield address


@contextmanager
def running(settings: Settings, *options: str) -> Iterator[str]:
    """The address of the console, or of what *options* start instead, ready to answer."""
    port = free_port()
    assert settings.database_url is not None
    command = [*options, "--port", str(port)] if options else None
    process = start(settings.database_url, port, command=command, STATE_DIR=str(settings.state_dir))
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 40
    try:
        while not _answers(f"{address}/healthz"):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline, "it did not start"
            time.sleep(0.1)
        yield address
    finally:
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
    assert (nowhere.status_code, nowhere.json()["type"]) == (404, "no_such_address")


def test_zooms_events_are_kept_beside_the_pages(console: str, sessions: sessionmaker[Session]) -> None:
    """The pages' own addresses do not get in the way."""
    _deliver(console)

    assert _kept(sessions) == ["meeting.started"]


def test_the_routes_run_alone_under_uvicorn(settings: Settings, sessions: sessionmaker[Session]) -> None:
    """For those who want Zoom's events answered by a process of its own; it has no pages."""
    with running(settings, "-m", "uvicorn", "--factory", "console.routes:create_routes_app") as address:
        _deliver(address)

        assert requests.get(f"{address}/connections", timeout=10).status_code == 404
    assert _kept(sessions) == ["meeting.started"]


def _deliver(address: str) -> None:
    body, headers = zoom_events.signed(zoom_events.event("meeting.started"))
    assert requests.post(f"{address}/webhooks/zoom", data=body, headers=headers, timeout=10).status_code == 200
    assert requests.get(f"{address}/webhooks/zoom", timeout=10).status_code == 405
    assert requests.post(f"{address}/webhooks/zoom", data=body, timeout=10).status_code == 401


def _kept(sessions: sessionmaker[Session]) -> list[str]:
    with sessions() as session:
        return list(session.scalars(sa.select(InboxEvent.event)))


def test_the_practice_console_is_for_this_machine_only(console: str) -> None:
    """It has no sign-in, so nobody else may reach it."""
    outside = socket.gethostbyname(socket.gethostname())
    if outside.startswith("127."):
        outside = "127.0.0.2"  # another address of this machine that only a wildcard would serve
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((outside, int(console.rsplit(":", 1)[1])), timeout=5)


def test_a_foreign_page_whose_name_leads_here_opens_no_page(console: str) -> None:
    """Its browser is this machine's, so the address proves nothing; the name that it asks for does."""
    port = int(console.rsplit(":", 1)[1])
    for name, lets_in in (("localhost", True), ("evil.test", False)):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as reached:
            asked = {"Host": f"{name}:{port}", "Origin": f"http://{name}:{port}", "Connection": "Upgrade"}
            asked |= {"Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": f"{'A' * 22}=="}
            lines = "".join(f"{header}: {value}\r\n" for header, value in asked.items())
            reached.sendall(f"GET /_stcore/stream HTTP/1.1\r\n{lines}\r\n".encode())
            status = reached.recv(64).split()[1]
        assert status == (b"101" if lets_in else b"403")


@pytest.mark.parametrize(
    ("option", "open_door"), [("server.enableAgentApi", True), ("server.enableCORS", False),
                              ("server.trustedUserHeaders", {"X-User": "sub"})],
)  # fmt: skip
def test_no_option_opens_a_door_beside_the_sign_in(
    monkeypatch: pytest.MonkeyPatch, option: str, open_door: object
) -> None:
    """Streamlit takes options from files and variables of its own."""
    check_options_with = {**REQUIRED, option: open_door}
    monkeypatch.setattr(streamlit.config, "get_option", check_options_with.__getitem__)

    with pytest.raises(ConfigurationError, match=option):
        check_options()


def test_a_setting_at_fault_is_one_line(database_url: str) -> None:
    """Whoever starts it reads what to mend, not a trace."""
    process = start(database_url, free_port(), ZOOM_PLAN="gold")
    _, said = process.communicate(timeout=40)

    assert process.returncode == 2
    assert said.startswith("ZOOM_PLAN: ")
    assert said.count("\n") == 1
