"""What tests of connections do and look at."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import (
    Account,
    Appointment,
    ConnectionPeriod,
    Event,
    Grant,
    Lease,
    MeetingInstance,
    Recording,
)
from tests.world import World

MINUTE = timedelta(minutes=1)


def change(world: World, table: type[Any], row_id: int, **values: Any) -> None:
    """Set columns of one row."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(table).where(table.id == row_id).values(**values))


def account(world: World, number: int = 1) -> Account:
    """The account that was connected as number *number*, as it is now."""
    found: Account = world.accounts()[number - 1]
    return found


def grant_of(world: World, of: Account) -> Grant:
    """The latest grant of an account."""
    found: Grant = world.all(Grant, account_id=of.id)[-1]
    return found


def periods(world: World, of: Account) -> list[tuple[str, str | None]]:
    """An account's history since it was connected, oldest first."""
    rows = sorted(world.all(ConnectionPeriod, account_id=of.id), key=lambda each: (each.from_at, each.id))
    return [(each.status, each.reason) for each in rows[1:]]


def told(world: World, kind: str) -> list[dict[str, Any]]:
    """The details of the timeline's lines of one kind, oldest first."""
    return [event.detail for event in world.all(Event, kind=kind)]


def is_granted(world: World, email: str) -> bool:
    """Whether Zoom still holds a grant of this user for us."""
    return any(each["connected"] for each in world.sandbox.users() if each["email"] == email)


def of_user(of: Account, meeting: str, at: datetime, now: datetime) -> dict[str, Any]:
    """What an event of Zoom says about a meeting of this account."""
    return {
        "zoom_user_id": of.zoom_user_id,
        "zoom_account_id": of.zoom_account_id,
        "zoom_meeting_id": meeting,
        "at": at,
        "now": now,
    }


def held(world: World, *, ended: bool = True, lease: str = "processing") -> Recording | None:
    """The meeting of A-1 was held: its lease is *lease*, its recording is sought if it has *ended*."""
    now = utcnow()
    [meeting] = [each for each in world.meetings() if each.state == "created"]
    change(world, Lease, meeting.lease_id, state=lease, live_at=now, ended_at=now if ended else None)
    if ended:
        change(world, Appointment, world.appointment().id, status="completed", link="ended")
    with world.parts.sessions.begin() as session:
        session.add(
            MeetingInstance(
                location_id=meeting.location_id,
                meeting_id=meeting.id,
                zoom_uuid="inst==",
                started_at=now,
                last_sign_at=now,
                ended_at=now if ended else None,
                ended_by="event" if ended else None,
            )
        )
        if not ended:
            return None
        recording = Recording(
            location_id=meeting.location_id,
            meeting_id=meeting.id,
            appointment_id=world.appointment().id,
            account_id=meeting.account_id,
            zoom_uuid="inst==",
            sought_since=now,
            next_attempt_at=now + 15 * MINUTE,
        )
        session.add(recording)
    return recording
