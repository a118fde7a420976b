"""Bulk runs as processes, which can be killed."""

import subprocess
from collections.abc import Callable, Iterator

import pytest

from core.settings import Settings
from tests.faults.bulk_run import started

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start_run(settings: Settings) -> Iterator[Start]:
    """Starts a bulk run as a process of its own; what still runs at the end of the test is killed."""
    runs: list[subprocess.Popen[bytes]] = []

    def start(run_id: str, *, limit: int = 250, **environment: str) -> "subprocess.Popen[bytes]":
        runs.append(started(settings, run_id, limit=limit, **environment))
        return runs[-1]

    yield start
    for run in runs:
        run.kill()
        run.wait()
