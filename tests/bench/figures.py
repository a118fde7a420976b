"""The figures, what they have to reach, the file they are kept in and the table that shows them."""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

LATEST = Path(__file__).parents[2] / "bench" / "results" / "latest.json"


@dataclass(frozen=True)
class Figure:
    """One number, what it means, and its target: a bound from above or from below, or none."""

    name: str
    meaning: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def target(self) -> str:
        """The target in words."""
        if self.at_most is not None:
            return f"≤ {self.at_most:g}"
        return f"≥ {self.at_least:g}" if self.at_least is not None else ""

    def met(self, value: float) -> bool:
        """Whether *value* reaches the target."""
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)


FIGURES = (
    Figure("due_to_mail_seconds", "1,000 at one moment: due to last mail", at_most=60),
    Figure("burst_seconds", "1,000 at one moment: requesting tick to last mail", at_most=30),
    Figure("burst_links_per_second", "links over first op start to last op end", at_least=80),
    Figure("burst_rss_mb", "the largest run process", at_most=400),
    Figure("limited_ratio", "1,000 in one Zoom account: seconds in the runs over 1000/60", at_most=1.2),
    Figure("tick_p99_ms", "evaluation of the sensor at 2,000,000 appointments", at_most=20),
    Figure("tick_ratio", "its median over the median at 10,000", at_most=1.5),
    Figure("allocate_1000_ms", "1,000 leases, four racing allocators", at_most=200),
    Figure("webhook_events_per_second", "signed events kept and answered by one process", at_least=600),
    Figure("webhook_p99_ms", "an answer at 100/s beside five open pages", at_most=100),
    Figure("api_creates_per_second", "appointments booked over the API by eight callers", at_least=300),
    Figure("api_create_p99_ms", "the answer to each of them", at_most=100),
    Figure("bulk_500_seconds", "500 appointments booked in one call, the slowest of five", at_most=2),
    Figure("settle_1000_seconds", "1,000 end in a minute: last event to all attached and cooling", at_most=60),
    Figure("apply_events_per_second", "events of Zoom's applied by the lifecycle's tick", at_least=1500),
    Figure("lifecycle_tick_ms", "the lifecycle's idle tick at 2,000,000 appointments, median", at_most=60),
    Figure("list_page_p99_ms", "a page of the list at 2,000,000 appointments, first and thousandth", at_most=50),
    Figure("first_paint_seconds", "words of the slowest page after a year of work, warm", at_most=1.5),
    Figure("charts_drawn_seconds", "charts of the slowest tab, warm", at_most=2.5),
    Figure("page_queries_ms", "the database's share in the slowest page", at_most=300),
    Figure("bulk_vs_single_ratio", "40 with BULK_BATCH_SIZE=1 over the default"),
)


@dataclass(frozen=True)
class Result:
    """What a part measured: its figures, and what helps to understand them."""

    figures: Mapping[str, float]
    details: Mapping[str, Any]


def stored() -> dict[str, Any]:
    """What was measured so far: each figure under its name, and under `conditions` how each part was measured."""
    return json.loads(LATEST.read_text()) if LATEST.exists() else {}


def store(part: str, result: Result, conditions: Mapping[str, Any]) -> None:
    """Put *result* into the file; what other parts measured earlier stays."""
    latest = stored()
    latest.update({name: round(value, 3) for name, value in result.figures.items()})
    latest.setdefault("conditions", {})[part] = {**conditions, **result.details}
    latest["machine"] = machine()
    LATEST.parent.mkdir(parents=True, exist_ok=True)
    LATEST.write_text(json.dumps(latest, indent=2) + "\n")


def machine() -> dict[str, Any]:
    """Where it was measured."""
    return {
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        "postgresql": "18 (embedded, fsync on)",
        "dagster": version("dagster"),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def show(measured: Mapping[str, float], *, targets: bool = True) -> bool:
    """Print the table of what has been measured; whether every target is met."""
    table = Table("figure", "", "value", "target", "met")
    shown = [figure for figure in FIGURES if figure.name in measured]
    for figure in shown:
        met = figure.met(measured[figure.name])
        mark = "" if not (figure.target and targets) else "[green]yes[/]" if met else "[red]no[/]"
        table.add_row(figure.name, figure.meaning, f"{measured[figure.name]:.2f}", figure.target, mark)
    Console().print(table)
    return all(figure.met(measured[figure.name]) for figure in shown)
