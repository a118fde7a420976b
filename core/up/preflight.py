"""What can be seen to be wrong before anything starts: one line each that says what and how to mend it."""

import contextlib
import fcntl
import os
import socket
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import psutil

from core.errors import ConfigurationError
from core.settings import Settings
from core.up.probes import HOST

PREVIOUS_PATIENCE = 15.0  # seconds in which what a killed start left behind is ended


def check_ports(settings: Settings) -> None:
    """Raises ConfigurationError with one line for each port that cannot be had."""
    wanted = defaultdict(list)
    for name, port in ports(settings).items():
        wanted[port].append(name)
    problems = [_shared(port, names) for port, names in wanted.items() if len(names) > 1]
    problems += [reason for port, names in wanted.items() if (reason := _taken(port, names[0]))]
    if problems:
        raise ConfigurationError("\n".join(problems))


def ports(settings: Settings) -> dict[str, int]:
    """The ports that will be listened on, by the name of their setting."""
    names = ["console_port", "dagster_port", "dagster_grpc_port"]
    if settings.mode == "sandbox":
        names += ["sandbox_port", "sandbox_smtp_port"]
    return {name.upper(): getattr(settings, name) for name in names}


@contextlib.contextmanager
def only_one(state: Path) -> Iterator[int]:
    """Be the only one who starts everything in *state*; yields the descriptor that says so as long as it is open.

    Waits for what a killed start left behind. Raises ConfigurationError while another one runs.
    """
    descriptor = os.open(state / "up.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _take(descriptor, state)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, state: Path) -> None:
    deadline = time.monotonic() + PREVIOUS_PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 20, 0).decode() or "?"
            alive = owner.isdigit() and psutil.pid_exists(int(owner))
            if alive or time.monotonic() > deadline:
                raise ConfigurationError(
                    f"Everything is running already in {state}, started by process {owner}.",
                    next_step=f"Stop it first (kill {owner}), or set STATE_DIR and the ports to others.",
                ) from None
            time.sleep(0.1)
        else:
            return


def _shared(port: int, names: list[str]) -> str:
    return f"{' and '.join(names)} are both {port}. Set one of them to another port."


def _taken(port: int, name: str) -> str | None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except PermissionError:
            return f"Port {port} is only for root. Set {name} to a port above 1023."
        except OSError:
            return f"Port {port} is in use{_by_whom(port)}. Stop that, or set {name} to another port."
    return None


def _by_whom(port: int) -> str:
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            listening = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr[1] == port
            if listening and connection.pid:
                return f" by process {connection.pid} ({psutil.Process(connection.pid).name()})"
    return ""
