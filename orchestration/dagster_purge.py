"""Nothing in Dagster deletes runs, their events and their files; here it is done, through its own instance."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import dagster as dg

# How long runs are kept. A deleted run's key is free again: both are longer than any run key can come back (those of
# the sensors carry their second, an isolated run's its attempt, which is asked for within hours of the appointment).
SUCCESSFUL = timedelta(days=30)
FAILED = timedelta(days=90)  # who looks for a pattern in failures looks back further than for what went well
# dagster.yaml keeps the ticks of living sensors 90 days at most; what is older belongs to one that is gone or renamed.
TICKS = timedelta(days=100)
# A folder without a run may belong to one that is just being made.
FILES = timedelta(days=1)
AT_ONCE = 200
RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

S = dg.DagsterRunStatus


@dataclass
class DagsterPurged:
    """How much was removed; *in_time* is False when time ran out before everything was."""

    runs: int = 0
    folders: int = 0
    in_time: bool = True


def purge_dagster(instance: dg.DagsterInstance, *, clock: Callable[[], datetime], until: datetime) -> DagsterPurged:
    """Delete runs with their events, leftover ticks, and files of runs that are gone; begin nothing after *until*."""
    now, purged = clock(), DagsterPurged()
    _purge_runs(instance, purged, [S.SUCCESS], now - SUCCESSFUL, clock, until)
    _purge_runs(instance, purged, [S.FAILURE, S.CANCELED], now - FAILED, clock, until)
    for state in instance.all_instigator_state():
        instance.purge_ticks(state.instigator_origin_id, state.selector_id, before=(now - TICKS).timestamp())
    _purge_files(instance, purged, now - FILES, clock, until)
    return purged


def _purge_runs(
    instance: dg.DagsterInstance,
    purged: DagsterPurged,
    statuses: list[dg.DagsterRunStatus],
    before: datetime,
    clock: Callable[[], datetime],
    until: datetime,
) -> None:
    wanted = dg.RunsFilter(statuses=statuses, created_before=before)
    while records := instance.get_run_records(wanted, limit=AT_ONCE, ascending=True):
        for record in records:
            if clock() >= until:
                purged.in_time = False
                return
            instance.delete_run(record.dagster_run.run_id)
            purged.runs += 1


def _purge_files(
    instance: dg.DagsterInstance,
    purged: DagsterPurged,
    before: datetime,
    clock: Callable[[], datetime],
    until: datetime,
) -> None:
    folders = _old_run_folders(Path(instance.storage_directory()), before)
    while chunk := list(islice(folders, AT_ONCE)):
        records = instance.get_run_records(dg.RunsFilter(run_ids=[folder.name for folder in chunk]))
        there = {record.dagster_run.run_id for record in records}
        for folder in (each for each in chunk if each.name not in there):
            if clock() >= until:
                purged.in_time = False
                return
            shutil.rmtree(folder, ignore_errors=True)
            purged.folders += 1


def _old_run_folders(storage: Path, before: datetime) -> Iterator[Path]:
    """The folders that are named as runs are; nothing else in there is ours to judge."""
    if not storage.is_dir():
        return
    for folder in sorted(storage.iterdir()):
        is_a_runs = RUN_ID.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink()
        if is_a_runs and folder.stat().st_mtime < before.timestamp():
            yield folder
