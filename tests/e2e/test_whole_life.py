"""Whole lives of appointments in a whole product: real processes, events over HTTP, nobody lends a hand but people."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from core.db.models import InboxEvent, Seat
from tests.e2e.dagster_processes import Product, running
from tests.e2e.leftovers import until
from tests.e2e.story import SECONDS, Story, told_operations, zoompool
from tests.integration.reconcile.given import leave_behind
from tests.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(400)]

SHORT = {"TICK_SECONDS": "4", "COOLDOWN": "3", "NO_SHOW_GRACE": "20", "REJOIN_GRACE": "2"}
A_TICK = 20.0  # five seconds, an event on its way, and a machine with other things to do
RECONCILE = """mutation ($with: ExecutionParams!) { launchRun(executionParams: $with) { __typename
    ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
METADATA = """query ($run: ID!) { runOrError(runId: $run) { ... on Run { eventConnection { events { __typename
    ... on ExecutionStepOutputEvent { metadataEntries { label ... on IntMetadataEntry { intValue }
        ... on TableMetadataEntry { table { records } } } } } } } } }"""


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """One set of processes for all tests of this module; each test has a location of its own."""
    with running(**SHORT) as product:
        yield product


@pytest.fixture(scope="module")
def world(product: Product) -> World:
    """What the processes work on."""
    return product.installation.world


@pytest.fixture(scope="module", autouse=True)
def nobody(world: World) -> Story:
    """An appointment to which nobody comes, while the other tests run."""
    return Story(world, "Nobody Lane")


def test_an_appointment_lives_from_its_booking_to_the_rest_of_its_account(world: World) -> None:
    """Link, guests, live within a tick, recording with its link, rest, free; and its timeline tells all of it."""
    whole = Story(world, "Whole Street")
    [mail] = whole.mails()
    assert whole.meeting.join_url in mail["text"]

    guests = [world.sandbox.join(whole.zoom_id, name) for name in ("The client", "The doctor")]
    whole.until_lease("live", seconds=A_TICK)
    whole.until_started()
    for guest in guests:
        world.sandbox.leave(whole.zoom_id, guest)
    whole.until_lease("processing")
    assert world.appointment("WHOLE", "Whole Street").status == "completed"

    world.sandbox.finish_recording(whole.zoom_id)
    lease = whole.until_lease("released")
    assert lease.release_reason == "cooled"
    assert lease.cooldown_at and lease.released_at == lease.cooldown_until == lease.cooldown_at + timedelta(seconds=3)
    [recording] = whole.recordings
    assert (recording.outcome, bool(recording.share_url), bool(recording.passcode)) == ("attached", True, True)
    until(lambda: not whole.on_zoom, SECONDS, "the finished meeting is deleted")
    until(lambda: "meeting_gone" in whole.timeline, SECONDS, "the timeline says so")
    noted = [kind for kind in whole.timeline if not kind.startswith("zoom_")]
    assert noted[:-2] == [
        "appointment_booked",
        "lease_granted",
        "link_ready",
        "mail_accepted",
        "meeting_live",
        "meeting_over",
        "recording_attached",
        "account_cooling",
    ]
    assert set(noted[-2:]) == {"lease_released", "meeting_gone"}  # whichever run or tick comes first


def test_every_event_of_that_life_came_signed_through_the_webhook_and_is_kept_once(world: World) -> None:
    """The practice Zoom counts each delivery as accepted, and as many events are in the inbox."""
    told = [each for each in world.sandbox.webhooks() if each["event"] != "app_deauthorized"]

    assert {each["state"] for each in told} == {"delivered"}
    assert {each["event"] for each in told} >= {
        "meeting.created",
        "meeting.started",
        "meeting.participant_joined",
        "meeting.participant_left",
        "meeting.ended",
        "recording.started",
        "recording.completed",
        "meeting.deleted",
    }
    until(lambda: all(each.applied_at for each in world.all(InboxEvent)), SECONDS, "all are applied")
    assert len(world.all(InboxEvent)) == len(told)


def test_an_account_to_which_nobody_came_is_free_after_the_grace(world: World, nobody: Story) -> None:
    """Zoom says that nobody is inside; the meeting is deleted and the appointment a no-show."""
    lease = nobody.until_lease("released")

    assert lease.release_reason == "no_show"
    assert world.appointment("NOBODY", "Nobody Lane").status == "no_show"
    assert not nobody.on_zoom
    assert "live" not in " ".join(nobody.timeline)


def test_cancelling_a_ready_appointment_frees_its_account_in_the_same_call(world: World) -> None:
    """When the command has answered, the meeting is gone and the account idle; then the client reads of it."""
    cancelled = Story(world, "Cancelled Court", starts_in=timedelta(minutes=8))
    cancelled.mails()

    answer = zoompool("appointments", "cancel", "CANCELLED", "-l", "Cancelled Court")

    assert answer["account_free"]
    [lease] = cancelled.leases
    assert (lease.state, lease.release_reason) == ("released", "cancelled")
    assert not cancelled.on_zoom
    assert "cancelled" in cancelled.mails(count=2)[1]["subject"].lower()


def test_a_moved_appointment_says_so_at_once_and_has_its_new_link_later(world: World) -> None:
    """The notice first, the old account free; the link when the new start comes near."""
    moved = Story(world, "Moved Mews", starts_in=timedelta(minutes=8))
    old = moved.meeting.join_url if moved.mails() else ""

    answer = zoompool("appointments", "reschedule", "MOVED", "-l", "Moved Mews", "--starts-at", "+10.3")

    assert answer["account_free"]
    notice = moved.mails(count=2)[1]
    assert "/j/" not in notice["text"]
    link = moved.mails(count=3)[2]
    assert moved.meeting.join_url in link["text"]
    assert old not in link["text"]
    assert [lease.release_reason for lease in moved.leases] == ["rescheduled", None]


def test_revoked_consent_is_told_once_and_over_once_the_account_is_reconnected(product: Product, world: World) -> None:
    """Zoom's event benches the account and operations read of it; signing in again through the real routes mends it."""
    location = world.location("Revoked Row")
    world.sandbox.revoke_consent("seat1@revoked-row.test")
    until(lambda: told_operations(world, "Revoked Row"), SECONDS, "operations are told")
    [account] = world.accounts(location_id=location.id)
    assert account.connection == "needs_reauth"

    _reconnect(product, world, "seat1@revoked-row.test")
    until(lambda: len(told_operations(world, "Revoked Row")) == 2, SECONDS, "and that it is over")

    [account] = world.accounts(location_id=location.id)
    assert account.connection == "connected"
    first, second = told_operations(world, "Revoked Row")
    assert second == first.replace("Account", "Over: Account")


def test_without_a_single_event_it_comes_to_the_same_end_by_asking(world: World) -> None:
    """After the grace Zoom is asked and tells of the meeting; its recording is found when somebody looks."""
    world.sandbox.lose_webhooks()
    lost = Story(world, "Lost Lane")
    lost.mails()
    lost.held()
    world.sandbox.finish_recording(lost.zoom_id)

    lost.until_lease("processing")
    [recording] = lost.recordings
    answer = zoompool("recordings", "look", str(recording.id))  # by itself a quarter of an hour after the end

    assert answer["outcome"] == "attached"
    assert lost.until_lease("released").release_reason == "cooled"
    until(lambda: not lost.on_zoom, SECONDS, "the finished meeting is deleted")
    assert world.appointment("LOST", "Lost Lane").status == "completed"
    assert not world.all(InboxEvent, zoom_meeting_id=lost.zoom_id)
    world.sandbox.clear_webhook_rules()


def test_a_meeting_that_outlived_its_lease_is_found_and_deleted_by_reconcile(product: Product, world: World) -> None:
    """Launched on Dagster's page; the run is green and its metadata say what was found and fixed."""
    left = Story(world, "Left Land", starts_in=timedelta(minutes=8))
    left.mails()
    leave_behind(world, left.meeting.id, ago=timedelta(minutes=20))

    wanted = {
        "selector": {
            "repositoryName": "__repository__",
            "repositoryLocationName": "zoompool",
            "pipelineName": "reconcile_zoom",
        },
        "mode": "default",
    }
    launched = product.dagster.ask(RECONCILE, **{"with": wanted})
    assert launched["__typename"] == "LaunchRunSuccess", launched
    run = product.dagster.ended(launched["run"]["runId"], seconds=SECONDS)

    assert run.status == "SUCCESS"
    assert not left.on_zoom
    events = product.dagster.ask(METADATA, run=run.id)["eventConnection"]["events"]
    [output] = [each for each in events if each["__typename"] == "ExecutionStepOutputEvent"]
    shown = {each["label"]: each for each in output["metadataEntries"]}
    assert (shown["found"]["intValue"], shown["fixed"]["intValue"], shown["refused"]["intValue"]) == (1, 1, 0)
    [row] = shown["findings"]["table"]["records"]
    assert "LEFT" in row and "left behind" in row.replace("_", " ")


def test_a_daemon_that_hangs_is_noticed_from_outside_and_told_once(product: Product, world: World) -> None:
    """Within about two minutes `/healthz` says 503 and why, and the mail leaves past Dagster; then it is over, once."""
    about = "no sign of life"
    assert _health(product).json() == {"ok": True}
    product.daemon.suspend()
    try:
        until(lambda: not _health(product).ok, 150, "the console says that it is not well")
        assert about in _health(product).json()["reason"]
        until(lambda: told_operations(world, about), SECONDS, "operations are told although nothing runs")
    finally:
        product.daemon.resume()

    until(lambda: _health(product).ok, SECONDS, "all is well again")
    until(lambda: len(told_operations(world, about)) > 1, SECONDS, "and that it is over")
    first, second = told_operations(world, about)
    assert second == f"Over: {first}"


def _health(product: Product) -> requests.Response:
    return requests.get(f"{product.installation.settings.base_url}/healthz", timeout=10)


def _reconnect(product: Product, world: World, email: str) -> None:
    """What a person's browser does after pressing Reconnect on the connections page."""
    [seat] = world.all(Seat, email=email)
    base = product.installation.settings.base_url
    browser = requests.Session()
    start = browser.get(
        f"{base}/oauth/zoom/start?seat={seat.id}", headers={"Referer": f"{base}/"}, allow_redirects=False, timeout=10
    )
    back = world.sandbox.authorize(start.headers["Location"], email)
    assert browser.get(back, timeout=10).ok
