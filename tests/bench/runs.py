"""What Dagster's own log says about ticks, runs and ops, and how much memory the run processes take."""

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg
import psutil
from dagster._core.scheduler.instigation import TickStatus

SENSOR = "due_appointments_sensor"
SAMPLE_EVERY = 0.2  # seconds


@dataclass(frozen=True)
class Op:
    """One op of one run; times are Unix seconds."""

    run_id: str
    job: str
    name: str
    start: float
    end: float


def requesting_tick(instance: dg.DagsterInstance, *, after: float) -> float:
    """When the first tick began that asked for runs after that moment, in Unix seconds."""
    [state] = [each for each in instance.all_instigator_state() if each.instigator_name == SENSOR]
    ticks = instance.get_ticks(
        state.instigator_origin_id, state.selector_id, after=after, statuses=[TickStatus.SUCCESS]
    )
    return min(tick.timestamp for tick in ticks)


def unfinished(instance: dg.DagsterInstance) -> int:
    """How many runs are not at their end."""
    under_way = [status for status in dg.DagsterRunStatus if status not in FINISHED]
    return instance.get_runs_count(dg.RunsFilter(statuses=under_way))


FINISHED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def ops(instance: dg.DagsterInstance, run_ids: Collection[str]) -> list[Op]:
    """All ops of these runs, by start."""
    these = dg.RunsFilter(run_ids=list(run_ids))
    found = [op for record in instance.get_run_records(these) for op in _ops_of(instance, record.dagster_run)]
    return sorted(found, key=lambda op: op.start)


def _ops_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[Op]:
    started: dict[str, float] = {}
    wanted = {dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE}
    for entry in instance.all_logs(run.run_id, of_type=wanted):
        event = entry.get_dagster_event()
        assert event.step_key is not None
        if event.event_type == dg.DagsterEventType.STEP_START:
            started[event.step_key] = entry.timestamp
        else:
            yield Op(run.run_id, run.job_name, event.step_key, started[event.step_key], entry.timestamp)


@contextmanager
def memory_of_runs() -> Iterator[dict[int, float]]:
    """While the block runs, the largest resident memory in MB of each process that the code server starts, by pid."""
    [server] = [each for each in psutil.Process().children() if "orchestration.definitions" in each.cmdline()]
    peaks: dict[int, float] = {}
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(SAMPLE_EVERY):
            for process in server.children(recursive=True):
                try:
                    peaks[process.pid] = max(peaks.get(process.pid, 0.0), process.memory_info().rss / 1e6)
                except psutil.NoSuchProcess:
                    continue

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        stop.set()
        thread.join()
