"""`python -m tests.bench [part ...]`: measures the product as users run it; see docs/performance.md."""

import argparse
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from tests.bench.allocation import allocate
from tests.bench.applying import apply
from tests.bench.creating import bulk, creates
from tests.bench.figures import Result, show, store, stored
from tests.bench.idle import idle
from tests.bench.listing import listing
from tests.bench.opening import burst, limited, single
from tests.bench.painting import pages
from tests.bench.settling import settle
from tests.bench.ticks import tick
from tests.bench.webhooks import webhooks

PARTS: dict[str, Callable[[float], Result]] = {
    "burst": burst,
    "limited": limited,
    "tick": tick,
    "allocate": allocate,
    "webhooks": webhooks,
    "creates": creates,
    "bulk": bulk,
    "apply": apply,
    "settle": settle,
    "idle": idle,
    "listing": listing,
    "pages": pages,
    "single": single,
}


def main() -> int:
    """Measure the parts asked for and print the table; 1 when a target is not met."""
    arguments = _parser().parse_args()
    measured: dict[str, float] = {}
    for name in arguments.parts or PARTS:
        print(f"\n{name}: {PARTS[name].__doc__}\n")
        load = os.getloadavg()[0]
        result = PARTS[name](arguments.scale)
        conditions = {
            "measured_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            "load_before": round(load, 2),
            "load_after": round(os.getloadavg()[0], 2),
        }
        print(f"\n{name}: {conditions} {result.details}")
        measured |= result.figures
        if arguments.scale == 1:
            store(name, result, conditions)
    if arguments.scale != 1:
        show(measured, targets=False)
        return 0
    return 0 if show({**stored(), **measured}) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="part", help=", ".join(PARTS))
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of all sizes; anything but 1 is a rehearsal and is not kept"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
