"""What every test stands on: a real PostgreSQL, a fresh migrated database per test, and the practice Zoom over real
HTTP."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import psycopg
import pytest
from sqlalchemy.orm import Session, sessionmaker

from core.db.embedded import FOR_TESTS, embedded_server, url
from core.db.embedded_home import Version
from core.db.engine import engine_for, sessions_for
from core.db.migrate import upgrade
from core.settings import Settings
from tests.journeys.chromium import find as find_chromium
from tests.sandbox_process import SandboxControl, SandboxProcess
from tests.world import World

TEMPLATE = "template_zoompool"
LEFT_OUT = pytest.StashKey[int]()
_numbers = itertools.count(1)
# How long an example takes tells how busy the machine is, and nothing about the rule.
hypothesis.settings.register_profile("busy", deadline=None)
hypothesis.settings.load_profile("busy")


@pytest.hookimpl(trylast=True)  # after those that were not asked for are gone
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the browser journeys out where there is no browser; BROWSER=required makes its absence a failure."""
    journeys = [item for item in items if item.get_closest_marker("browser")]
    if not journeys or find_chromium():
        return
    if os.environ.get("BROWSER") == "required":
        raise pytest.UsageError("There is no Chromium for the browser journeys: run `make browser`.")
    config.stash[LEFT_OUT] = len(journeys)
    items[:] = [item for item in items if item not in journeys]
    config.hook.pytest_deselected(items=journeys)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in the last lines what was left out, and how to have it."""
    if number := config.stash.get(LEFT_OUT, 0):
        what = "1 browser journey was" if number == 1 else f"{number} browser journeys were"
        terminalreporter.write_line(f"{what} left out: there is no Chromium here. `make browser` installs one.")


@pytest.fixture(scope="session")
def state_dir() -> Iterator[Path]:
    """A folder that the server's own user may enter, also when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="zoompool-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def pg_version() -> Version:
    """Which PostgreSQL the tests run on; `TEST_PG_VERSION` chooses among those the wheel ships."""
    return "16" if os.environ.get("TEST_PG_VERSION") == "16" else "18"


@pytest.fixture(scope="session")
def server(state_dir: Path, pg_version: Version) -> Iterator[Path]:
    """The socket folder of the test run's own PostgreSQL."""
    with embedded_server(state_dir, extra=FOR_TESTS, version=pg_version) as socket:
        with psycopg.connect(host=str(socket), user="postgres", dbname="postgres", autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {TEMPLATE}")
        upgrade(url(socket, TEMPLATE, "psycopg"))
        yield socket


@pytest.fixture
def database_url(server: Path) -> Iterator[str]:
    """The address of a fresh, migrated, empty database."""
    with fresh_database(server) as address:
        yield address


@contextmanager
def fresh_database(server: Path) -> Iterator[str]:
    """A copy of the migrated template, for as long as it is needed."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(host=str(server), user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        address = url(server, name, "psycopg")
        yield address
        engine_for(address).dispose()
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sessions(database_url: str) -> sessionmaker[Session]:
    """A factory of sessions on the fresh database."""
    return sessions_for(database_url)


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    """One practice Zoom for the whole run; tests make their own users in it."""
    process = SandboxProcess()
    process.start()
    yield process
    process.stop()


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> Iterator[SandboxControl]:
    """The practice Zoom's control client; faults and mails are cleared after the test."""
    control = sandbox_process.control
    yield control
    control.reset()


@pytest.fixture
def settings(database_url: str, sandbox_process: SandboxProcess, state_dir: Path) -> Settings:
    """Settings that point at the fresh database and the practice Zoom."""
    return Settings(
        _env_file=None,
        database_url=database_url,
        state_dir=state_dir / "state",
        zoom_api_url=f"{sandbox_process.url}/v2",
        zoom_oauth_url=f"{sandbox_process.url}/oauth",
        smtp_url=f"smtp://127.0.0.1:{sandbox_process.smtp_port}",
    )


@pytest.fixture
def world(settings: Settings, sandbox: SandboxControl) -> World:
    """A product on the fresh database, beside the practice Zoom."""
    return World(settings, sandbox)
