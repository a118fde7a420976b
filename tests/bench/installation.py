"""A whole product of its own, started as `make up` starts it, in a folder and on ports nobody else uses."""

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import dagster as dg

from core.db.embedded import PATIENCE, ownership
from core.db.embedded_home import home_of
from core.settings import Settings
from core.up.databases import embedded_databases
from core.up.part import Part
from core.up.parts import Parts, postgresql
from core.up.report import Report
from core.up.supervisor import Supervisor
from tests.sandbox_process import SandboxControl
from tests.world import World

LATENCY_MS = 200
PORTS = ("CONSOLE_PORT", "DAGSTER_PORT", "DAGSTER_GRPC_PORT", "SANDBOX_PORT", "SANDBOX_SMTP_PORT")


@dataclass(frozen=True)
class Installation:
    """What runs, and the ways to ask it."""

    settings: Settings
    world: World
    sandbox: SandboxControl
    dagster: dg.DagsterInstance


@contextmanager
def installation(
    *, daemon: bool = True, code_server: Callable[[Part], Part] = lambda part: part, **environment: str
) -> Iterator[Installation]:
    """Everything running and empty, with shipped settings but for *environment*; gone without a trace afterwards.

    *daemon*: False leaves Dagster's daemon out, so that nothing happens by itself. *code_server* may change its part.
    """
    with ExitStack() as stack:
        state = stack.enter_context(_state_folder())
        stack.enter_context(_environment(state, environment))
        settings = Settings(_env_file=None)
        home = home_of(state)
        stack.enter_context(ownership(home, PATIENCE))
        supervisor = stack.enter_context(Supervisor(Report()))
        supervisor.start(postgresql(home))
        databases = embedded_databases(home.socket)
        parts = Parts(settings, home.state, databases)
        parts.configure_dagster()
        os.environ.update(parts.exported())
        supervisor.start(parts.sandbox(), code_server(parts.code_server()))
        supervisor.start(parts.webserver(), *([parts.daemon()] if daemon else []), parts.console())
        sandbox = SandboxControl(f"http://127.0.0.1:{settings.sandbox_port}")
        sandbox.configure(latency_ms=LATENCY_MS)
        instance = stack.enter_context(dg.DagsterInstance.from_config(str(parts.dagster_home)))
        stack.enter_context(_stoppable())
        connected = settings.model_copy(update={"database_url": databases.product})
        yield Installation(connected, World(connected, sandbox), sandbox, instance)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C and SIGTERM end us at once; the supervisor only notes them for its own loop, which does not run here."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _state_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user may enter, also under root."""
    folder = Path(tempfile.mkdtemp(prefix="zoompool-bench-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _environment(state: Path, changed: dict[str, str]) -> Iterator[None]:
    """Shipped settings for us and for everything we start: none of the environment's own, and no `.env`."""
    before, folder = dict(os.environ), Path.cwd()
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    os.environ.update({"STATE_DIR": str(state), **dict(zip(PORTS, _free_ports(), strict=True)), **changed})
    os.chdir(state)
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)


def _free_ports() -> list[str]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in PORTS]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [str(each.getsockname()[1]) for each in sockets]
