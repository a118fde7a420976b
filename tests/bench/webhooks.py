"""How many of Zoom's events the web process keeps in a second, and how soon it answers while people look at pages."""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import sqlalchemy as sa

from tests.bench.figures import Result
from tests.bench.history import LOCATIONS, add_appointments, locations_with_accounts, vacuum
from tests.bench.installation import Installation, installation
from tests.bench.pages import open_pages
from tests.bench.ticks import ACCOUNTS_EACH

ROOT = Path(__file__).parents[2]
APPOINTMENTS = 100_000
WARM_UP, SECONDS = 3, 20
RATE, SECONDS_AT_RATE = 100, 60
PAGES = ("/", "/?location=Location+7", "/connections", "/connections?seats_of=Location+7", "/appointment?id={id}")


def webhooks(scale: float) -> Result:
    """Signed events over keep-alive connections: 100 a second beside five open pages, then as many as are answered."""
    with installation() as place:
        locations_with_accounts(place, locations=LOCATIONS, accounts_each=ACCOUNTS_EACH)
        add_appointments(place, max(1000, round(APPOINTMENTS * scale)))
        vacuum(place)
        _send(place, WARM_UP)
        beside, refreshes = _beside_pages(place, max(5, round(SECONDS_AT_RATE * scale)))
        quick = _send(place, max(3, round(SECONDS * scale)))
    return Result(
        {
            "webhook_events_per_second": len(quick["milliseconds"]) / quick["seconds"],
            "webhook_p99_ms": _p99(beside["milliseconds"]),
        },
        {
            "median_ms": round(median(beside["milliseconds"]), 2),
            "largest_ms": round(max(beside["milliseconds"]), 2),
            "events_beside_pages": len(beside["milliseconds"]),
            "refreshes_of_pages": refreshes,
            "flat_out_p99_ms": round(_p99(quick["milliseconds"]), 2),
            "flat_out_events": len(quick["milliseconds"]),
        },
    )


def _beside_pages(place: Installation, seconds: float) -> tuple[dict[str, Any], int]:
    with place.world.parts.sessions() as session:
        appointment = session.scalar(sa.text("SELECT max(id) FROM appointments"))
    addresses = [page.format(id=appointment) for page in PAGES]
    with open_pages(place.settings.console_port, addresses) as pages:
        sent = _send(place, seconds, "--rate", str(RATE))
    assert all(page.refreshes >= seconds // 15 for page in pages), "a page did not refresh itself"
    return sent, sum(page.refreshes for page in pages)


def _send(place: Installation, seconds: float, *options: str) -> dict[str, Any]:
    """What the load measured; each event that was answered is in the inbox, or this is no measurement."""
    before = _kept(place)
    command = [sys.executable, "-m", "tests.bench.webhook_load", str(place.settings.console_port), str(seconds)]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sent: dict[str, Any] = json.loads(done.stdout)
    kept = _kept(place) - before
    assert kept == len(sent["milliseconds"]), f"{len(sent['milliseconds'])} answered, {kept} kept"
    return sent


def _kept(place: Installation) -> int:
    with place.world.parts.sessions() as session:
        return session.scalar(sa.text("SELECT count(*) FROM inbox")) or 0


def _p99(milliseconds: list[float]) -> float:
    return quantiles(milliseconds, n=100)[-1]
