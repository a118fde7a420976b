"""The watchdog's thread in the web process, and its last look for `/healthz`.

A thread of its own: its calls to databases and mail servers take their time, and nobody's answer waits for them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from threading import Event, Thread

import structlog

from core.clock import utcnow
from core.services.watchdog.watch import Watchdog, Watched
from core.wiring import wiring

EVERY = 15.0  # seconds; the first look comes after as many
BLIND = timedelta(seconds=90)
LAST_LOOK = 2.0  # seconds for the look that is under way at the end

log = structlog.get_logger(__name__)
_current: list[Watchdog] = []


@asynccontextmanager
async def watching(_: object = None) -> AsyncIterator[None]:
    """Let the watchdog look every fifteen seconds while the block runs, such as the life of an application."""
    over = Event()
    dog = Watchdog(wiring, clock=utcnow)
    _current.append(dog)
    thread = Thread(target=_watch, args=(dog, over), name="watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        _current.remove(dog)
        await asyncio.to_thread(thread.join, LAST_LOOK)


def watched() -> Watched:
    """What the last look came to. Where none watches, and before the first look, nothing is known to be wrong."""
    now = utcnow()
    found = _current[-1].watched if _current else None
    if found is None:
        return Watched(now)
    if now - found.looked_at > BLIND:
        return Watched(now, (f"The watchdog has not looked since {found.looked_at:%H:%M:%S} UTC.",))
    return found


def _watch(dog: Watchdog, over: Event) -> None:
    while not over.wait(EVERY):
        try:
            dog.round()
        except Exception:  # who watches must not end by what he sees; `/healthz` says that nobody looks
            log.exception("watchdog_failed")
