"""The hourly comparison with Zoom shows what it found, fixed and refused."""

import dagster as dg
import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Meeting
from orchestration import reconciling
from orchestration.definitions import defs
from tests.integration.reconcile.given import LATER, leave_behind, on_zoom, opened
from tests.orchestration.conftest import Dagster
from tests.world import World


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty minutes on, so that nothing is too young to be judged."""
    monkeypatch.setattr(reconciling, "utcnow", lambda: utcnow() + LATER)


def test_a_run_shows_found_fixed_and_refused(world: World, dagster: Dagster) -> None:
    """Two leftovers of three meetings are too many for one pass; the lines say which."""
    meetings = opened(world, 3)
    leave_behind(world, *(each.id for each in meetings[:2]))

    run = dagster.run("reconcile_zoom")

    assert run.green
    assert run.numbers("compare_with_zoom") == {
        "accounts": 3,
        "listed": 3,
        "ours": 3,
        "found": 2,
        "fixed": 0,
        "refused": 2,
    }
    assert {row["appointment"] for row in run.table("compare_with_zoom", "findings")} == {"A-1", "A-2"}
    assert len(on_zoom(world)) == 3


def test_a_leftover_is_gone_after_a_run(world: World, dagster: Dagster) -> None:
    """And no link or passcode of it is in what Dagster keeps."""
    [meeting] = opened(world)
    leave_behind(world, meeting.id)

    run = dagster.run("reconcile_zoom")

    assert run.numbers("compare_with_zoom")["fixed"] == 1
    assert on_zoom(world) == set()
    assert str(meeting.join_url) not in run.said()


def test_a_run_is_green_when_zoom_gives_no_list(world: World, dagster: Dagster) -> None:
    """The account is named with the reason; the next hour asks again."""
    opened(world)
    world.sandbox.fault({"status": 500, "body": {}}, path_regex="/users/me/meetings")

    run = dagster.run("reconcile_zoom")

    assert run.green
    [row] = run.table("compare_with_zoom", "not listed")
    assert row["account"] == "seat1@harbour-clinic.test"


def test_it_runs_every_hour_away_from_the_openings() -> None:
    """Its calls share Zoom's limit with the meetings that are made before each quarter of an hour."""
    schedule = defs.resolve_schedule_def("hourly_reconcile")

    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    minute = int(str(schedule.cron_schedule).split()[0])
    openings = {(quarter - 10) % 60 for quarter in (0, 15, 30, 45)}
    assert not {(minute + ahead) % 60 for ahead in range(8)} & openings


def test_what_is_not_listed_is_asked_about_by_the_next_settling_run(
    world: World, dagster: Dagster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list raised the question; the answer is Zoom's word about that very meeting."""
    [meeting] = opened(world)
    world.sandbox.delete_meeting(str(meeting.zoom_meeting_id))
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Meeting).values(created_at=utcnow() - LATER))
    monkeypatch.setattr(reconciling, "utcnow", utcnow)
    dagster.run("reconcile_zoom")

    assert dagster.run("settle_meetings").green
    assert world.meetings()[0].zoom_status == "not_found"
