"""After a restore the world has gone on without the backup: ask before acting, and never delete by an old memory."""

from datetime import timedelta

import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Event, Installation, Lease, Meeting, Message
from core.services.doctor.restore import AfterRestore, after_restore
from tests.integration.reconcile.given import change, installation, leave_behind, on_zoom, opened, reconciled
from tests.world import World


def restored(world: World, *, drop_messages: bool = False) -> AfterRestore:
    """What the command does."""
    return after_restore(
        world.parts.sessions,
        world.parts.zoom.tokens,
        drop_messages=drop_messages,
        actor="command line",
        clock=utcnow,
    )


def test_it_becomes_another_installation_and_allocation_waits_for_a_person(world: World) -> None:
    """What carries the old id is never deleted by the new one; nothing is leased before somebody has looked."""
    before = installation(world)
    opened(world)
    world.book("A-2")

    done = restored(world)

    [now] = world.all(Installation)
    assert now.installation_id == done.installation_id != before
    assert now.allocation_paused_reason == "restored from a backup"
    assert world.allocate().granted == []
    assert [event.actor for event in world.all(Event, kind="restored")] == ["command line"]


def test_open_leases_are_asked_about_and_claims_of_then_count_no_longer(world: World) -> None:
    """The runs that held them are gone, and what became of their meetings only Zoom knows."""
    opened(world)
    world.connect("Harbour Clinic", ["late@harbour-clinic.test"])
    world.book("A-2")
    world.allocate(run_id="a run of then")

    done = restored(world)

    ready, reserved = world.leases()
    assert done.leases == 2
    assert (ready.state, ready.ask_at is not None, ready.look_at) == ("ready", True, None)
    assert (reserved.state, reserved.claimed_by_run, reserved.fence) == ("reserved", None, 2)
    assert [outcome.outcome for outcome in world.run()] == ["ready"]


def test_an_intent_is_looked_for_before_a_meeting_is_made(world: World) -> None:
    """The backup may say that nothing was made; a later try may have made it all the same."""
    [meeting] = opened(world)
    change(world, meeting.id, state="intended", absent=True, zoom_meeting_id=None)

    assert restored(world).meetings == 1
    assert world.meetings()[0].absent is False


def test_what_was_to_be_deleted_is_asked_about_at_once(world: World) -> None:
    """However far away its next try was."""
    [meeting] = opened(world)
    change(world, meeting.id, state="deleting", next_attempt_at=utcnow() + timedelta(days=1))

    restored(world)

    assert world.meetings()[0].next_attempt_at <= utcnow()


def test_a_token_that_was_exchanged_since_the_backup_needs_a_person(world: World) -> None:
    """Zoom forgets a refresh token once it was exchanged; whose still works is found out now, not at the next link."""
    world.location(accounts=2)
    stale, good = (each.email for each in world.accounts())
    world.sandbox.grant(stale)  # a later consent or refresh: the stored pair is dead

    done = restored(world)

    assert (done.reconnect, done.refreshed, done.unanswered) == ((stale,), 1, ())
    assert {each.email: each.connection for each in world.accounts()} == {stale: "needs_reauth", good: "connected"}


def test_zoom_away_is_no_dead_token(world: World) -> None:
    """They are tried again by themselves."""
    world.location(accounts=1)
    world.sandbox.fault({"status": 500, "body": {}}, path_regex="/oauth/token")

    done = restored(world)

    assert (done.reconnect, done.unanswered) == ((), ("seat1@harbour-clinic.test",))
    assert world.accounts()[0].connection == "connected"


def test_waiting_messages_leave_once_more_unless_told_otherwise(world: World) -> None:
    """A link twice is better than none; both have the same Message-ID. A person may decide otherwise."""
    world.location(accounts=1)
    world.book()
    world.allocate(run_id="run")
    world.create("run")

    told = restored(world)
    kept = [message.status for message in world.messages()]
    dropped = restored(world, drop_messages=True)

    assert (told.messages, kept) == (1, ["queued"])
    assert dropped.messages == 1
    assert [(message.status, message.reason) for message in world.messages()] == [("dropped", "restored")]


def test_a_leftover_of_the_old_installation_is_reported_and_stays(world: World) -> None:
    """Somebody decides about it by hand."""
    [meeting] = opened(world)
    restored(world)
    leave_behind(world, meeting.id)

    assert [line.done for line in reconciled(world).lines] == ["reported"]
    assert on_zoom(world) == {meeting.zoom_meeting_id}


def test_doing_it_twice_does_no_harm(world: World) -> None:
    """Who is unsure whether it was done does it again."""
    opened(world)

    restored(world)
    again = restored(world)

    assert (again.refreshed, again.reconnect) == (1, ())
    with world.parts.sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Lease)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(Meeting)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(Message)) == 1
