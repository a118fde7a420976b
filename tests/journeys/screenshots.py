"""The pictures of README and docs: `make screenshots`, or `python -m tests.journeys.screenshots [picture ...]`.

A whole product with six weeks of practice work behind it, looked at in light and dark. Its clients and places are made
up, and are the same each time.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import psutil
import sqlalchemy as sa
from playwright.sync_api import Browser

from core.clock import utcnow
from tests.bench.installation import Installation, installation
from tests.bench.year import Year, fill_year
from tests.journeys.chromium import ROOT, browser
from tests.journeys.visitor import Visitor

PICTURES = ROOT / "docs" / "img"
PAGES = {
    "health": "/health",
    "pool": "/",
    "pool-ahead": "/?view=Ahead",
    "pool-history": "/?view=History",
    "appointments": "/appointment",
    "connections": "/connections",
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NAMES = ("Harbour Clinic", "Station Street", "West End Practice")
ACCOUNTS_EACH, DAYS, APPOINTMENTS, BUSY = 8, 42, 3_000, 0.85
# One of them has its working morning whenever the pictures are taken.
ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Denver",
    "America/Anchorage",
    "Pacific/Honolulu",
    "Pacific/Auckland",
    "Australia/Sydney",
    "Asia/Tokyo",
    "Asia/Bangkok",
    "Asia/Karachi",
    "Asia/Dubai",
)
MID_MORNING = 10.5
NAMED = """
    UPDATE locations SET name = (CAST(:names AS text[]))[id], sender_name = (CAST(:names AS text[]))[id];
    UPDATE seats AS s
    SET email = 'room' || (s.id - 1) % :each + 1 || '@' || lower(replace(l.name, ' ', '-')) || '.example'
    FROM locations AS l WHERE l.id = s.location_id;
    UPDATE accounts AS a SET email = s.email FROM seats AS s WHERE s.id = a.seat_id
"""


def main() -> None:
    """All pictures, or those named."""
    wanted = sys.argv[1:] or list(PAGES)
    PICTURES.mkdir(exist_ok=True)
    with _busy_product() as place, browser() as running:
        for name in wanted:
            for scheme in SCHEMES:
                print(take(running, place.settings.base_url, name, scheme).relative_to(ROOT))


def take(running: Browser, address: str, name: str, scheme: Literal["light", "dark"]) -> Path:
    """The page *name* in the *scheme* `light` or `dark`, when its charts are drawn and it has stopped moving."""
    context = running.new_context(
        viewport={"width": 1440, "height": 1000}, color_scheme=scheme, reduced_motion="reduce"
    )
    visitor = Visitor(context, address)
    visitor.go(PAGES[name])
    visitor.charts()
    visitor.page.evaluate("document.fonts.ready")
    visitor.page.wait_for_timeout(1000)  # the sidebar slides in
    path = PICTURES / f"{name}-{scheme}.png"
    visitor.page.screenshot(path=path)
    context.close()
    assert not visitor.problems, visitor.problems
    return path


@contextmanager
def _busy_product() -> Iterator[Installation]:
    """Everything running, and then weeks of work. Nothing may tick after that: practice Zoom knows none of it."""
    with installation(TICK_SECONDS="60") as place:
        [daemon] = [each for each in psutil.Process().children() if "dagster._daemon" in each.cmdline()]
        daemon.terminate()
        daemon.wait(30)
        now = utcnow()
        weeks = Year(len(NAMES), ACCOUNTS_EACH, APPOINTMENTS, DAYS, BUSY, zones=(_working(now, ZONES),))
        engine = place.world.parts.engine
        fill_year(engine, now=now, year=weeks)
        with engine.begin() as connection:
            for statement in NAMED.split(";"):
                given = {"names": list(NAMES), "each": ACCOUNTS_EACH}
                connection.execute(sa.text(statement), {k: v for k, v in given.items() if f":{k}" in statement})
        engine.dispose()
        yield place


def _working(now: datetime, zones: Sequence[str]) -> str:
    """The zone in which it is about mid-morning."""

    def off(zone: str) -> float:
        there = now.astimezone(ZoneInfo(zone))
        return abs(there.hour + there.minute / 60 - MID_MORNING)

    return min(zones, key=off)


if __name__ == "__main__":
    main()
