"""A bulk run as a process of its own, which can be killed and which tells everything it does."""

import logging
import os
import subprocess
import sys
from typing import IO

from core import logs
from core.settings import Settings
from tests.sandbox_process import ROOT, SandboxControl
from tests.world import World


def started(
    settings: Settings, run_id: str, *, limit: int = 250, stderr: IO[bytes] | None = None, **environment: str
) -> "subprocess.Popen[bytes]":
    """Start a bulk run over *limit* appointments on the database and the practice Zoom of *settings*."""
    given = {
        "DATABASE_URL": settings.database_url or "",
        "STATE_DIR": str(settings.state_dir),
        "ZOOM_API_URL": settings.api_url,
        "ZOOM_OAUTH_URL": settings.oauth_url,
        "SMTP_URL": settings.mail_url,
        **environment,
    }
    command = [sys.executable, "-m", "tests.faults.bulk_run", run_id, str(limit)]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **given}, stderr=stderr)


def main(run_id: str, limit: int) -> None:
    """The three steps of `open_due_meetings`."""
    settings = Settings(_env_file=None)
    logs.configure(settings.log_format, logging.DEBUG)
    world = World(settings, SandboxControl(settings.api_url))
    world.allocate(run_id=run_id, limit=limit)
    world.create(run_id)
    world.notify(run_id)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
