"""The embedded PostgreSQL: one owner, many guests, and nothing left behind however the owner goes."""

import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import LiteralString

import psutil
import psycopg
import pytest

from core.db.embedded import FOR_TESTS, EmbeddedServerError, embedded_server, ensure_database, server_command, url
from core.db.embedded_home import SOCKET_NAME, Home, home_of

GUEST = """
import sys, pathlib
from core.db.embedded import embedded_server
with embedded_server(pathlib.Path(sys.argv[1])) as socket_dir:
    print(socket_dir, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder that PostgreSQL's user can reach, also where the tests run as root."""
    with _reachable_folder() as folder:
        yield folder / "state"


@contextlib.contextmanager
def _reachable_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="zoompool-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        for place in folder.rglob("pg"):
            home = Home(place.parent)
            if home.socket != home.data:
                shutil.rmtree(home.socket)
            if place.is_symlink():
                shutil.rmtree(home.data.parent)
        shutil.rmtree(folder)


def _ask(socket_dir: Path, query: LiteralString) -> object:
    with psycopg.connect(url(socket_dir, "postgres", "psycopg").replace("+psycopg", "")) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row else None


def _keep_seven(socket_dir: Path) -> None:
    with psycopg.connect(url(socket_dir, "postgres", "psycopg").replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")


def _servers(data: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if str(data) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _until(fact: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


@contextlib.contextmanager
def _process(state: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process with the server of *state*; it lets go of it when its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", GUEST, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin and process.stdout
    try:
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.communicate()


def _start(home: Home, command: list[str]) -> subprocess.Popen[bytes]:
    """A process of the server's user that nobody owns."""
    return subprocess.Popen(command, cwd="/", stderr=subprocess.DEVNULL, start_new_session=True, **home.run_as)


def test_the_server_runs_while_the_block_runs_and_keeps_its_data(state: Path) -> None:
    """Data outlives the block; the server and its socket do not."""
    with embedded_server(state, extra=FOR_TESTS) as socket_dir:
        _keep_seven(socket_dir)
        assert _servers(home_of(state).data)
    assert not _servers(home_of(state).data)
    assert not (socket_dir / SOCKET_NAME).exists()

    with embedded_server(state, extra=FOR_TESTS) as socket_dir:
        assert _ask(socket_dir, "SELECT n FROM kept") == 7


def test_another_process_attaches_and_leaves_the_server_running(state: Path) -> None:
    """Only the owner stops the server."""
    with embedded_server(state, extra=FOR_TESTS) as socket_dir:
        with _process(state) as (_, guests_socket):
            assert guests_socket == socket_dir
        assert _ask(socket_dir, "SELECT 1") == 1


def test_a_killed_owner_leaves_no_server_and_the_next_start_works(state: Path) -> None:
    """Kill -9 of the owner ends the server too, and what was committed is there at the next start."""
    with _process(state) as (owner, socket_dir):
        _keep_seven(socket_dir)
        owner.send_signal(signal.SIGKILL)
    _until(lambda: not _servers(home_of(state).data))

    with embedded_server(state, extra=FOR_TESTS) as socket_dir:
        assert _ask(socket_dir, "SELECT n FROM kept") == 7


def test_a_start_right_after_the_kill_waits_for_the_old_server(state: Path) -> None:
    """The next owner does not run into the server that is still stopping."""
    with _process(state) as (owner, _):
        owner.send_signal(signal.SIGKILL)
        owner.wait(20)  # until then its lock is held and its server answers: a start would attach to it, rightly
        with embedded_server(state, extra=FOR_TESTS) as socket_dir:
            assert _ask(socket_dir, "SELECT 1") == 1


def test_a_server_without_owner_is_ended_before_a_new_start(state: Path) -> None:
    """Where the kernel does not tell the server of its owner's death, the next owner ends it."""
    home = home_of(state)
    orphan = _start(home, server_command(home, FOR_TESTS, "18"))
    try:
        _until((home.socket / SOCKET_NAME).exists)
        with embedded_server(state, extra=FOR_TESTS) as socket_dir:
            assert orphan.wait(20) == 0
            assert _ask(socket_dir, "SELECT 1") == 1
    finally:
        orphan.kill()


def test_a_stale_pid_that_names_another_program_does_not_stop_a_start(state: Path) -> None:
    """After a restart of the machine the noted pid may be anybody's; that program is left alone."""
    with embedded_server(state, extra=FOR_TESTS):
        pass
    home = home_of(state)
    stranger = _start(home, ["sleep", "60"])
    for note in (home.data / "postmaster.pid", home.socket / f"{SOCKET_NAME}.lock"):
        note.write_text(f"{stranger.pid}\n{home.data}\n1700000000\n5432\n{home.socket}\n\n")
    try:
        with embedded_server(state, extra=FOR_TESTS) as socket_dir:
            assert _ask(socket_dir, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("name", ["with a space", "long" * 30, 'quote\'d, "ünd" %d'])
def test_any_folder_will_do(state: Path, name: str) -> None:
    """Spaces, quotes and paths longer than a socket's 108 bytes are no reason to refuse."""
    with embedded_server(state / name, extra=FOR_TESTS) as socket_dir:
        ensure_database(socket_dir, "zoompool")
        assert _ask(socket_dir, "SELECT count(*) FROM pg_database WHERE datname = 'zoompool'") == 1


def test_a_closed_parent_folder_stays_closed(state: Path) -> None:
    """A folder that lets only its owner in works, keeps its rights, and finds its data again."""
    closed = state / "closed"
    closed.mkdir(parents=True)
    closed.chmod(0o700)
    with embedded_server(closed / "inner", extra=FOR_TESTS) as socket_dir:
        _keep_seven(socket_dir)
    with embedded_server(closed / "inner", extra=FOR_TESTS) as socket_dir:
        assert _ask(socket_dir, "SELECT n FROM kept") == 7

    assert closed.stat().st_mode & 0o777 == 0o700


def test_data_is_run_by_the_version_that_made_it(state: Path) -> None:
    """Asking for 18 does not run the data of a 16."""
    with embedded_server(state, extra=FOR_TESTS, version="16"):
        pass
    with embedded_server(state, extra=FOR_TESTS, version="18") as socket_dir:
        assert str(_ask(socket_dir, "SHOW server_version")).startswith("16")
        assert _ask(socket_dir, "SELECT lower('ÄÖ')") == "äö"


def test_settings_for_other_servers_have_no_say(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PGHOST, PGPORT and the like in the caller's environment are meant for somebody else's server."""
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("PGUSER", "somebody")
    with embedded_server(state, extra=FOR_TESTS) as socket_dir:
        ensure_database(socket_dir, "zoompool")
        assert _ask(socket_dir, "SELECT current_user") == "postgres"


def test_a_state_folder_that_is_a_file_is_explained(state: Path) -> None:
    """What cannot be used is named, with what to do."""
    state.write_text("not a folder")
    explained = pytest.raises(EmbeddedServerError, match=r"cannot be used: .* Set STATE_DIR to another folder")
    with explained, embedded_server(state / "inner"):
        pass


def test_a_server_that_does_not_start_says_why(state: Path) -> None:
    """The server's own last words are in the message, and no process stays."""
    explained = pytest.raises(EmbeddedServerError, match="no_such_option")
    with explained, embedded_server(state, extra={**FOR_TESTS, "no_such_option": "1"}):
        pass
    assert not _servers(home_of(state).data)


def test_the_server_ignores_that_its_owner_ignores_interrupts(state: Path) -> None:
    """An owner started in the background by a script still stops its server when it is told to end."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with embedded_server(state, extra=FOR_TESTS):
            server = _servers(home_of(state).data)[0]
    finally:
        signal.signal(signal.SIGINT, previous)
    assert not server.is_running()
