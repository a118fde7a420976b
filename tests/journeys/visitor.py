"""A person at the console: goes to pages, waits until they are drawn, and notes whatever breaks while he looks."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response, expect

from tests.journeys.chromium import ROOT

PICTURES = ROOT / "build" / "journeys"
HERE = ("127.0.0.1", "localhost")
READY = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
BROKEN = "[data-testid=stException], [class*=st-key-trouble_]"
CHART = "[data-testid=stVegaLiteChart]"
DRAWN = f"{CHART} svg.marks, {CHART} canvas.marks"
# The front end looks for its base path, and asks below the page's own first.
NORMAL = re.compile(r"/_stcore/(health|host-config)$")
SECONDS = 60.0  # the machine may have other things to do


class Visitor:
    """One window of one browser context. Everything a page may not do is kept in `problems`."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.problems: list[str] = []
        context.set_default_timeout(SECONDS * 1000)
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        self.page.on("console", self._heard)
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)

    def go(self, path: str) -> None:
        """Open the page at *path* of the console, and wait until it is drawn."""
        self.page.goto(f"{self.address}{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until the page has run to its end; what it shows is no error of ours."""
        self.page.wait_for_selector(READY)
        for broken in self.page.locator(BROKEN).all():
            self.problems.append(broken.inner_text())

    def charts(self) -> None:
        """Wait until each chart of the page is drawn: a blank one is no error to Python."""
        expect(self.page.locator(DRAWN)).to_have_count(self.page.locator(CHART).count(), timeout=SECONDS * 1000)
        for drawn in self.page.locator(DRAWN).all():
            box = drawn.bounding_box()
            assert box and box["height"] > 0, "a chart without height"

    def press(self, name: str, *, within: Locator | None = None, exact: bool = True) -> None:
        """Press the button of that name."""
        (within or self.page).get_by_role("button", name=name, exact=exact).click()
        self.settle()

    @property
    def dialog(self) -> Locator:
        """The open dialog."""
        return self.page.get_by_role("dialog")

    def sees(self, text: str | re.Pattern[str], *, seconds: float = SECONDS) -> None:
        """The page says *text*, now or by refreshing itself."""
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=seconds * 1000)

    def picture(self, name: str) -> Path:
        """Keep what is seen, once everything has taken its shape."""
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=SECONDS * 1000)
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not NORMAL.search(message.location.get("url", "")):
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _asked(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.hostname not in HERE:
            self.problems.append(f"asked another host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.status}: {response.url}")
