"""An account that Zoom calls unfit is benched wherever that was noticed."""

from core.clock import utcnow
from core.db.models import Account, Recording
from core.db.sql import statements
from core.errors import AccountUnfit, NeedsReauth, ZoomUnavailable
from core.services.closing import settle_owed
from core.services.recordings.collect import collect_recordings
from core.services.unfit import note_unfit
from tests.integration.connections.given import account, change, held
from tests.world import TEST, World


def test_only_what_says_something_of_the_account_benches_it(world: World) -> None:
    """An outage does not, and a dead grant is recorded where it is found dead."""
    world.location()
    with world.parts.sessions.begin() as session:
        mine = account(world).id
        for error in (ZoomUnavailable("away"), NeedsReauth("dead")):
            assert not note_unfit(session, mine, error, now=utcnow(), actor=TEST)
        assert note_unfit(session, mine, AccountUnfit("licence_gone", "gone"), now=utcnow(), actor=TEST)
    assert account(world).bench_reason == "licence_gone"


def test_deleting_a_meeting_may_show_it(world: World) -> None:
    """The user left the Zoom account; no new appointment is given to it."""
    world.location()
    world.book()
    world.run()
    [meeting] = world.meetings()
    change(world, type(meeting), meeting.id, state="deleting", next_attempt_at=utcnow())
    world.sandbox.fault({"status": 404, "body": {"code": 1001, "message": "User does not exist"}}, path_regex="/v2/")

    parts = world.parts
    [settled] = settle_owed(parts.sessions, parts.zoom, clock=utcnow, run_id="settle")

    assert settled.outcome == "later"
    assert account(world).bench_reason == "user_gone"


def test_looking_for_a_recording_may_show_it(world: World) -> None:
    """But a role that may not see recordings can still hold meetings."""
    world.location()
    world.book()
    world.run()
    recording = held(world)
    assert recording is not None
    parts, gone = world.parts, {"status": 404, "body": {"code": 1001, "message": "User does not exist"}}
    refused = {"status": 200, "body": {"code": 200, "message": "You do not have the right permissions."}}

    for answer, benched_for in ((refused, None), (gone, "user_gone")):
        world.sandbox.clear_faults()
        world.sandbox.fault(answer, path_regex="/recordings")
        change(world, Recording, recording.id, outcome="sought", final_at=None, next_attempt_at=utcnow())
        collect_recordings(parts.sessions, parts.zoom, parts.vault, clock=utcnow, run_id="settle")
        assert account(world).bench_reason == benched_for


def test_nobody_is_asked_to_delete_where_we_have_no_access(world: World) -> None:
    """No run is asked for in vain; the duty is due again at once when the account is reconnected."""
    world.location()
    world.book()
    world.run()
    [meeting] = world.meetings()
    change(world, type(meeting), meeting.id, state="deleting", next_attempt_at=utcnow())
    change(world, Account, account(world).id, connection="needs_reauth")
    parts = world.parts

    assert settle_owed(parts.sessions, parts.zoom, clock=utcnow, run_id="settle") == []
    with parts.sessions() as session:
        assert not session.scalar(statements("closing")["owed_now"], {"now": utcnow()})
