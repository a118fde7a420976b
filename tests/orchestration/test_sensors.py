"""What each tick asks for: as many runs as there is work for, and nothing that is on its way already."""

from datetime import timedelta

import dagster as dg
import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.engine import engine_for
from core.services.cancel import cancel
from core.services.opening.one import begin_isolated, lease_for
from orchestration.definitions import defs
from orchestration.sensors import ASKED, QUIET
from tests.orchestration.conftest import Dagster
from tests.world import World

BULK, ISOLATED = "open_due_meetings", "open_meeting"


def _names(requests: list[dg.RunRequest]) -> list[str]:
    return [str(request.job_name) for request in requests]


def _appointments_of(request: dg.RunRequest) -> list[int]:
    ids = request.run_config["ops"]["allocate_accounts"]["config"]["appointment_ids"]
    return list(ids)


def test_the_definitions_load_as_the_code_server_loads_them() -> None:
    """Every job, sensor and resource is complete and fits together."""
    dg.Definitions.validate_loadable(defs)


def test_every_requested_run_has_a_valid_configuration(world: World, dagster: Dagster) -> None:
    """A wrong one would fail the tick, and with it everything else that is due."""
    world.location(accounts=1)
    world.book("A-1", starts_in=timedelta(minutes=4))
    world.book("A-2", starts_in=timedelta(minutes=3))
    world.run()
    for request in dagster.tick():
        assert dg.validate_run_config(defs.resolve_job_def(str(request.job_name)), request.run_config)


def test_nothing_due_asks_for_nothing(world: World, dagster: Dagster) -> None:
    """An appointment in eleven minutes is none of this tick's business, nor is one on the phone."""
    world.location(accounts=1)
    world.book("A-1", starts_in=timedelta(minutes=11))
    world.book("A-2", calendar="Phone")

    assert dagster.tick() == []


@pytest.mark.parametrize(("due", "runs"), [(1, 1), (2, 1), (3, 2), (7, 4), (11, 4)])
def test_what_is_due_asks_for_as_many_runs_as_it_fills(
    world: World, dagster: Dagster, batches_of_two: None, due: int, runs: int
) -> None:
    """Batches of two: one run per two appointments, at most four at once."""
    world.location(accounts=due)
    for number in range(due):
        world.book(f"A-{number}")

    requests = dagster.tick()

    assert _names(requests) == [BULK] * runs
    assert len({request.run_key for request in requests}) == runs


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING])
def test_runs_that_have_not_begun_are_counted_off(
    world: World, dagster: Dagster, batches_of_two: None, status: dg.DagsterRunStatus
) -> None:
    """The tick after a request asks for what is missing, not for everything again."""
    world.location(accounts=7)
    for number in range(7):
        world.book(f"A-{number}")
    for request in dagster.tick()[:3]:
        dagster.leave(request, status)

    assert len(dagster.tick()) == 1


def test_what_runs_is_asked_only_after_runs_were_asked_for(world: World, dagster: Dagster) -> None:
    """The cursor says so: set by a request, taken back by the first tick that finds every run begun."""
    world.location(accounts=1)
    sensor = defs.resolve_sensor_def("due_appointments_sensor")

    def cursor_after(cursor: str | None) -> str | None:
        return sensor.evaluate_tick(dg.build_sensor_context(instance=dagster.instance, cursor=cursor)).cursor

    assert cursor_after(None) == cursor_after(ASKED) == cursor_after(QUIET) == QUIET
    world.book("A-1")
    assert cursor_after(QUIET) == ASKED
    [request] = dagster.tick()
    dagster.leave(request, dg.DagsterRunStatus.STARTING)
    world.run()
    assert cursor_after(ASKED) == ASKED


def test_an_escalation_on_its_way_is_not_taken_for_a_bulk_run(world: World, dagster: Dagster) -> None:
    """It opens only what it names; what else is due needs a run of its own."""
    world.location("Full House", accounts=0)
    world.book("F-1", location="Full House", starts_in=timedelta(minutes=4))
    world.run()
    [escalation] = dagster.tick()
    world.location(accounts=1)
    world.book("A-1")
    dagster.leave(escalation, dg.DagsterRunStatus.STARTING)

    [request] = dagster.tick()

    assert request.run_config == {}


def test_due_appointments_without_an_account_ask_once_for_a_run_that_marks_them(world: World, dagster: Dagster) -> None:
    """Somebody has to write down that they wait; after that, ticks leave them alone until they can be served."""
    world.location(accounts=1)
    world.book("A-1")
    world.run()
    world.book("A-2")
    world.book("A-3")

    [request] = dagster.tick()
    dagster.run(request)

    assert request.job_name == BULK
    assert {world.appointment(name).link for name in ("A-2", "A-3")} == {"waiting"}
    assert dagster.tick() == []


def test_a_waiting_one_asks_for_a_run_as_soon_as_it_can_be_served(world: World, dagster: Dagster) -> None:
    """A cancellation frees an account; the next tick has work."""
    world.location(accounts=1)
    world.book("A-1")
    world.run()
    world.book("A-2")
    world.run()
    assert dagster.tick() == []
    parts = world.parts
    cancel(parts.sessions, parts.zoom, location="Harbour Clinic", external_id="A-1", actor="test", clock=utcnow)

    assert _names(dagster.tick()) == [BULK]


def test_what_still_waits_five_minutes_before_its_start_is_escalated_once(world: World, dagster: Dagster) -> None:
    """One run about all of them, asked for neither again while it is under way nor after it has failed."""
    world.location(accounts=0)
    near = [world.book(name, starts_in=timedelta(minutes=4)).id for name in ("A-1", "A-2")]
    world.book("A-3", starts_in=timedelta(minutes=6))
    world.run()

    [request] = dagster.tick()

    assert (request.job_name, _appointments_of(request)) == (BULK, near)
    dagster.leave(request, dg.DagsterRunStatus.STARTED)
    assert dagster.tick() == []
    assert not dagster.run(request).green
    dagster.instance.wipe()
    assert dagster.tick() == []


def test_an_appointment_put_aside_asks_for_a_run_of_its_own(world: World, dagster: Dagster) -> None:
    """Its key names appointment, revision and isolation; its tags the appointment and the location."""
    location = world.location(accounts=1)
    booked = world.book("A-1")
    _refuse_everybody(world)
    world.run()

    [request] = dagster.tick()

    assert request.job_name == ISOLATED
    assert request.run_key == f"{booked.id}:1:1"
    assert request.tags["zoompool/appointment"] == "A-1"
    assert request.tags["zoompool/location"] == str(location.id)
    assert _appointments_of(request) == [booked.id]


def test_at_most_ten_isolated_runs_are_asked_for_at_once(world: World, dagster: Dagster) -> None:
    """The nearest starts first; the others come with the next ticks."""
    world.location(accounts=12)
    for number in range(12):
        world.book(f"A-{number:02}", starts_in=timedelta(minutes=9, seconds=-10 * number))
    _refuse_everybody(world)
    world.run()

    requests = dagster.tick()

    assert _names(requests) == [ISOLATED] * 10
    assert [each.tags["zoompool/appointment"] for each in requests] == [f"A-{n:02}" for n in range(11, 1, -1)]


def test_a_run_that_died_with_its_leases_is_made_up_for(world: World, dagster: Dagster) -> None:
    """Not while its claim holds, for it may live; as soon as it has passed."""
    world.location(accounts=1)
    world.book("A-1")
    world.allocate()
    assert dagster.tick() == []
    _let_claims_pass(world)

    assert _names(dagster.tick()) == [BULK]


def test_an_isolated_run_that_died_is_asked_for_again(world: World, dagster: Dagster) -> None:
    """A bulk run notices its death; the new one has the next number, for the old one's key is spent."""
    world.location(accounts=1)
    booked = world.book("A-1")
    _refuse_everybody(world)
    world.run()
    [first] = dagster.tick()
    _die_after_allocating(world, booked.id)
    _let_claims_pass(world)

    [bulk] = dagster.tick()
    dagster.run(bulk)
    [second] = dagster.tick()

    assert (bulk.job_name, first.run_key, second.run_key) == (BULK, f"{booked.id}:1:1", f"{booked.id}:1:2")


def test_messages_that_are_due_ask_for_a_delivery_unless_one_is_under_way(world: World, dagster: Dagster) -> None:
    """An opening run that dies before its mails leaves them to a delivery."""
    world.location(accounts=1)
    world.book("A-1")
    world.allocate(run_id="dies")
    world.create("dies")

    [request] = dagster.tick("due_messages_sensor")
    dagster.leave(dg.RunRequest(job_name="deliver_messages"), dg.DagsterRunStatus.STARTED)

    assert request.run_key.startswith("deliver:")
    assert dagster.tick("due_messages_sensor") == []


def test_no_message_due_asks_for_no_delivery(world: World, dagster: Dagster) -> None:
    """A mail that was accepted is done with."""
    world.location(accounts=1)
    world.book("A-1")
    world.run()

    assert dagster.tick("due_messages_sensor") == []


def test_the_sensors_that_ask_for_links_and_mails_write_nothing(world: World, dagster: Dagster) -> None:
    """With work of every kind before them they get along with a database that takes no writes."""
    world.location(accounts=1)
    world.book("A-1", starts_in=timedelta(minutes=4))
    world.location("Full House", accounts=0)
    world.book("F-1", location="Full House", starts_in=timedelta(minutes=4))
    _refuse_everybody(world)
    world.run()
    world.book("A-2")
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.text(f"ALTER DATABASE {world.parts.engine.url.database} SET default_transaction_read_only = on")
        )
    engine_for(world.parts.database_url).dispose()

    with pytest.raises(sa.exc.InternalError, match="read-only transaction"):
        world.book("A-3")
    assert sorted(_names(dagster.tick())) == [BULK, BULK, ISOLATED]
    dagster.tick("due_messages_sensor")


def _refuse_everybody(world: World) -> None:
    """From now on Zoom finds fault with every meeting that it is asked to create."""
    refusal = {"status": 400, "body": {"code": 300, "message": "Invalid topic."}}
    world.sandbox.fault(refusal, method="POST", path_regex="/meetings$")


def _let_claims_pass(world: World) -> None:
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.text("UPDATE leases SET claimed_until = now() - interval '1 s' WHERE claimed_until IS NOT NULL")
        )
        session.execute(
            sa.text(
                "UPDATE appointments SET next_attempt_at = now() - interval '1 s' WHERE next_attempt_at IS NOT NULL"
            )
        )


def _die_after_allocating(world: World, appointment_id: int) -> None:
    """What is left when an isolated run is killed between its first and its second op."""
    with world.parts.sessions.begin() as session:
        assert begin_isolated(session, appointment_id, hours=world.parts.hours, now=utcnow())
        assert lease_for(session, [appointment_id], hours=world.parts.hours, run_id="dies", now=utcnow())
