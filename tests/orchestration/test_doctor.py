"""The doctor reads Dagster's own database: signs of life, ticks, and what somebody switched off."""

import time
from datetime import timedelta

from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._daemon.types import DaemonHeartbeat

from core.clock import utcnow
from core.services.doctor.check import Check, Level
from core.services.doctor.scheduler import NEEDED, examine_dagster
from core.wiring import wiring
from tests.orchestration.conftest import Dagster


def found(later: timedelta = timedelta()) -> dict[str, Check]:
    """What the doctor says of each part, some time from now."""
    return {check.part: check for check in examine_dagster(wiring(), lambda: utcnow() + later)}


def lives(dagster: Dagster, *, daemons: set[str] = NEEDED, ticked: TickStatus = TickStatus.SKIPPED) -> None:
    """Let the daemon have given signs of life, and a sensor have ticked, just now."""
    for kind in daemons:
        dagster.instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), kind, "one", errors=[]))
    state = sensor(InstigatorStatus.RUNNING)
    about = (state.instigator_origin_id, "due_appointments_sensor", InstigatorType.SENSOR, ticked, time.time())
    dagster.instance.create_tick(TickData(*about, selector_id=state.selector_id))


def sensor(status: InstigatorStatus) -> InstigatorState:
    """A sensor as the daemon keeps it."""
    location = RegisteredCodeLocationOrigin("zoompool")
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), "due_appointments_sensor")
    return InstigatorState(origin, InstigatorType.SENSOR, status, SensorInstigatorData())


def test_a_daemon_that_lives_and_ticks_is_well(installed_dagster: Dagster) -> None:
    """All four parts of it, and a tick within a minute and a half."""
    lives(installed_dagster)

    assert {part: check.level for part, check in found().items()} == {
        "Dagster database": Level.OK,
        "Dagster daemon": Level.OK,
        "sensors": Level.OK,
    }


def test_a_daemon_that_is_silent_for_90_seconds_is_dead(installed_dagster: Dagster) -> None:
    """Dagster itself would call it healthy for half an hour."""
    lives(installed_dagster)

    later = found(timedelta(seconds=100))

    assert later["Dagster daemon"].level is Level.FAIL
    assert "dagster-daemon run" in later["Dagster daemon"].next_step
    assert later["sensors"].level is Level.FAIL


def test_a_part_of_the_daemon_that_is_silent_is_named(installed_dagster: Dagster) -> None:
    """The others go on; runs would be asked for and never started."""
    lives(installed_dagster, daemons=NEEDED - {"QUEUED_RUN_COORDINATOR"})

    assert "QUEUED_RUN_COORDINATOR" in found()["Dagster daemon"].says


def test_a_sensor_somebody_switched_off_is_named(installed_dagster: Dagster) -> None:
    """By a click in the Dagster UI, and nothing is due any more."""
    lives(installed_dagster)
    installed_dagster.instance.add_instigator_state(sensor(InstigatorStatus.STOPPED))

    check = found()["sensors and schedules"]

    assert (check.level, "due_appointments_sensor" in check.says) == (Level.WARN, True)


def test_a_database_on_which_dagster_never_ran_is_told_from_one_that_does_not_answer(
    installed_dagster: Dagster,
) -> None:
    """An empty one needs the daemon, a dead one a database."""
    parts = wiring()
    empty = parts.settings.model_copy(update={"dagster_database_url": parts.settings.database_url})
    dead = parts.settings.model_copy(update={"dagster_database_url": "postgresql+psycopg2://127.0.0.1:1/none"})

    said = [next(examine_dagster(type(parts)(settings), utcnow)).says for settings in (empty, dead)]

    assert said == ["Dagster has never run on it.", "It does not answer."]
