"""Bulk runs as processes, which can be killed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from core.settings import Settings
from tests.sandbox_process import ROOT

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start_run(settings: Settings) -> Iterator[Start]:
    """Starts a bulk run as a process of its own; what still runs at the end of the test is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(run_id: str, *, limit: int = 250, **environment: str) -> "subprocess.Popen[bytes]":
        assert settings.smtp_url is not None
        given = {
            "DATABASE_URL": settings.database_url,
            "STATE_DIR": str(settings.state_dir),
            "ZOOM_API_URL": settings.api_url,
            "ZOOM_OAUTH_URL": settings.oauth_url,
            "SMTP_URL": settings.smtp_url.get_secret_value(),
            **environment,
        }
        command = [sys.executable, "-m", "tests.faults.bulk_run", run_id, str(limit)]
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **given})
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
