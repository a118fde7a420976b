"""Dagster's own processes, started as a user starts them: sensor, queue, run worker and GraphQL around the main job."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.read.upcoming import estimates, next_appointments
from core.services.cancel import cancel
from core.services.locations import find_location
from tests.e2e.dagster_processes import Dagster, Product, Run, running
from tests.e2e.leftovers import until
from tests.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]  # several waits of at most SECONDS each

SECONDS = 90.0  # a tick, a run's start and its work take ten; the rest is for a machine with other things to do
DUE = "due_appointments_sensor"
REFUSAL = {"status": 400, "body": {"code": 300, "message": "Invalid topic."}}


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """One set of processes for all tests of this module; each test has locations of its own."""
    with running(TICK_SECONDS="4") as product:
        yield product


@pytest.fixture
def world(product: Product) -> Iterator[World]:
    """What the processes work on; nothing of a test is left in line, or in the way, for the next one."""
    world = product.installation.world
    yield world
    world.sandbox.clear_faults()
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE appointments SET status = 'cancelled', link = 'ended' WHERE link <> 'ready'"))


@pytest.fixture
def dagster(product: Product) -> Dagster:
    """Dagster's webserver."""
    return product.dagster


def test_a_due_appointment_gets_its_link_by_mail(world: World, dagster: Dagster) -> None:
    """Nobody does anything: the sensor sees it, the queue starts a run, the run leases, creates and mails."""
    world.location("Daybreak")
    world.book("D-1", location="Daybreak")

    [mail] = world.sandbox.wait_for_mail("d-1@clients.test", seconds=SECONDS)

    [meeting] = _meetings(world, "D-1")
    assert meeting.join_url in mail["text"]
    run = dagster.ended(_run_that_leased(world, "D-1"), seconds=SECONDS)
    assert (run.job, run.status) == ("open_due_meetings", "SUCCESS")
    assert run.tags["dagster/sensor_name"] == DUE


@pytest.mark.slow
def test_more_appointments_than_accounts_wait_in_order_with_reason_and_estimate(world: World, dagster: Dagster) -> None:
    """The earliest start is served; the next two stand in line, and the first of them knows when its turn comes."""
    world.location("Narrow Gate")
    first = world.book("N-1", location="Narrow Gate", starts_in=timedelta(minutes=7), minutes=15)
    with dagster.switched_off(DUE):
        world.book("N-3", location="Narrow Gate", starts_in=timedelta(minutes=9))
        world.book("N-2", location="Narrow Gate", starts_in=timedelta(minutes=8))
    until(lambda: _links(world, "Narrow Gate") == ["ready", "waiting", "waiting"], SECONDS, "one served, two in line")

    with world.parts.sessions() as session:
        location = find_location(session, "Narrow Gate")
        _, second, third = next_appointments(session, location.id, now=utcnow(), limit=3)
        cooldown = world.parts.settings.cooldown
        turn = estimates(session, [second, third], now=utcnow(), cooldown=cooldown)
    assert [(each.external_id, each.place, each.reason) for each in (second, third)] == [
        ("N-2", 1, "no_free_account"),
        ("N-3", 2, "no_free_account"),
    ]
    assert turn == {second.id: first.ends_at + cooldown, third.id: None}


@pytest.mark.slow
def test_a_failed_escalation_is_executed_again_after_an_account_was_freed(world: World, dagster: Dagster) -> None:
    """Five minutes before the start it fails with who waits for what; re-executed from failure it opens the link."""
    escalation = _escalated(world, dagster, "Fork", "F")
    failure = dagster.failure(escalation.id)
    assert failure.step == "allocate_accounts"
    [row] = failure.tables["waiting"]
    assert (row["appointment"], row["location"], row["waits for"]) == ("F-2", "Fork", "no_free_account")
    assert row["what to do"] == "Connect or free an account of this location."

    with dagster.switched_off(DUE):  # or the next tick would be quicker than the person
        _cancel(world, "Fork", "F-1")
        again = dagster.execute_from_failure(escalation.id)
        world.sandbox.wait_for_mail("f-2@clients.test", seconds=SECONDS)

    run = dagster.ended(again, seconds=SECONDS)
    assert (run.status, run.parent) == ("SUCCESS", escalation.id)
    assert _run_that_leased(world, "F-2") == again


@pytest.mark.slow
def test_after_a_failed_escalation_a_freed_account_serves_without_anybodys_help(world: World, dagster: Dagster) -> None:
    """Whoever waits stays in line: a later tick does it."""
    escalation = _escalated(world, dagster, "Patience", "P")
    _cancel(world, "Patience", "P-1")

    world.sandbox.wait_for_mail("p-2@clients.test", seconds=SECONDS)

    assert dagster.run(escalation.id).status == "FAILURE"
    assert dagster.ended(_run_that_leased(world, "P-2"), seconds=SECONDS).parent is None


@pytest.mark.slow
def test_an_isolated_run_that_failed_is_executed_again_once_its_cause_is_mended(world: World, dagster: Dagster) -> None:
    """It is found by its appointment's tag, says what is wrong, and starts where it failed."""
    location = world.location("Own Cause")
    [user] = [each["id"] for each in world.sandbox.users() if each["email"] == "seat1@own-cause.test"]
    fault = world.sandbox.fault(REFUSAL, user_id=user, method="POST")
    world.book("O-1", location="Own Cause")
    tags = [
        {"key": "zoompool/appointment", "value": "O-1"},
        {"key": "zoompool/location", "value": str(location.id)},
    ]
    until(lambda: dagster.runs(tags=tags, statuses=["FAILURE"]), SECONDS, "the isolated run fails in plain sight")
    [failed] = dagster.runs(tags=tags)
    failure = dagster.failure(failed.id)
    assert (failed.job, failure.step) == ("open_meeting", "create_meetings")
    assert "does not accept" in failure.description and "re-execute" in failure.description

    world.sandbox.remove_fault(fault)
    again = dagster.execute_from_failure(failed.id)

    world.sandbox.wait_for_mail("o-1@clients.test", seconds=SECONDS)
    run = dagster.ended(again, seconds=SECONDS)
    assert (run.status, run.steps) == ("SUCCESS", ["create_meetings", "notify_clients"])
    assert _links(world, "Own Cause") == ["ready"]


@pytest.mark.slow
def test_what_a_killed_run_left_half_done_is_finished_by_the_next_without_doubles(
    world: World, product: Product
) -> None:
    """Dagster notices the death; when the claim has passed, the meetings that Zoom made meanwhile are found again."""
    world.location("Cut Short", accounts=3)
    appointments = [f"C-{number}" for number in range(1, 4)]
    world.sandbox.fault({"slow": 5000}, times=3, method="POST", path_regex="/meetings$")
    for name in appointments:
        world.book(name, location="Cut Short")
    until(lambda: all(_meetings(world, name) for name in appointments), SECONDS, "the run has asked Zoom")
    killed = {_run_that_leased(world, name) for name in appointments}
    for worker in product.run_workers():
        worker.kill()

    for run_id in killed:
        assert product.dagster.ended(run_id, seconds=30).status == "FAILURE"
    for name in appointments:
        world.sandbox.wait_for_mail(f"{name.lower()}@clients.test", seconds=SECONDS)

    assert _links(world, "Cut Short") == ["ready"] * 3
    on_zoom = [each["host_email"] for each in world.zoom_meetings() if each["host_email"].endswith("@cut-short.test")]
    assert sorted(on_zoom) == [f"seat{number}@cut-short.test" for number in range(1, 4)]
    assert all(len(world.sandbox.mail(f"{name.lower()}@clients.test")) == 1 for name in appointments)


def _escalated(world: World, dagster: Dagster, location: str, letter: str) -> Run:
    """The failed escalation about an appointment whose location's only account another one has just taken."""
    world.location(location)
    world.book(f"{letter}-1", location=location, starts_in=timedelta(minutes=4))
    until(lambda: _links(world, location) == ["ready"], SECONDS, "the account is taken")
    begun = utcnow().timestamp()
    world.book(f"{letter}-2", location=location, starts_in=timedelta(minutes=4, seconds=30))
    wanted = {
        "tags": [{"key": "zoompool/batch", "value": "escalation"}],
        "statuses": ["FAILURE"],
        "createdAfter": begun,
    }
    until(lambda: dagster.runs(**wanted), SECONDS, "the escalation fails in plain sight")
    [escalation] = dagster.runs(**wanted)
    return escalation


def _links(world: World, location: str) -> list[str]:
    """The link states of a location's appointments, earliest start first."""
    with world.parts.sessions() as session:
        rows = session.scalars(
            sa.text(
                "SELECT a.link FROM appointments AS a JOIN locations AS l ON l.id = a.location_id"
                " WHERE l.name = :name AND a.status = 'booked' ORDER BY a.starts_at"
            ),
            {"name": location},
        )
        return list(rows)


def _meetings(world: World, appointment: str) -> list[sa.Row[tuple[str, str]]]:
    """What we know of an appointment's meetings on Zoom."""
    with world.parts.sessions() as session:
        rows = session.execute(
            sa.text(
                "SELECT m.state, m.join_url FROM meetings AS m JOIN leases AS l ON l.id = m.lease_id"
                " JOIN appointments AS a ON a.id = l.appointment_id WHERE a.external_id = :name ORDER BY m.id"
            ),
            {"name": appointment},
        )
        return list(rows)


def _run_that_leased(world: World, appointment: str) -> str:
    """The run that leased an account to the appointment, by its timeline."""
    with world.parts.sessions() as session:
        return session.scalars(
            sa.text(
                "SELECT e.run_id FROM events AS e JOIN appointments AS a ON a.id = e.appointment_id"
                " WHERE a.external_id = :name AND e.kind = 'lease_granted' ORDER BY e.id DESC LIMIT 1"
            ),
            {"name": appointment},
        ).one()


def _cancel(world: World, location: str, external_id: str) -> None:
    parts = world.parts
    cancel(parts.sessions, parts.zoom, location=location, external_id=external_id, actor="test", clock=utcnow)
