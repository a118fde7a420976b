"""Hours that are over are kept, and what-ifs are computed when somebody asks or the night comes."""

from datetime import timedelta

import dagster as dg
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import ConnectionPeriod, PoolHour, WhatIfResult
from core.services.what_if import ask_what_if
from tests.orchestration.conftest import Dagster
from tests.world import World


def test_the_history_is_kept_by_a_run(world: World, dagster: Dagster) -> None:
    """A pool that is two days old has a day of hours behind it; the run says how many it kept."""
    world.location()
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(ConnectionPeriod).values(from_at=utcnow() - timedelta(days=2)))

    run = dagster.run("keep_pool_history")

    assert run.green
    assert run.metadata("keep_hours")["hours"].value == len(world.all(PoolHour)) > 40


def test_a_run_is_asked_for_when_somebody_asks_and_only_then(world: World, dagster: Dagster) -> None:
    """The console writes a row; the sensor sees it; the run computes it and shows what came out."""
    place = world.location()
    assert not dagster.tick("what_if_sensor")
    with world.parts.sessions.begin() as session:
        ask_what_if(session, place.id, actor="console", now=utcnow())

    assert len(dagster.tick("what_if_sensor")) == 1
    run = dagster.run("what_if")
    assert run.green
    assert [row["enough"] for row in run.table("replay_leases", "accounts")] == ["1"]
    assert not dagster.tick("what_if_sensor")


def test_the_night_computes_every_location_that_has_accounts(world: World, dagster: Dagster) -> None:
    """Nobody has to ask."""
    world.location(accounts=1)
    world.location("Town Clinic", accounts=1)
    world.location("Empty", accounts=0)

    night = {"ops": {"replay_leases": {"config": {"every_location": True}}}}
    run = dagster.run(dg.RunRequest(job_name="what_if", run_config=night))

    assert run.green
    assert [each.requested_by for each in world.all(WhatIfResult) if each.computed_at] == ["system", "system"]
