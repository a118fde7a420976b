"""Disconnect now: a person who has seen what breaks ends a connection that is in use."""

from collections.abc import Callable

import pytest

from core.clock import utcnow
from core.db.models import Account, Grant, Lease, Recording
from core.db.read.breaks import Breaks, what_disconnecting_breaks
from core.errors import Conflict, MeetingInProgress
from core.services.disconnect import Disconnected
from tests.integration.connections.given import account, change, grant_of, held, is_granted, told
from tests.world import World

EMAIL = "seat1@harbour-clinic.test"
PartWith = Callable[..., Disconnected]


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """A location with two accounts, the first of them leased to A-1."""
    world.location(accounts=2)
    world.book()
    world.run()


def breaks(world: World) -> Breaks:
    """What disconnecting the first account would break."""
    with world.parts.sessions() as session:
        return what_disconnecting_breaks(session, account(world).id, utcnow())


def test_the_preview_names_the_appointment_and_what_is_lost(world: World) -> None:
    """By id and start; no client is named."""
    told_before = breaks(world)

    assert (told_before.external_id, told_before.confirmation) == ("A-1", "A-1")
    assert told_before.link_dies and told_before.moves and not told_before.in_progress
    said = " ".join(told_before.sentences)
    assert "A-1" in said and "join link stops working" in said
    assert "client" not in said.lower()


def test_it_needs_a_confirmation_that_names_the_appointment(world: World, part_with: PartWith) -> None:
    """The refusal says what would be lost; nothing has changed."""
    for wrong in (None, EMAIL, "A-2"):
        with pytest.raises(Conflict, match="join link stops working") as refused:
            part_with(at_once=True, confirm=wrong)
        assert "A-1" in refused.value.next_step
    assert account(world).connection == "connected"
    assert world.appointment().link == "ready"


def test_an_account_at_rest_is_confirmed_by_its_address(world: World, part_with: PartWith) -> None:
    """Something has to be written in any case."""
    second = "seat2@harbour-clinic.test"
    with pytest.raises(Conflict):
        part_with(second, at_once=True)

    assert part_with(second, at_once=True, confirm=second).connection == "disconnected"


def test_the_appointment_moves_to_another_account_with_one_new_link(world: World, part_with: PartWith) -> None:
    """In the same call, and its old meeting is gone from Zoom before the tokens are."""
    done = part_with(at_once=True, confirm="A-1")

    assert (done.connection, done.revoked) == ("disconnected", True)
    assert done.broke is not None and done.broke.external_id == "A-1"
    assert not is_granted(world, EMAIL)
    assert world.appointment().link == "ready"
    assert [(lease.account_id, lease.release_reason) for lease in world.leases()] == [
        (account(world, 1).id, "moved"),
        (account(world, 2).id, None),
    ]
    [on_zoom] = world.zoom_meetings()
    assert on_zoom["host_email"] == "seat2@harbour-clinic.test"
    world.notify()
    assert len([mail for mail in world.messages(kind="join_link") if mail.status == "sent"]) == 2


def test_where_no_other_account_is_free_it_goes_back_into_the_line(world: World, part_with: PartWith) -> None:
    """And gets the next one that becomes free."""
    world.book("A-2")
    world.run()
    part_with(at_once=True, confirm="A-1")

    assert (world.appointment().link, world.appointment().reason) == ("not_due", "account_disconnected")
    assert len(world.zoom_meetings()) == 1
    assert told(world, "appointment_moved")[0]["reason"] == "account_disconnected"
    world.run()
    assert world.appointment().link == "waiting"


def test_what_began_too_long_ago_for_the_line_is_opened_by_a_run_of_its_own(world: World, part_with: PartWith) -> None:
    """Nobody has joined yet, it has not ended, and no other account is free just now."""
    change(world, Account, account(world, 2).id, connection="needs_reauth")
    appointment = world.appointment()
    change(
        world,
        type(appointment),
        appointment.id,
        starts_at=utcnow() - 2 * world.parts.hours.late_open_limit,
        ends_at=utcnow() + world.parts.hours.lead_time,
    )
    part_with(at_once=True, confirm="A-1")

    moved = world.appointment()
    assert (moved.link, moved.reason, moved.isolation) == ("failed", "account_disconnected", 1)
    assert moved.isolated_at is not None


def test_it_is_refused_while_people_are_inside(world: World, part_with: PartWith) -> None:
    """Zoom is asked, for its event may be late."""
    [meeting] = world.meetings()
    world.sandbox.start_meeting(meeting.zoom_meeting_id)

    with pytest.raises(MeetingInProgress):
        part_with(at_once=True, confirm="A-1")
    assert account(world).connection == "connected"
    assert world.appointment().link == "ready"


def test_a_person_may_insist_and_loses_the_recording(world: World, part_with: PartWith) -> None:
    """The people inside go on; nobody will ever ask Zoom for what was recorded, unless it is reconnected."""
    [meeting] = world.meetings()
    world.sandbox.start_meeting(meeting.zoom_meeting_id)
    held(world, ended=False, lease="live")
    assert breaks(world).recordings == ["A-1"]

    done = part_with(at_once=True, confirm="A-1", even_live=True)

    assert done.connection == "disconnected"
    [on_zoom] = world.zoom_meetings()
    assert on_zoom["state"] == "started"
    assert world.appointment().status == "completed"
    assert [lease.state for lease in world.leases()] == ["released"]
    assert _recordings(world) == [("gave_up", "disconnected")]


def test_a_recording_that_is_sought_is_given_up(world: World, part_with: PartWith) -> None:
    """Its meeting is not deleted: where the recording would go is not known."""
    held(world)
    assert breaks(world).recordings == ["A-1"] and not breaks(world).moves

    part_with(at_once=True, confirm="A-1")

    assert _recordings(world) == [("gave_up", "disconnected")]
    assert [meeting.state for meeting in world.meetings()] == ["created"]


def test_a_meeting_that_cannot_be_deleted_now_stays_a_duty(world: World, part_with: PartWith) -> None:
    """Not asked for again and again without a connection; it keeps the appointment from nothing."""
    world.sandbox.fault({"status": 503}, method="DELETE")
    part_with(at_once=True, confirm="A-1")

    old, new = world.meetings()
    assert (old.state, old.next_attempt_at) == ("deleting", None)
    assert new.state == "created" and world.appointment().link == "ready"


def test_a_run_that_is_at_work_on_it_loses_its_claim(world: World, part_with: PartWith) -> None:
    """What it makes all the same is to be deleted."""
    world.book("A-2")
    world.allocate(run_id="slow")
    second = "seat2@harbour-clinic.test"
    part_with(second, at_once=True, confirm="A-2")

    world.create("slow")

    assert world.appointment("A-2").link == "not_due"
    assert {meeting.state for meeting in world.meetings(account_id=account(world, 2).id)} <= {"unknown", "deleting"}


def test_a_closing_lease_is_let_go(world: World, part_with: PartWith) -> None:
    """Its meeting is the duty, not the lease."""
    [lease] = world.leases()
    change(world, Lease, lease.id, state="closing", closing_at=utcnow(), closing_reason="cancelled")
    part_with(at_once=True, confirm="A-1")

    assert [(each.state, each.release_reason) for each in world.leases()] == [("released", "cancelled")]


def test_a_lost_access_can_be_ended_too(world: World, part_with: PartWith) -> None:
    """Nothing can be asked any more; the appointment gets another account."""
    change(world, Account, account(world).id, connection="needs_reauth")
    change(world, Grant, grant_of(world, account(world)).id, refresh_token=None)
    world.sandbox.revoke_consent(EMAIL)

    assert part_with(at_once=True, confirm="A-1").revoked
    assert [lease.account_id for lease in world.leases(released_at=None)] == [account(world, 2).id]
    assert told(world, "account_disconnected")[0]["broke"] == "A-1"


def _recordings(world: World) -> list[tuple[str, str | None]]:
    return [(each.outcome, each.reason) for each in world.all(Recording)]
