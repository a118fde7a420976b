"""Finds every process that descends from a test's own, by a mark in its environment."""

import contextlib
import time
import uuid
from collections.abc import Callable

import psutil

VARIABLE = "ZOOMPOOL_TEST_MARK"


def new_mark() -> dict[str, str]:
    """An environment variable that all processes started with it pass on."""
    return {VARIABLE: uuid.uuid4().hex}


def marked(mark: dict[str, str]) -> list[psutil.Process]:
    """The living processes with *mark*, wherever in the family tree they ended up."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(VARIABLE) == mark[VARIABLE] and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def until(fact: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until *fact* is true; fails with *what* after *seconds*."""
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def assert_none_left(mark: dict[str, str], seconds: float) -> None:
    """Fails, and ends them, if processes with *mark* are still there after *seconds*."""
    deadline = time.monotonic() + seconds
    while (left := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    names = []
    for process in left:
        with contextlib.suppress(psutil.Error):
            names.append(" ".join(process.cmdline()))
            process.kill()
    assert not names, f"left behind after {seconds} s: {names}"
