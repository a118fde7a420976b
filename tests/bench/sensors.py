"""Sensors in a warm code server: asked over gRPC as the daemon asks them, with a stopwatch on what happens within."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget

from core.up.part import Part
from tests.bench.installation import Installation

ROOT = Path(__file__).parents[2]


def with_stopwatch(part: Part) -> Part:
    """The code server, which writes down how long each evaluation of a sensor takes."""
    command = [word.replace("orchestration.definitions", "tests.bench.timed_definitions") for word in part.command]
    times = _times(Path(part.environment["STATE_DIR"]))
    added = {"PYTHONPATH": str(ROOT), "TICK_TIMES": str(times)}
    return dataclasses.replace(part, command=command, environment={**part.environment, **added})


def evaluations(place: Installation) -> dict[str, list[float]]:
    """Milliseconds of each evaluation within the code server, by sensor, in the order of their ends."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for line in _times(place.settings.state_dir).read_text().splitlines():
        sensor, milliseconds = line.split()
        found[sensor].append(float(milliseconds))
    return found


@contextmanager
def asking(place: Installation, sensor: str) -> Iterator[Callable[[str | None], Any]]:
    """A way to evaluate *sensor* with a cursor, once more at each call; nothing is launched by it."""
    target = GrpcServerTarget("127.0.0.1", place.settings.dagster_grpc_port, None, "zoompool")
    with WorkspaceProcessContext(place.dagster, target) as workspace:
        location = workspace.create_request_context().get_code_location("zoompool")
        [repository] = location.get_repositories().values()

        def evaluate(cursor: str | None = None) -> Any:
            return location.get_sensor_execution_data(
                place.dagster, repository.handle, sensor, None, None, cursor, None, None
            )

        yield evaluate


def _times(state: Path) -> Path:
    return state / "tick-times.txt"
