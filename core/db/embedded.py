"""A PostgreSQL of our own, for whoever has set no DATABASE_URL: one owner runs it, everybody else connects.

The owner holds a file lock, which the kernel releases however it dies, and runs `postgres` as its foreground child on a
Unix socket without any network port.
"""

import contextlib
import fcntl
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from core.db.embedded_data import make_ready
from core.db.embedded_home import PORT, EmbeddedServerError, Home, Version, find_binaries, give_shelter, home_of
from core.process import before_exec

__all__ = ["FOR_TESTS", "EmbeddedServerError", "embedded_server", "ensure_database", "find_running", "url"]

SUPERUSER = "postgres"
PRODUCT_DATABASE = "zoompool"
DAGSTER_DATABASE = "dagster"
SERVER_OPTIONS = {
    "port": str(PORT),  # said aloud, or PGPORT in somebody's environment would choose
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "idle_in_transaction_session_timeout": "60s",
}
FOR_TESTS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum_naptime": "5s"}
PATIENCE = 60.0  # seconds until the server answers: after a crash it first replays its log
STOP_PATIENCE = 30.0
POLL = 0.05


@contextlib.contextmanager
def embedded_server(
    state: Path, *, extra: Mapping[str, str] | None = None, version: Version = "18", patience: float = PATIENCE
) -> Iterator[Path]:
    """Have the server of the folder *state* running while the block runs; yields its socket directory.

    The first caller owns the server and stops it at the end; while it runs, others attach to it and leave it alone.
    *extra* adds server options (`FOR_TESTS`: fast, and nothing survives a power cut); an attaching caller's are not
    used. *version* counts for new data only: data is run by the version that made it. *patience* is in seconds.
    On Linux the server ends with the thread that called this, killed or not. Raises EmbeddedServerError.
    """
    home = home_of(state)
    with ownership(home, patience) as owner:
        if owner:
            command = server_command(home, {**(extra or {})}, version)
            with _running(home, command, patience):
                yield home.socket
        else:
            yield home.socket


def find_running(state: Path) -> Path | None:
    """The socket directory of the server that runs now in the folder *state*; None when there is none."""
    home = home_of(state) if state.exists() else None
    return home.socket if home and answers(home) else None


def url(socket_dir: Path, database: str, driver: str) -> str:
    """The SQLAlchemy URL of a *database* of the embedded server; *driver* is `psycopg` or `psycopg2`."""
    return f"postgresql+{driver}://{SUPERUSER}@/{database}?host={quote(str(socket_dir), safe='')}&port={PORT}"


def ensure_database(socket_dir: Path, name: str) -> None:
    """Create the database *name* if the server has none of that name; safe to call from several processes at once."""
    with _connect(socket_dir) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        # Of two who create it at once the loser gets either of these, and the database is there.
        with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


@contextlib.contextmanager
def ownership(home: Home, patience: float) -> Iterator[bool]:
    """True: the caller owns the server and has to run it. False: another process does, and it answers.

    Waits up to *patience* seconds for another owner's server to answer, or for that owner to go.
    """
    with home.lock.open("w") as lock:
        deadline = time.monotonic() + patience
        while not _locked(lock.fileno()):
            if answers(home):
                yield False
                return
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"Another process owns the PostgreSQL in {home.data}, which did not answer in {patience:.0f} s.",
                    next_step=f"Its log: {home.log}.",
                )
            time.sleep(POLL)
        yield True


def server_command(home: Home, extra: Mapping[str, str], version: Version) -> list[str]:
    """Make everything ready for a start and return the command line of the server in the foreground.

    Only for the owner. *extra* and *version* are those of `embedded_server`. Raises EmbeddedServerError.
    """
    give_shelter(home)
    binaries = find_binaries(home.version or version, home.run_as)
    options = {**SERVER_OPTIONS, **extra, "unix_socket_directories": f'"{home.socket}"'}
    make_ready(home, binaries, superuser=SUPERUSER, sync=options.get("fsync") != "off")
    settings = (part for name, value in options.items() for part in ("-c", f"{name}={value}"))
    return [str(binaries / "postgres"), "-D", str(home.data), *settings]


def answers(home: Home) -> bool:
    """Whether the server takes connections now."""
    try:
        _connect(home.socket).close()
    except psycopg.OperationalError:
        return False
    return True


def _connect(socket_dir: Path) -> psycopg.Connection:
    return psycopg.connect(
        host=str(socket_dir), port=PORT, user=SUPERUSER, dbname="postgres", autocommit=True, connect_timeout=5
    )


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _running(home: Home, command: list[str], patience: float) -> Iterator[None]:
    with home.log.open("ab") as log:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,  # Ctrl-C in the terminal is for the owner, who stops the server last
            preexec_fn=before_exec(signal.SIGINT),
            **home.run_as,
        )
    try:
        _await_answer(home, server, patience)
        yield
    finally:
        _stop(server)


def _await_answer(home: Home, server: subprocess.Popen[bytes], patience: float) -> None:
    deadline = time.monotonic() + patience
    while not answers(home):
        if server.poll() is not None:
            tail = " | ".join(home.log.read_text(errors="replace").strip().splitlines()[-3:])
            raise EmbeddedServerError(f"PostgreSQL ended at once: {tail}.", next_step=f"Its log: {home.log}.")
        if time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"PostgreSQL did not answer within {patience:.0f} s.", next_step=f"Its log: {home.log}."
            )
        time.sleep(POLL)


def _stop(server: subprocess.Popen[bytes]) -> None:
    # SIGINT is the fast shutdown; SIGTERM would wait for every client to leave (PostgreSQL, Shutting Down the Server).
    for order in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(order)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(STOP_PATIENCE)
            return
