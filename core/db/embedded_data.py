"""The embedded server's data before a start: made if there is none, and cleared of what a killed owner left."""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

import psutil

from core.db.embedded_home import SOCKET_NAME, EmbeddedServerError, Home

ORPHAN_PATIENCE = 30.0  # seconds
MAX_LOG_BYTES = 10_000_000


def make_ready(home: Home, binaries: Path, *, superuser: str, sync: bool) -> None:
    """Leave *home* such that a server can start in it. Only for the owner. Raises EmbeddedServerError.

    *sync*: new data is on the disk before this returns.
    """
    _end_orphan(home)
    _remove_stale_notes(home)
    if home.version is None:
        _initialise(home, binaries, superuser, sync=sync)
    if home.log.exists() and home.log.stat().st_size > MAX_LOG_BYTES:
        home.log.unlink()


def _initialise(home: Home, binaries: Path, superuser: str, *, sync: bool) -> None:
    """Make the data beside its place and rename it, so that a killed initdb leaves nothing that looks whole."""
    fresh = home.data.with_name("pg.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    os.chown(fresh, home.run_as.get("user", -1), home.run_as.get("group", -1))
    options = ["-U", superuser, "--auth=trust", "--encoding=UTF8", "--locale=C", *_unicode_letters(binaries)]
    done = subprocess.run(
        [str(binaries / "initdb"), "-D", str(fresh), *options, *([] if sync else ["--no-sync"])],
        cwd="/",
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


def _unicode_letters(binaries: Path) -> list[str]:
    """The options for upper and lower case beyond ASCII: built in since 17, borrowed from the system before."""
    version = subprocess.run([binaries / "postgres", "-V"], cwd="/", capture_output=True, text=True, check=True).stdout
    if version.split()[-1].startswith("16"):
        return ["--lc-ctype=C.UTF-8"]
    return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


def _end_orphan(home: Home) -> None:
    """Stop a server whose owner was killed where the kernel does not tell it, or which is still about to stop."""
    orphan = _running_server(home)
    if orphan is None:
        return
    for order in (signal.SIGINT, signal.SIGQUIT):
        with contextlib.suppress(psutil.TimeoutExpired, psutil.NoSuchProcess):
            orphan.send_signal(order)
            orphan.wait(ORPHAN_PATIENCE)
        if not orphan.is_running():
            return
    raise EmbeddedServerError(
        f"A PostgreSQL of an earlier start, process {orphan.pid}, does not end.", next_step=f"Its log: {home.log}."
    )


def _running_server(home: Home) -> psutil.Process | None:
    """The server that runs on this very data; None too when the noted pid has become another program's."""
    try:
        process = psutil.Process(_noted_pid(home.data / "postmaster.pid") or -1)
        return process if str(home.data) in process.cmdline() else None
    except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
        return None


def _remove_stale_notes(home: Home) -> None:
    """Throw away pid notes that name another program: PostgreSQL would believe them and refuse to start.

    After a restart of the machine or container pids begin anew, so this happens. A note whose process is gone is left
    to PostgreSQL, which then also looks for backends that still write.
    """
    for note in (home.data / "postmaster.pid", home.socket / f"{SOCKET_NAME}.lock"):
        pid = _noted_pid(note)
        if pid is not None and psutil.pid_exists(pid):
            note.unlink()


def _noted_pid(note: Path) -> int | None:
    try:
        return abs(int(note.read_text().split("\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        return None
