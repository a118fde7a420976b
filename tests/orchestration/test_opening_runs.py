"""The runs that open links: green when every outcome is recorded, red where a person has to act, safe to run again."""

from datetime import timedelta

import dagster as dg
import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.services.alerts.raise_ import raise_alert
from core.services.cancel import cancel
from core.services.opening.one import lease_for
from core.settings import PRACTICE_OPERATIONS
from tests.orchestration.conftest import Dagster, Run
from tests.world import World

STEPS = ["allocate_accounts", "create_meetings", "notify_clients"]
REFUSAL = {"status": 400, "body": {"code": 300, "message": "Invalid topic."}}


def test_a_bulk_run_opens_everything_that_is_due_and_shows_it(world: World, dagster: Dagster) -> None:
    """A row per appointment with account and outcome, and the numbers of each step."""
    world.location(accounts=2)
    world.book("A-1")
    world.book("A-2")
    world.book("A-3")
    [request] = dagster.tick()

    run = dagster.run(request)

    assert run.green
    assert run.numbers("allocate_accounts") == {"leased": 2, "waiting": 1, "missed": 0}
    assert run.numbers("create_meetings")["opened"] == 2
    assert [(row["appointment"], row["outcome"]) for row in run.table("create_meetings", "outcomes")] == [
        ("A-1", "ready"),
        ("A-2", "ready"),
    ]
    assert {row["account"] for row in run.table("create_meetings", "outcomes")} == {
        "seat1@harbour-clinic.test",
        "seat2@harbour-clinic.test",
    }
    assert world.sandbox.mail_count() == 2


def test_a_bulk_run_is_green_when_some_fail_and_shows_those_first(world: World, dagster: Dagster) -> None:
    """One appointment's trouble never holds up the others; it is recorded and put aside."""
    world.location(accounts=2)
    world.book("A-1")
    world.book("A-2")
    world.sandbox.fault(REFUSAL, times=1, method="POST", path_regex="/meetings$")
    [request] = dagster.tick()

    run = dagster.run(request)

    assert run.green
    assert [row["outcome"] for row in run.table("create_meetings", "outcomes")] == ["put aside", "ready"]


def test_a_bulk_run_with_nothing_to_do_is_green(world: World, dagster: Dagster) -> None:
    """Another run was quicker, or a person started one out of curiosity."""
    world.location(accounts=1)

    run = dagster.run("open_due_meetings")

    assert run.green
    assert run.table("create_meetings", "outcomes") == []


def test_a_run_shows_no_link_no_secret_and_no_client(world: World, dagster: Dagster) -> None:
    """Dagster's database and pages are open to every engineer: what they keep names appointments and seats only."""
    world.location(accounts=2)
    world.book("A-1")
    world.book("A-2")
    world.book("A-3", starts_in=timedelta(minutes=4))
    world.sandbox.fault(REFUSAL, times=1, method="POST", path_regex="/meetings$")
    runs = [dagster.run(request) for request in dagster.tick()]
    runs += [dagster.run(request) for request in dagster.tick()]

    opened = [meeting for meeting in world.meetings() if meeting.join_url]
    assert opened and len(runs) > 1
    for run in runs:
        said = run.said()
        assert "A-" in said or run.green
        assert "clients.test" not in said and "Client of" not in said
        for meeting in opened:
            assert meeting.join_url not in said
            assert world.parts.vault.decrypt(meeting.passcode) not in said


def test_a_run_that_dies_of_a_database_error_shows_neither(world: World, dagster: Dagster) -> None:
    """The statement stands in the error, but not the values: they would be links and addresses."""
    world.location(accounts=1)
    world.book("A-1")
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("ALTER TABLE messages ADD CHECK (recipient NOT LIKE '%clients.test')"))
    [request] = dagster.tick()

    run = dagster.run(request)

    [meeting] = world.zoom_meetings()
    assert "INSERT INTO messages" in run.said()
    assert "clients.test" not in run.said() and meeting["join_url"] not in run.said()


def test_an_isolated_run_fails_with_the_cause_and_what_to_do(world: World, dagster: Dagster) -> None:
    """Zoom refuses the request: the run says so, in the step that has to be done again."""
    run = _refused(world, dagster)

    assert not run.green
    assert list(run.failures) == ["create_meetings"]
    failure = run.failures["create_meetings"]
    assert "The link of appointment A-1 could not be opened" in failure.description
    assert "Zoom found a value in the request that it does not accept" in failure.description
    assert "re-execute this run from failure" in failure.description
    assert failure.metadata["reason"].value == "zoom_rejected"
    assert [row["outcome"] for row in run.table("create_meetings", "outcomes")] == ["put aside"]


def test_a_failed_isolated_run_is_not_asked_for_again_by_itself(world: World, dagster: Dagster) -> None:
    """It failed for a cause of its own; a person mends that, and nobody is flooded with red runs meanwhile."""
    _refused(world, dagster)

    assert dagster.tick() == []


@pytest.mark.parametrize(
    ("strategy", "steps"), [("from failure", STEPS[1:]), ("all steps", STEPS)], ids=["from failure", "all steps"]
)
def test_once_the_cause_is_mended_the_failed_run_is_executed_again(
    world: World, dagster: Dagster, strategy: str, steps: list[str]
) -> None:
    """It leases anew what the failure had given back, and ends with one meeting, one link and one mail."""
    failed = _refused(world, dagster)
    world.sandbox.clear_faults()

    again = dagster.again(failed, strategy)

    assert (again.green, again.steps) == (True, steps)
    assert world.appointment("A-1").link == "ready"
    assert _meetings_of_the_clinic(world) == 1
    assert len(world.sandbox.mail("a-1@clients.test")) == 1


def test_executing_a_run_again_after_it_went_well_changes_nothing(world: World, dagster: Dagster) -> None:
    """All steps are one click away; none of them does its work twice."""
    failed = _refused(world, dagster)
    world.sandbox.clear_faults()
    well = dagster.again(failed)

    again = dagster.again(well, "all steps")

    assert again.green
    assert _meetings_of_the_clinic(world) == 1
    assert len(world.sandbox.mail("a-1@clients.test")) == 1


def test_a_run_executed_again_finds_the_meeting_that_a_lost_answer_left_behind(world: World, dagster: Dagster) -> None:
    """Zoom made it and the answer got lost, until the appointment was put aside: it is adopted, not made twice."""
    world.location("Next Door", accounts=1)
    world.location(accounts=1)
    world.book("A-1", starts_in=timedelta(minutes=5, seconds=30))
    world.book("N-1", location="Next Door")
    [user] = [each["id"] for each in world.sandbox.users() if each["email"] == "seat1@harbour-clinic.test"]
    world.sandbox.fault({"lose_reply": True}, user_id=user, times=1, method="POST", path_regex="/meetings$")
    world.sandbox.fault({"status": 503}, user_id=user, path_regex="/meetings")
    world.run()
    [request] = dagster.tick()
    failed = dagster.run(request)
    world.sandbox.clear_faults()

    again = dagster.again(failed)

    assert (failed.green, again.green) == (False, True)
    [row] = again.table("create_meetings", "outcomes")
    assert row["detail"] == "found on Zoom, made by an earlier try"
    assert _meetings_of_the_clinic(world) == 1
    assert len(world.sandbox.mail("a-1@clients.test")) == 1


@pytest.mark.parametrize("fault", [REFUSAL, {"status": 503}], ids=["nothing was made", "something may have been made"])
def test_a_run_whose_appointment_another_one_is_opening_succeeds(
    world: World, dagster: Dagster, fault: dict[str, object]
) -> None:
    """Two people press re-execute: the second run sees that the first has it, and keeps its hands off."""
    failed = _refused(world, dagster, fault)
    world.sandbox.clear_faults()
    with world.parts.sessions.begin() as session:
        assert lease_for(session, [world.appointment("A-1").id], hours=world.parts.hours, run_id="first", now=utcnow())

    second = dagster.again(failed)

    assert second.green
    assert second.table("create_meetings", "outcomes") == []
    assert world.appointment("A-1").link == "opening"
    assert [outcome.outcome for outcome in world.create("first")] == ["ready"]


def test_an_isolated_run_without_a_free_account_says_so_and_lets_the_appointment_wait(
    world: World, dagster: Dagster
) -> None:
    """The account went to somebody else meanwhile; the appointment stands in line again."""
    failed = _refused(world, dagster)
    world.sandbox.clear_faults()
    world.book("A-2")
    world.run()

    again = dagster.again(failed)

    assert "No account is free for this appointment" in again.failures["create_meetings"].description
    assert (world.appointment("A-1").link, world.appointment("A-1").isolated_at) == ("waiting", None)


def test_an_isolated_run_about_a_cancelled_appointment_succeeds_and_does_nothing(
    world: World, dagster: Dagster
) -> None:
    """There is nothing left to open, which is no failure."""
    failed = _refused(world, dagster)
    world.sandbox.clear_faults()
    _cancel(world, "A-1")

    again = dagster.again(failed)

    assert again.green
    assert _meetings_of_the_clinic(world) == 0


def test_an_escalation_fails_with_a_table_of_who_waits_for_what(world: World, dagster: Dagster) -> None:
    """It fails in its first step, so that executing it again from failure leases, creates and mails."""
    run = _escalated(world, dagster)

    assert not run.green
    assert list(run.failures) == ["allocate_accounts"]
    assert run.steps == ["allocate_accounts"]
    assert "re-execute this run from failure" in run.failures["allocate_accounts"].description
    rows = run.table("allocate_accounts", "waiting")
    assert [(row["appointment"], row["location"], row["waits for"]) for row in rows] == [
        ("A-2", "Harbour Clinic", "no_free_account"),
        ("N-1", "Nowhere", "no_connected_account"),
    ]
    assert rows[0]["what to do"] == "Connect or free an account of this location."
    assert rows[1]["what to do"] == "Connect an account of this location."


def test_an_escalation_executed_again_opens_what_an_account_was_freed_for(world: World, dagster: Dagster) -> None:
    """And what meanwhile was served by an ordinary run is none of its business any more."""
    run = _escalated(world, dagster)
    _cancel(world, "A-1")
    _cancel(world, "N-1", "Nowhere")

    again = dagster.again(run)

    assert (again.green, again.steps) == (True, STEPS)
    assert world.appointment("A-2").link == "ready"
    assert len(world.sandbox.mail("a-2@clients.test")) == 1


def test_what_waits_on_after_an_escalation_is_served_without_anybodys_help(world: World, dagster: Dagster) -> None:
    """The failed run is a cry for help, not the end of the line."""
    _escalated(world, dagster)
    _cancel(world, "A-1")

    [request] = dagster.tick()
    run = dagster.run(request)

    assert [row["appointment"] for row in run.table("create_meetings", "outcomes")] == ["A-2"]
    assert world.appointment("A-2").link == "ready"


def test_an_escalation_that_can_serve_some_hands_their_leases_to_the_next_bulk_run(
    world: World, dagster: Dagster
) -> None:
    """It fails for the others, and nobody waits for its re-execution."""
    run = _escalated(world, dagster)
    _cancel(world, "A-1")

    again = dagster.again(run)

    assert [row["appointment"] for row in again.table("allocate_accounts", "waiting")] == ["N-1"]
    [request] = dagster.tick()
    assert [row["appointment"] for row in dagster.run(request).table("create_meetings", "outcomes")] == ["A-2"]


@pytest.mark.parametrize("dies_after", ["allocation", "creation"])
def test_a_bulk_run_makes_up_for_one_that_died(world: World, dagster: Dagster, dies_after: str) -> None:
    """Leases whose claim has passed are opened, links that nobody sent are sent; nothing twice."""
    world.location(accounts=1)
    world.book("A-1")
    world.allocate(run_id="dies", now=utcnow() - timedelta(minutes=1))
    if dies_after == "creation":
        world.create("dies")

    run = dagster.run("open_due_meetings")

    assert run.green
    assert world.sandbox.mail_count() == 1
    assert len(world.zoom_meetings()) == 1


def test_a_mail_server_that_is_down_leaves_the_run_green_and_is_named(world: World, dagster: Dagster) -> None:
    """The links are there and the mails are due again in seconds: a delivery makes up for it."""
    world.location(accounts=1)
    world.book("A-1")
    fault = world.sandbox.fault({"smtp_code": 421}, smtp=True)
    [request] = dagster.tick()

    run = dagster.run(request)
    world.sandbox.remove_fault(fault)

    assert run.green
    assert world.sandbox.mail_count() == 0
    assert world.appointment("A-1").link == "ready"


def test_a_delivery_shows_what_it_sent(world: World, dagster: Dagster) -> None:
    """Numbers only: whom it wrote to is nobody's business here."""
    world.location(accounts=1)
    world.book("A-1")
    world.allocate(run_id="dies")
    world.create("dies")
    [request] = dagster.tick("due_messages_sensor")

    run = dagster.run(dg.RunRequest(job_name="deliver_messages", run_key=request.run_key))

    assert run.numbers("send_messages") == {"sent": 1, "retrying": 0, "failed": 0, "dropped": 0, "put back": 0}


def test_an_alert_asks_for_a_delivery_and_leaves_with_it(world: World, dagster: Dagster) -> None:
    """By the same run as the mails; its numbers show where there was one to send."""
    with world.parts.sessions.begin() as session:
        raise_alert(session, "reconcile:9", kind="reconcile", text="Thirty.", next_step="Look.", now=utcnow())
    [request] = dagster.tick("due_messages_sensor")

    run = dagster.run(dg.RunRequest(job_name="deliver_messages", run_key=request.run_key))

    assert run.numbers("send_messages")["alerts sent"] == 1
    assert [mail["subject"] for mail in world.sandbox.mail(PRACTICE_OPERATIONS)] == ["Reconcile waits for a person"]
    assert dagster.tick("due_messages_sensor") == []


def _meetings_of_the_clinic(world: World) -> int:
    return sum(each["host_email"].endswith("@harbour-clinic.test") for each in world.zoom_meetings())


def _refused(world: World, dagster: Dagster, fault: dict[str, object] = REFUSAL) -> Run:
    """The failed isolated run of A-1, which Zoom does not want."""
    world.location("Next Door", accounts=1)
    world.location(accounts=1)
    world.book("N-1", location="Next Door")
    world.run()
    world.book("A-1", starts_in=timedelta(minutes=5, seconds=30))
    world.sandbox.fault(fault, method="POST", path_regex="/meetings$")
    world.run()
    [request] = dagster.tick()
    return dagster.run(request)


def _escalated(world: World, dagster: Dagster) -> Run:
    """The failed escalation of A-2, whose location's one account A-1 has, and of N-1, whose location has none."""
    world.location(accounts=1)
    world.location("Nowhere", accounts=0)
    world.book("A-1", starts_in=timedelta(minutes=3))
    world.run()
    world.book("A-2", starts_in=timedelta(minutes=4))
    world.book("N-1", location="Nowhere", starts_in=timedelta(minutes=4, seconds=30))
    world.run()
    [request] = dagster.tick()
    return dagster.run(request)


def _cancel(world: World, external_id: str, location: str = "Harbour Clinic") -> None:
    parts = world.parts
    cancel(parts.sessions, parts.zoom, location=location, external_id=external_id, actor="test", clock=utcnow)
