"""Disconnect: at rest at once, in use after its last meeting."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from console.connection_words import waits_for
from core.clock import utcnow
from core.db.models import Grant, Lease, Meeting, Recording
from core.db.read.draining import left_to_do
from core.errors import Conflict, NotFound
from core.services.connection_end import duties_of
from core.services.disconnect import Disconnected
from core.services.drain import Drained, anything_to_disconnect, finish_drains
from core.services.revoke import Revoked
from tests.integration.connections.given import (
    MINUTE,
    account,
    change,
    grant_of,
    held,
    is_granted,
    periods,
    told,
)
from tests.world import World

EMAIL = "seat1@harbour-clinic.test"
PartWith = Callable[..., Disconnected]


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """A location with one account."""
    world.location()


def settle(world: World) -> list[Drained | Revoked]:
    """What a settle run does about connections."""
    parts = world.parts
    return finish_drains(parts.sessions, parts.oauth, parts.vault, clock=utcnow, run_id="settle")


def owes(world: World, *, later: timedelta = timedelta()) -> bool:
    """Whether a settle run has anything to do about connections."""
    with world.parts.sessions() as session:
        return anything_to_disconnect(session, now=utcnow() + later)


def test_an_account_at_rest_is_disconnected_and_its_tokens_are_revoked_and_forgotten(
    world: World, part_with: PartWith
) -> None:
    """At Zoom and here; the history and the timeline say who and why."""
    done = part_with()

    assert (done.connection, done.revoked) == ("disconnected", True)
    assert not is_granted(world, EMAIL)
    grant = grant_of(world, account(world))
    assert (grant.access_token, grant.refresh_token, grant.revoke_at) == (None, None, None)
    assert periods(world, account(world)) == [("disconnected", "moving house")]
    [line] = told(world, "account_disconnected")
    assert (line["role"], line["reason"]) == ("support", "moving house")
    world.book()
    assert not world.allocate().granted


def test_an_expired_access_token_is_exchanged_first(world: World, part_with: PartWith) -> None:
    """Zoom revokes none that has expired."""
    world.sandbox.expire_access_tokens()
    change(world, Grant, grant_of(world, account(world)).id, access_expires_at=utcnow() - MINUTE)

    assert part_with().revoked
    assert not is_granted(world, EMAIL)


def test_zoom_being_away_does_not_keep_an_account_connected(world: World, part_with: PartWith) -> None:
    """The tokens are kept encrypted as a duty, until Zoom has confirmed."""
    fault = world.sandbox.fault({"status": 503}, path_regex="/oauth/revoke")
    done = part_with()

    assert (done.connection, done.revoked) == ("disconnected", False)
    assert grant_of(world, account(world)).refresh_token is not None
    assert is_granted(world, EMAIL)
    assert not owes(world) and owes(world, later=6 * MINUTE)

    world.sandbox.remove_fault(fault)
    change(world, Grant, grant_of(world, account(world)).id, revoke_at=utcnow())
    [revoked] = settle(world)
    assert isinstance(revoked, Revoked) and revoked.outcome == "revoked"
    assert not is_granted(world, EMAIL)
    assert grant_of(world, account(world)).refresh_token is None


def test_a_grant_that_zoom_has_ended_by_itself_needs_no_revoke(world: World, part_with: PartWith) -> None:
    """The account was deleted there, or the user removed the app."""
    world.sandbox.revoke_consent(EMAIL)

    assert part_with().revoked
    assert [line["outcome"] for line in told(world, "tokens_forgotten")] == ["dead"]


def test_a_wrong_client_secret_is_our_fault_and_forgets_nothing(world: World, part_with: PartWith) -> None:
    """Zoom refuses us, not the grant."""
    world.sandbox.fault({"status": 401, "body": {"error": "invalid_client"}}, path_regex="/oauth/revoke")

    assert not part_with().revoked
    assert grant_of(world, account(world)).refresh_token is not None


def test_what_is_left_after_ninety_days_is_forgotten(world: World, part_with: PartWith) -> None:
    """The tokens are dead by then in any case."""
    world.sandbox.fault({"status": 503}, path_regex="/oauth/revoke")
    part_with()
    grant = grant_of(world, account(world))
    change(world, Grant, grant.id, refreshed_at=utcnow() - timedelta(days=91), revoke_at=utcnow())

    [given_up] = settle(world)
    assert isinstance(given_up, Revoked) and given_up.outcome == "expired"
    assert grant_of(world, account(world)).access_token is None


def test_a_leased_account_drains_and_its_link_stays(world: World, part_with: PartWith) -> None:
    """It takes nothing new, and the client who has its link meets as planned."""
    world.book()
    world.run()
    done = part_with()

    assert done.connection == "draining"
    assert world.appointment().link == "ready"
    assert is_granted(world, EMAIL)
    assert not owes(world) and settle(world) == []
    assert periods(world, account(world)) == [("draining", "moving house")]
    world.book("A-2")
    assert not world.allocate().granted


def test_it_stays_until_lease_recording_and_deletion_are_done(world: World, part_with: PartWith) -> None:
    """In this order, and each alone keeps it."""
    world.book()
    world.run()
    part_with()
    recording = held(world)
    assert recording is not None
    [meeting] = world.meetings()

    change(world, Lease, meeting.lease_id, state="released", released_at=utcnow(), release_reason="cooled")
    assert not owes(world), "its recording is sought"
    change(world, Recording, recording.id, outcome="attached", final_at=utcnow(), recheck_at=utcnow())
    assert not owes(world), "its recording is looked for once more after the deletion"
    change(world, Recording, recording.id, recheck_at=None)
    assert not owes(world), "its meeting is still to be deleted"
    change(world, Meeting, meeting.id, state="deleting", next_attempt_at=utcnow())
    assert not owes(world), "and Zoom has not confirmed that"
    change(world, Meeting, meeting.id, state="gone", gone_at=utcnow())
    assert owes(world)

    drained, revoked = settle(world)
    assert isinstance(drained, Drained) and drained.email == EMAIL
    assert isinstance(revoked, Revoked) and revoked.outcome == "revoked"
    assert account(world).connection == "disconnected"
    assert periods(world, account(world))[-1] == ("disconnected", "moving house")


def test_what_people_read_is_what_a_drain_waits_for(world: World) -> None:
    """In every state there is something to read as long as the service has something to do; a deletion is read once."""
    read: list[list[str]] = []

    def look() -> None:
        with world.parts.sessions() as session:
            for deletes in (True, False):
                left = left_to_do(session, account(world).id, deletes_finished=deletes)
                duties = duties_of(session, account(world).id, deletes_finished=deletes)
                said = waits_for(left, "UTC", utcnow())
                assert bool(said) == bool(left) == bool(duties), (said, left, duties)
                read.append(said)

    look()
    world.book()
    world.run()
    look()
    [meeting] = world.meetings()
    for state in ("deleting", "unknown"):  # as a second one that the lease may own
        change(world, Meeting, meeting.id, state=state)
        look()
    change(world, Lease, meeting.lease_id, state="closing", closing_at=utcnow(), closing_reason="cancelled")
    for state in ("unknown", "deleting"):
        change(world, Meeting, meeting.id, state=state)
        look()
    change(world, Meeting, meeting.id, state="created")
    recording = held(world)
    assert recording is not None
    look()
    change(world, Lease, meeting.lease_id, state="released", released_at=utcnow(), release_reason="cooled")
    look()
    change(world, Recording, recording.id, outcome="attached", final_at=utcnow(), recheck_at=utcnow())
    look()
    change(world, Recording, recording.id, recheck_at=None)
    look()
    change(world, Meeting, meeting.id, state="deleting")
    look()
    change(world, Meeting, meeting.id, state="gone", gone_at=utcnow())
    look()

    deletion = ["1 meeting to be deleted on Zoom"]
    assert read[::2][:6] == [
        [],
        ["the meeting of A-1"],
        ["the meeting of A-1", *deletion],
        ["the meeting of A-1", *deletion],
        ["Zoom, which is to delete the meeting of A-1"],
        ["Zoom, which is to delete the meeting of A-1"],
    ]
    assert read[-6:] == [deletion, [], deletion, deletion, [], []]


def test_finished_meetings_that_are_never_deleted_hold_up_nothing(world: World, part_with: PartWith) -> None:
    """Where the setting says so."""
    world.book()
    world.run()
    part_with()
    [meeting] = world.meetings()
    change(world, Lease, meeting.lease_id, state="released", released_at=utcnow(), release_reason="cooled")

    with world.parts.sessions() as session:
        assert not anything_to_disconnect(session, now=utcnow())
        assert anything_to_disconnect(session, now=utcnow(), deletes_finished=False)


def test_disconnecting_twice_changes_nothing(world: World, part_with: PartWith) -> None:
    """The second person sees that it is done."""
    part_with()
    assert part_with().connection == "disconnected"
    assert len(told(world, "account_disconnected")) == 1


def test_a_lost_access_is_disconnected_at_once_if_nothing_is_left_to_do(world: World, part_with: PartWith) -> None:
    """And refused with what to do if there is: nobody could finish it."""
    mine = account(world)
    change(world, type(mine), mine.id, connection="needs_reauth")
    assert part_with().connection == "disconnected"

    world.location("Hill Clinic")
    world.book(location="Hill Clinic")
    world.run()
    change(world, type(mine), account(world, 2).id, connection="needs_reauth")
    with pytest.raises(Conflict, match="lost its access"):
        part_with("seat1@hill-clinic.test", location="Hill Clinic")


def test_a_seat_that_was_never_connected_has_nothing_to_disconnect(world: World, part_with: PartWith) -> None:
    """A typed error that says so."""
    with pytest.raises(NotFound, match="nobody@"):
        part_with("nobody@harbour-clinic.test")
