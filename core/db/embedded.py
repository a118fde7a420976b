"""A PostgreSQL of our own, for whoever has set no DATABASE_URL: one owner runs it, everybody else connects.

The owner holds a file lock, which the kernel releases however it dies, and runs `postgres` as its foreground child on a
Unix socket without any network port.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from core.db.embedded_home import PORT, SOCKET_NAME, EmbeddedServerError, Home, Version, find_home
from core.process import before_exec

__all__ = ["FOR_TESTS", "EmbeddedServerError", "embedded_server", "ensure_database", "url"]

SUPERUSER = "postgres"
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
MAX_LOG_BYTES = 10_000_000


@contextlib.contextmanager
def embedded_server(
    state: Path, *, extra: Mapping[str, str] | None = None, version: Version = "18", patience: float = PATIENCE
) -> Iterator[Path]:
    """Have the server of the folder *state* running while the block runs; yields its socket directory.

    The first caller owns the server and stops it at the end; while it runs, others attach to it and leave it alone.
    *extra* adds server options (`FOR_TESTS`: fast, and nothing survives a power cut); an attaching caller's are not
    used. *version* counts for new data only. *patience* is in seconds. Raises EmbeddedServerError.
    """
    home = _explained(find_home, state, version)
    with ownership(home, patience) as owner:
        if not owner:
            yield home.socket
            return
        options = {**SERVER_OPTIONS, **(extra or {})}
        make_ready(home, fast=options.get("fsync") == "off")
        with _running(home, options, patience):
            yield home.socket


def url(socket_dir: Path, database: str, driver: str) -> str:
    """The SQLAlchemy URL of a *database* of the embedded server; *driver* is `psycopg` or `psycopg2`."""
    return f"postgresql+{driver}://{SUPERUSER}@/{database}?host={quote(str(socket_dir), safe='')}&port={PORT}"


def ensure_database(socket_dir: Path, name: str) -> None:
    """Create the database *name* if the server has none of that name; safe to call from several processes at once."""
    with _connect(socket_dir) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        # Two who create the same name at once: the loser gets either of these two, and the database is there.
        with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


@contextlib.contextmanager
def ownership(home: Home, patience: float) -> Iterator[bool]:
    """True: the caller owns the server and has to run it. False: another process does, and it answers."""
    with _explained(home.lock.open, "w") as lock:
        deadline = time.monotonic() + patience
        while not _locked(lock.fileno()):
            if answers(home):
                yield False
                return
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"Another process owns the PostgreSQL in {home.data}, which did not answer within {patience:.0f} s.",
                    next_step=f"Its log: {home.log}.",
                )
            time.sleep(POLL)
        yield True


def make_ready(home: Home, *, fast: bool = False) -> None:
    """Clear what a killed owner left, and make the data if there is none. Only for the owner."""
    _end_orphan(home)
    _remove_stale_locks(home)
    if home.version is None:
        _initialise(home, fast=fast)
    if home.log.exists() and home.log.stat().st_size > MAX_LOG_BYTES:
        home.log.unlink()


def server_command(home: Home, options: Mapping[str, str]) -> list[str]:
    """The command line of the server in the foreground."""
    options = {**options, "unix_socket_directories": f'"{home.socket}"'}
    return [
        str(home.binaries / "postgres"),
        *("-D", str(home.data)),
        *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
    ]


def server_environment() -> dict[str, str]:
    """This process's environment without the PG... variables, which are meant for somebody's other servers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


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
def _running(home: Home, options: Mapping[str, str], patience: float) -> Iterator[None]:
    with home.log.open("ab") as log:
        server = subprocess.Popen(
            server_command(home, options),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=server_environment(),
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


def _initialise(home: Home, *, fast: bool) -> None:
    """Make the data beside its place and rename it, so that a killed initdb leaves nothing that looks whole."""
    fresh = home.data.with_name("pg.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    os.chown(fresh, home.run_as.get("user", -1), home.run_as.get("group", -1))
    # 18 has a C.UTF-8 of its own; 16 has to borrow the system's for upper and lower case.
    builtin = (home.binaries / "pg_walsummary").exists()
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if builtin else ["--lc-ctype=C.UTF-8"]
    done = subprocess.run(
        [
            *(str(home.binaries / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8"),
            *("--locale=C", *locale, *(["--no-sync"] if fast else [])),
        ],
        cwd="/",
        env=server_environment(),
        capture_output=True,
        text=True,
        check=False,
        **home.run_as,
    )
    if done.returncode:
        raise EmbeddedServerError(
            f"PostgreSQL could not make its data in {home.data}: {done.stderr.strip()}",
            next_step="Mend that, or set STATE_DIR to another folder.",
        )
    fresh.rename(home.data)


def _end_orphan(home: Home) -> None:
    """Stop a server whose owner was killed where the kernel could not tell it so."""
    orphan = _server_process(home, home.data / "postmaster.pid")
    if orphan is None:
        return
    for order in (signal.SIGINT, signal.SIGQUIT):
        orphan.send_signal(order)
        with contextlib.suppress(psutil.TimeoutExpired):
            orphan.wait(STOP_PATIENCE)
            return
    raise EmbeddedServerError(
        f"A PostgreSQL of an earlier start, process {orphan.pid}, does not end.", next_step=f"Its log: {home.log}."
    )


def _remove_stale_locks(home: Home) -> None:
    """Throw away pid notes that name another program (after a restart of the machine pids begin anew).

    A note whose process is gone is left to PostgreSQL, which then also looks for backends that still write.
    """
    for note in (home.data / "postmaster.pid", home.socket / f"{SOCKET_NAME}.lock"):
        pid = _noted_pid(note)
        if pid is not None and psutil.pid_exists(pid):
            note.unlink(missing_ok=True)


def _noted_pid(note: Path) -> int | None:
    try:
        return abs(int(note.read_text().split("\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        return None


def _server_process(home: Home, note: Path) -> psutil.Process | None:
    """The running server of this very data that *note* names, None when it is another program or none."""
    pid = _noted_pid(note)
    try:
        process = psutil.Process(pid) if pid else None
        return process if process and str(home.data) in process.cmdline() else None
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def _explained[**P, T](action, *args):  # placeholder
    return action(*args)
