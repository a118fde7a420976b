"""Moving to another account: a new link at once, one mail that replaces the old one, and the old account after Zoom."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Account, Event, Recording
from core.errors import Conflict, InvalidInput, MeetingInProgress, NotFound
from core.services.accounts import bench
from core.services.locations import find_location
from core.services.move import Moved
from core.services.pause import pause_allocation
from tests.integration.booking.test_cancelling import entered, settled, until_under_way
from tests.integration.hands_on.given import PERSON, SEAT1, SEAT2, SEAT3, moved, opened
from tests.world import World

CREATE = {"method": "POST", "path_regex": "/users/me/meetings$"}


def states(world: World) -> list[tuple[str, str | None]]:
    """Each lease with why it ended."""
    return [(lease.state, lease.release_reason) for lease in world.leases()]


def test_the_appointment_gets_a_new_link_and_the_old_account_is_free(world: World) -> None:
    """In one call: the new meeting is there, the old one gone from Zoom."""
    old = opened(world, accounts=2)

    assert moved(world) == Moved("A-1", SEAT1, SEAT2, link_ready=True)

    [meeting] = world.zoom_meetings()
    assert meeting["id"] != old
    assert states(world) == [("released", "moved"), ("ready", None)]
    assert world.appointment("A-1").link == "ready"
    world.book("A-2")
    assert [outcome.account for outcome in world.run()] == [SEAT1]


def test_one_mail_replaces_the_old_link(world: World) -> None:
    """It says so; and the first link's punctuality is not judged again."""
    opened(world, accounts=2)
    moved(world)
    world.notify()

    _, new = world.sandbox.wait_for_mail("a-1@clients.test", count=2)
    assert new["subject"].startswith("Your link to join")
    assert "replaces the one we sent you before" in new["text"]


def test_a_link_that_had_not_left_is_not_sent_any_more(world: World) -> None:
    """The client gets one link only, and no word of another."""
    world.location(accounts=2)
    world.book("A-1")
    world.allocate(run_id="run")
    world.create("run")
    moved(world)
    world.notify()

    [mail] = world.sandbox.wait_for_mail("a-1@clients.test")
    assert "replaces" not in mail["text"]
    assert [(each.status, each.reason) for each in world.messages()] == [("dropped", "replaced"), ("sent", None)]


def test_who_did_it_as_what_and_why_is_on_the_timeline(world: World) -> None:
    """With the account it was on."""
    opened(world, accounts=2)
    moved(world)

    [event] = world.all(Event, kind="appointment_moved_account")
    first, second = world.accounts()
    assert (event.actor, event.detail["role"], event.detail["reason"]) == (
        PERSON["actor"],
        PERSON["role"],
        PERSON["reason"],
    )
    assert (event.account_id, event.detail["was_on"]) == (second.id, first.id)


def test_the_account_may_be_chosen(world: World) -> None:
    """Not the one that would have been next."""
    opened(world, accounts=3)

    assert moved(world, SEAT3).is_on == SEAT3


def test_without_a_free_account_the_old_link_stays(world: World) -> None:
    """Refused, and nothing is changed."""
    old = opened(world)

    with pytest.raises(Conflict, match="No other account"):
        moved(world)

    assert [meeting["id"] for meeting in world.zoom_meetings()] == [old]
    assert states(world) == [("ready", None)]


@pytest.mark.parametrize(
    ("account", "sentence"),
    [
        ({"connection": "needs_reauth"}, "has lost its connection"),
        ({"busy_elsewhere_since": utcnow()}, "in a meeting that is not ours"),
    ],
)
def test_an_account_that_cannot_be_used_is_refused_with_the_reason(
    world: World, account: dict[str, object], sentence: str
) -> None:
    """The person chooses another one."""
    opened(world, accounts=2)
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Account).where(Account.email == SEAT2).values(**account))

    with pytest.raises(Conflict, match=sentence):
        moved(world, SEAT2)


def test_a_benched_a_leased_and_its_own_account_are_refused(world: World) -> None:
    """Each with its own sentence."""
    world.location(accounts=3)
    world.book("A-1")
    world.book("A-2")
    world.run()
    third = world.accounts()[2]
    with world.parts.sessions.begin() as session:
        bench(session, third.id, reason="broken", until=None, actor="test", now=utcnow())

    with pytest.raises(Conflict, match="out of the pool"):
        moved(world, SEAT3)
    with pytest.raises(Conflict, match="has another appointment"):
        moved(world, SEAT2)
    with pytest.raises(Conflict, match="on that account already"):
        moved(world, SEAT1)
    with pytest.raises(NotFound):
        moved(world, "nobody@harbour-clinic.test")


def test_while_people_are_inside_it_is_refused(world: World) -> None:
    """Their meeting cannot go on under another account."""
    meeting = opened(world, accounts=2)
    world.sandbox.start_meeting(meeting)

    with pytest.raises(MeetingInProgress, match="has begun"):
        moved(world)

    assert states(world) == [("ready", None)]


def test_while_zoom_does_not_answer_it_is_refused_unless_somebody_insists(world: World) -> None:
    """Then the old meeting is deleted when Zoom is back, and keeps its account out of the pool until then."""
    opened(world, accounts=2)
    outage = world.sandbox.fault({"status": 503}, path_regex="/v2/meetings/")

    with pytest.raises(Conflict, match="does not say"):
        moved(world)
    assert moved(world, force=True).link_ready

    world.book("A-2")
    world.run()
    assert world.appointment("A-2").reason == "no_free_account"
    world.sandbox.remove_fault(outage)
    assert settled(world, later=timedelta(minutes=2)) == ["gone"]
    assert [outcome.account for outcome in world.run()] == [SEAT1]


def test_an_account_whose_grant_is_dead_is_just_what_one_moves_away_from(world: World) -> None:
    """Zoom cannot be asked with it; the old meeting is deleted once somebody has reconnected it."""
    opened(world, accounts=2)
    world.sandbox.revoke_consent(SEAT1)

    assert moved(world).is_on == SEAT2
    assert [meeting.state for meeting in world.meetings()] == ["deleting", "created"]


def test_when_zoom_does_not_make_the_new_link_the_next_run_does(world: World) -> None:
    """The lease of the new account stands, like one of a run that had a failure."""
    opened(world, accounts=2)
    outage = world.sandbox.fault({"status": 503}, **CREATE)

    done = moved(world)

    assert (done.is_on, done.link_ready) == (SEAT2, False)
    assert "we go on trying" in done.sentence
    world.sandbox.remove_fault(outage)
    later = utcnow() + timedelta(seconds=50)
    assert [outcome.outcome for outcome in world.create("next", now=later)] == ["ready"]


def test_while_the_link_is_being_made_the_run_that_makes_it_loses_its_claim(world: World) -> None:
    """What it makes all the same is deleted, and one link leaves."""
    world.location(accounts=2)
    world.book("A-1")
    world.allocate(run_id="run")
    world.sandbox.fault({"slow": 1500}, **CREATE)
    with ThreadPoolExecutor(1) as pool:
        creating = pool.submit(world.create, "run")
        until_under_way(world)
        assert moved(world).is_on == SEAT2
        assert [each.outcome for each in creating.result()] == ["claim lost"]

    world.notify()
    settled(world)  # unless the move itself came late enough to do so
    assert states(world) == [("released", "moved"), ("ready", None)]
    assert len(world.zoom_meetings()) == world.sandbox.mail_count() == 1


def test_what_was_tried_out_keeps_its_meeting_until_its_recording_is_final(world: World) -> None:
    """The appointment goes, the old meeting stays for now, and with it the account's place outside the pool."""
    old = opened(world, accounts=2)
    entered(world, left=True)

    assert moved(world).link_ready

    assert len(world.zoom_meetings()) == 2
    assert settled(world, later=timedelta(minutes=6)) == ["later"]
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE recordings SET outcome = 'none_made', final_at = now()"))
    assert settled(world, later=timedelta(minutes=12)) == ["gone"]
    assert old not in [meeting["id"] for meeting in world.zoom_meetings()]


def test_what_was_tried_out_is_sought_also_while_zoom_does_not_answer(world: World) -> None:
    """Nobody else would begin the search: its lease is over."""
    opened(world, accounts=2)
    entered(world, left=True)
    world.sandbox.revoke_consent(SEAT1)

    moved(world)

    assert [recording.outcome for recording in world.all(Recording)] == ["sought"]


def test_where_no_lease_is_granted_none_is_moved(world: World) -> None:
    """A paused location stays as it is."""
    opened(world, accounts=2)
    with world.parts.sessions.begin() as session:
        place = find_location(session, "Harbour Clinic")
        pause_allocation(session, location=place, now=utcnow(), **PERSON)

    with pytest.raises(Conflict, match="paused"):
        moved(world)


def test_what_has_no_account_or_is_over_is_not_moved(world: World) -> None:
    """The answer says when it gets one."""
    world.location(accounts=2)
    world.book("A-1", starts_in=timedelta(hours=1))

    with pytest.raises(Conflict, match="no account yet"):
        moved(world)
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE appointments SET status = 'cancelled'"))
    with pytest.raises(Conflict, match="over"):
        moved(world)


def test_a_reason_has_to_be_given(world: World) -> None:
    """Whoever reads the timeline wants to know."""
    opened(world, accounts=2)

    with pytest.raises(InvalidInput, match="reason"):
        moved(world, reason=" ")
