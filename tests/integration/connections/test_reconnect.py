"""Reconnecting: the same Zoom user only, and what was left undone is done."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.clock import utcnow
from core.db.models import Account, Grant, Meeting, Recording
from core.errors import ConnectRefused
from core.services.connect_record import Connected
from core.services.disconnect import Disconnected
from tests.integration.connections.given import MINUTE, account, change, grant_of, held, is_granted, periods, told
from tests.world import World

EMAIL = "seat1@harbour-clinic.test"
PartWith = Callable[..., Disconnected]
Reconnect = Callable[..., Connected]


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """A location with one account."""
    world.location()


def test_another_zoom_user_is_refused_with_both_addresses(
    world: World, part_with: PartWith, reconnect: Reconnect
) -> None:
    """And what was granted by mistake is given back."""
    part_with()
    world.sandbox.create_user("somebody@else.test")

    with pytest.raises(ConnectRefused, match=r"somebody@else\.test.*seat1@harbour-clinic\.test") as refused:
        reconnect("somebody@else.test")
    assert refused.value.reason == "wrong_user"
    assert account(world).connection == "disconnected"
    assert not is_granted(world, "somebody@else.test")


def test_a_new_zoom_user_with_the_old_address_is_another_one(
    world: World, part_with: PartWith, reconnect: Reconnect
) -> None:
    """What the old one still owes, the new one cannot do."""
    part_with()
    world.sandbox.delete_user(EMAIL)
    world.sandbox.create_user(EMAIL, account_id="harbour-clinic")

    with pytest.raises(ConnectRefused) as refused:
        reconnect()
    assert refused.value.reason == "other_user"


def test_a_reconnected_account_is_back_in_the_pool(world: World, part_with: PartWith, reconnect: Reconnect) -> None:
    """At the end of the line."""
    part_with()
    reconnect()

    assert account(world).connection == "connected"
    assert utcnow() - account(world).idle_since < MINUTE
    assert periods(world, account(world)) == [("disconnected", "moving house"), ("connected", None)]
    world.book()
    assert [outcome.outcome for outcome in world.run()] == ["ready"]


def test_reconnecting_a_draining_account_keeps_it(world: World, part_with: PartWith, reconnect: Reconnect) -> None:
    """Somebody wants it back; the lease it has goes on."""
    world.book()
    world.run()
    part_with()
    reconnect()

    assert account(world).connection == "connected"
    assert world.appointment().link == "ready"


def test_deletions_that_rested_are_due_again(world: World, part_with: PartWith, reconnect: Reconnect) -> None:
    """And done by the next settle run."""
    world.book()
    world.run()
    fault = world.sandbox.fault({"status": 503}, method="DELETE")
    part_with(at_once=True, confirm="A-1")
    world.sandbox.remove_fault(fault)
    reconnect()

    [meeting] = world.meetings()
    assert meeting.state == "deleting" and meeting.next_attempt_at is not None
    assert meeting.next_attempt_at <= utcnow()
    assert told(world, "account_reconnected")[0]["deletions"] == 1


def test_recordings_that_were_given_up_for_it_are_sought_again(
    world: World, part_with: PartWith, reconnect: Reconnect
) -> None:
    """And a finished meeting is not deleted before they are found."""
    world.book()
    world.run()
    held(world)
    part_with(at_once=True, confirm="A-1")
    [meeting] = world.meetings()
    change(world, Meeting, meeting.id, state="deleting", deletion_wanted_at=utcnow())
    reconnect()

    [recording] = world.all(Recording)
    assert (recording.outcome, recording.reason, recording.final_at) == ("sought", None, None)
    assert recording.next_attempt_at <= utcnow()
    assert [each.state for each in world.meetings()] == ["created"]
    assert told(world, "account_reconnected")[0]["recordings"] == 1


def test_after_three_days_nobody_looks_any_more(world: World, part_with: PartWith, reconnect: Reconnect) -> None:
    """Nor are others taken up that were given up for another reason."""
    world.book()
    world.run()
    held(world)
    part_with(at_once=True, confirm="A-1")
    [recording] = world.all(Recording)
    change(world, Recording, recording.id, sought_since=utcnow() - timedelta(hours=73))
    reconnect()

    assert world.all(Recording)[0].outcome == "gave_up"


def test_a_recording_that_is_sought_is_asked_for_at_once(world: World, reconnect: Reconnect) -> None:
    """The account had lost its access; nothing was given up."""
    world.book()
    world.run()
    held(world)
    change(world, Account, account(world).id, connection="needs_reauth")
    reconnect()

    assert world.all(Recording)[0].next_attempt_at <= utcnow()


def test_a_revoke_that_is_still_owed_must_not_hit_the_new_consent(
    world: World, part_with: PartWith, reconnect: Reconnect
) -> None:
    """The old tokens ended with it, so they are just forgotten."""
    world.sandbox.fault({"status": 503}, times=1, path_regex="/oauth/revoke")
    part_with()
    old = grant_of(world, account(world))
    reconnect()

    [forgotten, new] = world.all(Grant)
    assert forgotten.id == old.id
    assert (forgotten.revoke_at, forgotten.refresh_token) == (None, None)
    assert new.ended_at is None and is_granted(world, EMAIL)


def test_whether_it_is_used_by_hand_is_asked_anew(world: World, part_with: PartWith, reconnect: Reconnect) -> None:
    """What was known before is out of date."""
    change(world, Account, account(world).id, busy_elsewhere_since=utcnow(), probed_at=utcnow())
    part_with()
    reconnect()

    mine = account(world)
    assert (mine.busy_elsewhere_since, mine.probed_at) == (None, None)
