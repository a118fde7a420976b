"""How soon a person sees the pages after a year of work: words, charts, and the share the database has in it.

A browser that knows nothing fetches and compiles Streamlit's JavaScript, whatever the page. The figures are those of
its second visit, which is like every later one; the details tell the first as well.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa
import streamlit as st
from playwright.sync_api import Browser, Page
from rich.console import Console
from rich.progress import track
from streamlit.logger import set_log_level
from streamlit.testing.v1 import AppTest

import console
from console.pages import PAGES
from core.clock import utcnow
from core.services.keep_history import keep_history
from core.settings import get_settings
from core.wiring import wiring
from tests.bench.figures import Result
from tests.bench.installation import installation
from tests.bench.year import Year, fill_year
from tests.journeys.chromium import browser
from tests.journeys.visitor import BROKEN, CHART, DRAWN, READY

# Each page as it opens by itself, the tabs behind it, and one appointment: the file of its script, and its address.
SEEN: Mapping[str, tuple[str, str]] = {
    **{page.title.lower(): (page.file, "/" if page is PAGES[0] else f"/{page.path}") for page in PAGES},
    "pool ahead": ("pool", "/?view=Ahead"),
    "pool history": ("pool", "/?view=History"),
    "one appointment": ("appointment", "/appointment?id=H-{appointment}"),
}
SMALLEST = Year(locations=10, accounts_each=5, appointments=20_000)
WARM_UPS, VISITS = 1, 5  # of each page, in a fresh context, which loads it twice
STILL_MS = 800  # nothing has changed for so long, and nothing waits for its code any more: the page is drawn
PATIENCE_MS = 60_000
UI = Path(console.__path__[0]) / "ui.py"

# Notes, by the page's own clock since its address was asked for, when the words changed last and when the last chart
# was drawn. Words are all that is to be read, but for what charts draw as text.
WATCH = """
const seen = window.__seen = {words: 0, charts: 0, drawn: 0}
let text = "", asked = false
const look = () => {
  asked = false
  const main = document.querySelector("[data-testid=stMain]")
  if (!main) return
  const within = document.createTreeWalker(main, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, {
    acceptNode: node => node.nodeType === 3 ? NodeFilter.FILTER_ACCEPT
      : node.matches("[data-testid=stVegaLiteChart], style, script, .aloud")
        ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP})
  let now = ""
  while (within.nextNode()) now += within.currentNode.data
  if (now !== text) { text = now; seen.words = performance.now() }
  const drawn = document.querySelectorAll(DRAWN).length
  if (drawn !== seen.drawn) { seen.drawn = drawn; seen.charts = performance.now() }
}
new MutationObserver(() => { if (!asked) { asked = true; requestAnimationFrame(look) } })
  .observe(document, {subtree: true, childList: true, characterData: true})
"""
DONE = """([ready, chart, still]) => {
  const seen = window.__seen
  return document.querySelector(ready) && !document.querySelector("[data-testid=stSkeleton]") && seen.words
    && performance.now() - Math.max(seen.words, seen.charts) > still
    && document.querySelectorAll(chart).length === seen.drawn
}"""


@dataclass(frozen=True)
class Load:
    """Seconds until the words were there, and the charts if the page has any."""

    words: float
    charts: float | None


@dataclass
class Timed:
    """What the visits to one page measured."""

    first: list[Load] = field(default_factory=list)
    second: list[Load] = field(default_factory=list)
    queries: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float | None]:
        """The medians, under the names they have in the details."""
        return {
            "words_s": median(each.words for each in self.second),
            "charts_s": _charts(self.second),
            "words_first_s": median(each.words for each in self.first),
            "charts_first_s": _charts(self.first),
            "queries_ms": median(self.queries),
        }


def pages(scale: float) -> Result:
    """Each page by a fresh browser at 1,000,000 appointments, 500,000 leases over a year and 2,000 accounts."""
    year = Year() if scale == 1 else SMALLEST
    with installation(daemon=False) as place:
        fill_year(place.world.parts.engine, now=utcnow(), year=year)
        with Console().status("The hours of the pool, which the product keeps every three hours"):
            kept = keep_history(place.world.parts.sessions, clock=utcnow)
        print(f"{kept.hours:,} hours of the pool are kept")
        appointment = place.world.parts.engine.connect().scalar(sa.text("SELECT max(id) FROM leases"))
        timed = {name: Timed() for name in SEEN}
        with browser() as running:
            for name in track(SEEN, description="Pages in a browser"):
                address = place.settings.base_url + SEEN[name][1].format(appointment=appointment)
                for visit in range(WARM_UPS + VISITS):
                    first, second = _visited(running, address)
                    if visit >= WARM_UPS:
                        timed[name].first.append(first)
                        timed[name].second.append(second)
        get_settings.cache_clear()
        wiring.cache_clear()
        set_log_level("error")  # it warns that there is no browser, which is the point
        for name in track(SEEN, description="Their queries"):
            page, address = SEEN[name]
            for visit in range(WARM_UPS + VISITS):
                spent = _queries_ms(page, address.format(appointment=appointment))
                timed[name].queries += [spent] if visit >= WARM_UPS else []
        wiring().engine.dispose()
        wiring.cache_clear()
        get_settings.cache_clear()
        place.world.parts.engine.dispose()
    return _summary(timed)


def _visited(running: Browser, address: str) -> tuple[Load, Load]:
    """The first visit of a browser that knows nothing, and the second, for which it has Streamlit's files."""
    context = running.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
    page = context.new_page()
    page.add_init_script(WATCH.replace("DRAWN", repr(DRAWN)))
    loads = _loaded(page, address), _loaded(page, address)
    context.close()
    return loads


def _loaded(page: Page, address: str) -> Load:
    page.goto(address)
    page.wait_for_function(DONE, arg=[READY, CHART, STILL_MS], timeout=PATIENCE_MS)
    broken = page.locator(BROKEN).all_inner_texts()
    assert not broken, f"{address}: {broken}"
    seen: dict[str, Any] = page.evaluate("window.__seen")
    return Load(seen["words"] / 1000, seen["charts"] / 1000 if seen["drawn"] else None)


def _queries_ms(page: str, address: str) -> float:
    """What the database takes of one visit, with nothing kept from the one before."""
    st.cache_data.clear()
    visit = AppTest.from_file(UI, default_timeout=120)
    visit.switch_page(f"app_pages/{page}.py")
    for name, value in (each.split("=") for each in address.partition("?")[2].split("&") if each):
        visit.query_params[name] = value
    with _stopwatch(wiring().engine) as spent:
        visit.run()
    assert not visit.exception, visit.exception
    return sum(spent) * 1000


@contextmanager
def _stopwatch(engine: sa.Engine) -> Iterator[list[float]]:
    """The seconds of each statement, with its rows: the driver fetches them before it returns."""
    spent: list[float] = []

    def before(_connection: Any, _cursor: Any, _statement: str, _given: Any, context: Any, _many: bool) -> None:
        context.begun = time.perf_counter()

    def after(_connection: Any, _cursor: Any, _statement: str, _given: Any, context: Any, _many: bool) -> None:
        spent.append(time.perf_counter() - context.begun)

    sa.event.listen(engine, "before_cursor_execute", before)
    sa.event.listen(engine, "after_cursor_execute", after)
    try:
        yield spent
    finally:
        sa.event.remove(engine, "before_cursor_execute", before)
        sa.event.remove(engine, "after_cursor_execute", after)


def _charts(loads: Sequence[Load]) -> float | None:
    drawn = [each.charts for each in loads if each.charts is not None]
    return median(drawn) if drawn else None


def _summary(timed: Mapping[str, Timed]) -> Result:
    """The figures are those of the slowest page or tab; the details tell each one's."""
    figures = {name: each.figures() for name, each in timed.items()}

    def slowest(figure: str) -> float:
        return max(each[figure] or 0 for each in figures.values())

    def rounded(page: Mapping[str, float | None]) -> dict[str, float | None]:
        return {figure: value if value is None else round(value, 2) for figure, value in page.items()}

    return Result(
        {
            "first_paint_seconds": slowest("words_s"),
            "charts_drawn_seconds": slowest("charts_s"),
            "page_queries_ms": slowest("queries_ms"),
        },
        {"pages": {name: rounded(page) for name, page in figures.items()}},
    )
