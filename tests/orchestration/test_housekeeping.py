"""The nightly run removes what Dagster and we have kept long enough, and shows how much that was."""

import os
import time
import uuid
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    SensorInstigatorData,
    TickData,
    TickStatus,
)

from core.clock import utcnow
from core.db.models import Event
from orchestration.dagster_purge import DagsterPurged, purge_dagster
from orchestration.definitions import defs
from tests.orchestration.conftest import Dagster
from tests.world import World

S = dg.DagsterRunStatus


@pytest.fixture
def dagster(installed_dagster: Dagster) -> Dagster:
    """Configured as in production: in memory there are no ticks and no files."""
    return installed_dagster


def left(dagster: Dagster) -> list[S]:
    """The statuses of the runs that are still there."""
    return sorted((run.status for run in dagster.instance.get_runs()), key=str)


def leave(dagster: Dagster, *statuses: S) -> None:
    """A run of each status, made now."""
    for status in statuses:
        dagster.leave(dg.RunRequest(job_name="deliver_messages"), status)


def purged(dagster: Dagster, *, days: int, seconds: float = 60) -> DagsterPurged:
    """What a purge does so many days from now, with that much time."""
    now = utcnow() + timedelta(days=days)
    return purge_dagster(dagster.instance, clock=lambda: now, until=now + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("days", "gone"), [(29, 0), (31, 1), (89, 1), (91, 3)], ids=["29 days", "31 days", "89 days", "91 days"]
)
def test_successes_are_kept_a_month_and_failures_three(world: World, dagster: Dagster, days: int, gone: int) -> None:
    """What has not ended is never deleted, however old."""
    leave(dagster, S.SUCCESS, S.FAILURE, S.CANCELED, S.STARTED, S.NOT_STARTED)

    assert purged(dagster, days=days).runs == gone
    assert {S.STARTED, S.NOT_STARTED} <= set(left(dagster))
    assert len(left(dagster)) == 5 - gone


def test_a_deleted_run_takes_its_events_along(world: World, dagster: Dagster) -> None:
    """They are most of what a run takes up."""
    run = dagster.run("deliver_messages")
    assert dagster.instance.all_logs(run.id)

    purged(dagster, days=31)

    assert dagster.instance.all_logs(run.id) == []


def test_it_stops_in_time(world: World, dagster: Dagster) -> None:
    """And says that there is more."""
    leave(dagster, S.SUCCESS, S.SUCCESS)

    done = purged(dagster, days=31, seconds=0)

    assert (done.runs, done.in_time, len(left(dagster))) == (0, False, 2)


def test_files_of_runs_that_are_gone_are_removed(world: World, dagster: Dagster) -> None:
    """Folders of living runs, new ones and everything that is not named as a run stay."""
    storage = Path(dagster.instance.storage_directory())
    leave(dagster, S.STARTED)
    [living] = [run.run_id for run in dagster.instance.get_runs()]
    gone, new = str(uuid.uuid4()), str(uuid.uuid4())
    for name in (living, gone, new, "something-else"):
        (storage / name).mkdir(parents=True)
        (storage / name / "result").write_text("pickle")
    old = time.time() - timedelta(days=2).total_seconds()
    for name in (living, gone, "something-else"):
        os.utime(storage / name, (old, old))

    assert purged(dagster, days=0).folders == 1
    assert {each.name for each in storage.iterdir()} >= {living, new, "something-else"}
    assert not (storage / gone).exists()


def test_ticks_of_a_sensor_that_is_gone_are_removed(world: World, dagster: Dagster) -> None:
    """Dagster's own retention looks only after sensors that still tick."""
    location = RegisteredCodeLocationOrigin("zoompool")
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), "sensor_of_old")
    state = InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.RUNNING, SensorInstigatorData())
    dagster.instance.add_instigator_state(state)
    for days in (99, 101):
        then = (utcnow() - timedelta(days=days)).timestamp()
        about = (state.instigator_origin_id, state.instigator_name, state.instigator_type, TickStatus.SKIPPED, then)
        dagster.instance.create_tick(TickData(*about, selector_id=state.selector_id))

    purged(dagster, days=0)

    assert len(dagster.instance.get_ticks(state.instigator_origin_id, state.selector_id)) == 1


def test_the_job_shows_what_it_removed(world: World, dagster: Dagster) -> None:
    """Ours by kind, Dagster's by number."""
    with world.parts.sessions.begin() as session:
        session.add(Event(at=utcnow() - timedelta(days=401), kind="old", actor="test"))

    run = dagster.run("housekeeping")

    assert run.green
    assert run.numbers("purge_product")["events"] == 1
    assert {row["what"] for row in run.table("purge_product", "purged")} >= {"events", "inbox", "messages"}
    assert run.numbers("purge_runs") == {"runs": 0, "folders": 0, "in time": True}


def test_a_table_at_fault_makes_it_red_and_dagsters_part_goes_on(world: World, dagster: Dagster) -> None:
    """The run says which table and what to do."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("ALTER TABLE inbox RENAME TO elsewhere"))

    run = dagster.run("housekeeping")

    assert not run.green
    assert "inbox" in run.failures["purge_product"].description
    assert "purge_runs" in run.steps


def test_it_runs_every_night() -> None:
    """By itself, from the first start on."""
    schedule = defs.resolve_schedule_def("nightly_housekeeping")

    assert (schedule.cron_schedule, schedule.execution_timezone) == ("17 3 * * *", "UTC")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
