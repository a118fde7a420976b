"""Free now: an account waits neither for its recording nor for its cooldown once Zoom says that nobody is inside."""

from datetime import timedelta

import pytest

from core.clock import utcnow
from core.db.models import Event, MeetingInstance, Recording
from core.errors import Conflict, MeetingInProgress, NeedsReauth, NotFound, ZoomUnavailable
from core.services.free import Freed
from tests.integration.booking.test_cancelling import cancelled
from tests.integration.hands_on.given import PERSON, SEAT1, freed, held, moved, opened, past_its_end
from tests.world import World


@pytest.mark.parametrize("state", ["processing", "cooldown"])
def test_the_account_is_free_and_its_recording_still_sought(world: World, state: str) -> None:
    """The next appointment gets it at once; the finished meeting stays until its recording is known."""
    meeting = opened(world)
    held(world, state=state)

    assert freed(world) == Freed(SEAT1, free=True)

    [lease] = world.leases()
    assert (lease.state, lease.release_reason) == ("released", "freed")
    assert world.accounts()[0].idle_since == lease.released_at
    assert [recording.outcome for recording in world.all(Recording)] == ["sought"]
    assert [each["id"] for each in world.zoom_meetings()] == [meeting]
    world.book("A-2")
    assert [outcome.outcome for outcome in world.run()] == ["ready"]


def test_who_did_it_as_what_and_why_is_on_the_timeline(world: World) -> None:
    """With the state it was taken out of."""
    opened(world)
    held(world)
    freed(world)

    [event] = world.all(Event, kind="account_freed")
    assert event.actor == PERSON["actor"]
    assert event.detail == {"role": PERSON["role"], "reason": PERSON["reason"], "was": "processing"}


def test_people_inside_are_not_disturbed(world: World) -> None:
    """Somebody came back by the old link; what Zoom says of that is written down."""
    meeting = opened(world)
    held(world)
    world.sandbox.start_meeting(meeting)

    with pytest.raises(MeetingInProgress):
        freed(world)

    [lease] = world.leases()
    assert lease.state == "processing" and lease.look_at is not None
    assert [instance.ended_at for instance in world.all(MeetingInstance)][1:] == [None]


@pytest.mark.parametrize("trouble", ["outage", "revoked"])
def test_without_zoom_s_word_nothing_is_freed(world: World, trouble: str) -> None:
    """Time alone says nothing about who is inside."""
    opened(world)
    held(world)
    if trouble == "outage":
        world.sandbox.fault({"status": 503}, path_regex="/v2/meetings/")
    else:
        world.sandbox.revoke_consent(SEAT1)

    with pytest.raises((ZoomUnavailable, NeedsReauth)):
        freed(world)

    assert [lease.state for lease in world.leases()] == ["processing"]


def test_after_the_end_of_an_appointment_to_which_nobody_came_the_meeting_goes_first(world: World) -> None:
    """An old link must not start it on somebody else's account."""
    opened(world)
    past_its_end(world)

    assert freed(world).free

    assert world.zoom_meetings() == []
    assert world.appointment("A-1").status == "no_show"
    assert [lease.release_reason for lease in world.leases()] == ["freed"]


def test_before_the_end_the_appointment_has_to_go_first(world: World) -> None:
    """The sentence says which it is and what can be done."""
    opened(world)

    with pytest.raises(Conflict, match="A-1, which is not over"):
        freed(world)


def test_a_meeting_that_zoom_says_is_over_is_taken_in_first(world: World) -> None:
    """The event of its end is lost: the lifecycle is told to ask, and then the account can be freed."""
    opened(world)
    held(world, state="live", running=True)
    past_its_end(world)

    with pytest.raises(Conflict, match="Try again in a minute"):
        freed(world)

    [lease] = world.leases()
    assert lease.state == "live" and lease.ask_at is not None


def test_an_account_that_is_closing_is_asked_for_again_at_once(world: World) -> None:
    """Zoom is back, and nobody wants to wait for the next try."""
    opened(world)
    outage = world.sandbox.fault({"status": 503}, path_regex="/v2/meetings/")
    cancelled(world)
    assert freed(world) == Freed(SEAT1, free=False)
    world.sandbox.remove_fault(outage)

    assert freed(world) == Freed(SEAT1, free=True)

    assert [lease.release_reason for lease in world.leases()] == ["cancelled"]


def test_so_is_one_whose_appointment_was_moved_away(world: World) -> None:
    """It has no lease, but its old meeting keeps it out of the pool."""
    opened(world, accounts=2)
    outage = world.sandbox.fault({"status": 503}, path_regex="/v2/meetings/")
    moved(world, force=True)
    world.sandbox.remove_fault(outage)

    assert freed(world) == Freed(SEAT1, free=True)


def test_a_free_account_is_free(world: World) -> None:
    """Idle, or with a cooldown that has passed: nothing is done."""
    world.location()

    assert freed(world) == Freed(SEAT1, free=True, was_free=True)
    assert world.all(Event, kind="account_freed") == []
    with pytest.raises(NotFound):
        freed(world, "nobody@harbour-clinic.test")


def test_a_passed_cooldown_needs_no_hand(world: World) -> None:
    """Whoever looks next closes it, as of the moment it passed."""
    opened(world)
    held(world, state="cooldown")
    [lease] = world.leases()
    with world.parts.sessions.begin() as session:
        session.merge(lease).cooldown_until = utcnow() - timedelta(seconds=1)

    assert freed(world).was_free
    assert [lease.state for lease in world.leases()] == ["cooldown"]
