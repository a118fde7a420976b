"""An account that Zoom calls unfit is benched wherever that was noticed."""

from core.clock import utcnow
from core.errors import AccountUnfit, NeedsReauth, ZoomUnavailable
from core.services.closing import settle_owed
from core.services.unfit import note_unfit
from tests.integration.connections.given import account, change
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
