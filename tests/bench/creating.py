"""How many appointments programs book in a second, how soon each is answered, and how long 500 in one call take."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil
import requests
import sqlalchemy as sa

from core.clock import utcnow
from core.services.api_keys import create_api_key
from tests.bench.create_load import bookings
from tests.bench.figures import Result
from tests.bench.history import LOCATIONS, add_appointments, locations_with_accounts, vacuum
from tests.bench.installation import Installation, installation
from tests.bench.ticks import ACCOUNTS_EACH

ROOT = Path(__file__).parents[2]
APPOINTMENTS = 100_000
WARM_UP, SECONDS = 5, 30
BULK, CALLS = 500, 5


def creates(scale: float) -> Result:
    """Eight callers book new appointments over kept connections, each the next one when the one before is answered."""
    with _in_use(scale) as place:
        key = _key(place)
        _send(place, key, WARM_UP)
        before = psutil.cpu_times()
        sent = _send(place, key, max(5, round(SECONDS * scale)))
        after = psutil.cpu_times()
    answered = sent["milliseconds"]
    return Result(
        {
            "api_creates_per_second": len(answered) / sent["seconds"],
            "api_create_p99_ms": quantiles(answered, n=100)[-1],
        },
        {
            "median_ms": round(median(answered), 2),
            "largest_ms": round(max(answered), 2),
            "creates": len(answered),
            "cpu_ms_each": round(1000 * (after.user + after.system - before.user - before.system) / len(answered), 2),
            "web_process_cpu_ms_each": round(1000 * sent["web_cpu_seconds"] / len(answered), 2),
        },
    )


def bulk(scale: float) -> Result:
    """500 appointments in one call, over many locations; the slowest of five calls."""
    with _in_use(scale) as place, requests.Session() as caller:
        caller.headers["Authorization"] = f"Bearer {_key(place)}"
        new = bookings(_calendars(place))
        took = [_book_many(caller, place, [next(new) for _ in range(BULK)]) for _ in range(CALLS)]
    return Result({"bulk_500_seconds": max(took)}, {"median_seconds": round(median(took), 3), "calls": len(took)})


def _book_many(caller: requests.Session, place: Installation, many: list[dict[str, Any]]) -> float:
    before, start = _booked(place), time.perf_counter()
    address = f"http://127.0.0.1:{place.settings.console_port}/api/v1/appointments/bulk"
    once = {"Idempotency-Key": many[0]["external_id"]}
    answer = caller.post(address, json={"appointments": many}, headers=once, timeout=60)
    took = time.perf_counter() - start
    assert answer.status_code == 200 and answer.json()["created"] == BULK == _booked(place) - before, answer.text
    return took


@contextmanager
def _in_use(scale: float) -> Iterator[Installation]:
    # Without the daemon: the confirmations are queued, but sending them is other processes' work, measured elsewhere.
    with installation(daemon=False) as place:
        locations_with_accounts(place, locations=LOCATIONS, accounts_each=ACCOUNTS_EACH)
        add_appointments(place, max(1000, round(APPOINTMENTS * scale)))
        vacuum(place)
        yield place


def _send(place: Installation, key: str, seconds: float) -> dict[str, Any]:
    """What the load measured; each booking that was answered is in the database, or this is no measurement."""
    before, web = _booked(place), _web_process(place)
    cpu = sum(web.cpu_times()[:2])
    command = [sys.executable, "-m", "tests.bench.create_load", str(place.settings.console_port), str(seconds)]
    given = json.dumps({"key": key, "calendars": _calendars(place)}) + "\n"
    done = subprocess.run(command, input=given, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sent: dict[str, Any] = json.loads(done.stdout)
    kept = _booked(place) - before
    assert kept == len(sent["milliseconds"]), f"{len(sent['milliseconds'])} answered, {kept} kept"
    return {**sent, "web_cpu_seconds": sum(web.cpu_times()[:2]) - cpu}


def _web_process(place: Installation) -> psutil.Process:
    ours = psutil.Process().children(recursive=True)
    listening = [
        each for each in ours if any(c.laddr.port == place.settings.console_port for c in each.net_connections())
    ]
    return listening[0]


def _key(place: Installation) -> str:
    with place.world.parts.sessions.begin() as session:
        made = create_api_key(
            session, name="bench", access="book", locations=None, per_minute=1_000_000, actor="bench", now=utcnow()
        )
        return made.secret


def _calendars(place: Installation) -> list[tuple[int, int]]:
    with place.world.parts.sessions() as session:
        return [(row.location_id, row.id) for row in session.execute(sa.text("SELECT location_id, id FROM calendars"))]


def _booked(place: Installation) -> int:
    with place.world.parts.sessions() as session:
        return session.scalar(sa.text("SELECT count(*) FROM appointments")) or 0
