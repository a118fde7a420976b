"""Builds what reconciling finds: meetings that outlived their leases, and some that are nobody's."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Installation, Lease, Meeting
from core.services.reconcile.run import Reconciled, reconcile
from core.zoom.payloads import MeetingRequest
from tests.world import World

LATER = timedelta(minutes=20)


def reconciled(world: World, **options: Any) -> Reconciled:
    """A pass, twenty minutes from now: what was made just now is no longer too young to be judged."""
    return reconcile(
        world.parts.sessions,
        world.parts.zoom,
        **{"delete_finished": True, "clock": lambda: utcnow() + LATER, "run_id": "pass", **options},
    )


def told(done: Reconciled) -> list[tuple[str | None, str, str]]:
    """The lines of a report: appointment, finding, what was done."""
    return sorted((line.appointment, line.finding, line.done) for line in done.lines)


def opened(world: World, number: int = 1) -> list[Meeting]:
    """So many appointments with their links, each under an account of its own."""
    world.location(accounts=number)
    for each in range(1, number + 1):
        world.book(f"A-{each}")
    assert all(outcome.outcome == "ready" for outcome in world.run())
    return world.meetings()


def leave_behind(world: World, *meeting_ids: int, ago: timedelta = timedelta()) -> None:
    """Let the leases of these meetings end (some time *ago*) without anybody deleting them, as a fault would."""
    when = utcnow() - ago
    with world.parts.sessions.begin() as session:
        leases = sa.select(Meeting.lease_id).where(Meeting.id.in_(meeting_ids))
        if ago:
            session.execute(sa.update(Meeting).where(Meeting.id.in_(meeting_ids)).values(created_at=when))
        session.execute(
            sa.update(Lease)
            .where(Lease.id.in_(leases))
            .values(state="released", released_at=when, release_reason="cancelled")
        )


def change(world: World, meeting_id: int, **values: Any) -> None:
    """Let a meeting's row say something else."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Meeting).where(Meeting.id == meeting_id).values(**values))


def meeting_on_zoom(world: World, agenda: str) -> str:
    """Make a meeting under the first account, past our own database; its id on Zoom."""
    [account, *_] = world.accounts()
    credentials = world.parts.zoom.tokens.fresh([account.id], now=utcnow()).ready[account.id]
    wanted = MeetingRequest("By hand", agenda, starts_at=utcnow() + timedelta(hours=1), minutes=30, passcode="Abc234")
    return world.parts.zoom.client.create_meeting(credentials, wanted).id


def installation(world: World) -> str:
    """This installation's id."""
    [row] = world.all(Installation)
    return str(row.installation_id)


def on_zoom(world: World) -> set[str]:
    """The meetings that are on Zoom now."""
    return {str(each["id"]) for each in world.zoom_meetings()}
