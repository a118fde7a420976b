"""Take the README's picture of a running console: `python -m tests.console.screenshot [ADDRESS]`.

Needs Playwright (`pip install playwright`) and a Chromium, found as `chromium` or named by CHROMIUM.
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

PICTURES = Path(__file__).parents[2] / "docs" / "img"
READY = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"


def take_picture(browser: Browser, address: str, path: str, name: str, scheme: str) -> None:
    """The page at *path* in the *scheme* `light` or `dark`, when its chart is drawn and it has stopped moving."""
    page = browser.new_page(viewport={"width": 1440, "height": 1000}, color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{address}{path}")
    page.wait_for_selector(READY)
    page.wait_for_selector("[data-testid=stVegaLiteChart] svg.marks, [data-testid=stVegaLiteChart] canvas")
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(1000)  # the sidebar slides in
    page.screenshot(path=PICTURES / f"{name}-{scheme}.png")
    page.close()


def main() -> None:
    """Light and dark, from the console at the address given or the one that `make up` starts."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8501"
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            take_picture(browser, address, "/", "pool", scheme)
        browser.close()


if __name__ == "__main__":
    main()
