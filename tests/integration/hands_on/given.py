"""What support and operations do by hand, in a few words."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Lease, MeetingInstance
from core.services.free import Freed, free_now
from core.services.move import Moved, move
from tests.world import World

PERSON = {"actor": "Sam", "role": "support", "reason": "the room is needed"}
SEAT1, SEAT2, SEAT3 = (f"seat{n}@harbour-clinic.test" for n in (1, 2, 3))


def moved(world: World, to: str | None = None, external_id: str = "A-1", **said: Any) -> Moved:
    """Move the appointment as support would."""
    parts = world.parts
    return move(
        parts.sessions,
        parts.zoom,
        parts.vault,
        location="Harbour Clinic",
        external_id=external_id,
        to_email=to,
        hours=parts.hours,
        clock=utcnow,
        **{**PERSON, **said},
    )


def freed(world: World, email: str = SEAT1) -> Freed:
    """Free the account as operations would."""
    parts = world.parts
    return free_now(parts.sessions, parts.zoom, location="Harbour Clinic", email=email, clock=utcnow, **PERSON)


def opened(world: World, *, accounts: int = 1) -> int:
    """One appointment with its link, on the first account; its meeting's id on Zoom."""
    world.location(accounts=accounts)
    world.book("A-1")
    world.run()
    [meeting] = world.zoom_meetings()
    return int(meeting["id"])


def held(world: World, *, state: str = "processing", running: bool = False) -> None:
    """The meeting took place: its lease is in *state*, and its only instance has ended unless it is *running*."""
    [meeting] = world.meetings()
    now = utcnow()
    with world.parts.sessions.begin() as session:
        session.add(
            MeetingInstance(
                location_id=meeting.location_id,
                meeting_id=meeting.id,
                zoom_uuid="instance==",
                started_at=now - timedelta(minutes=20),
                last_sign_at=now,
                ended_at=None if running else now,
                ended_by=None if running else "event",
            )
        )
        values: dict[str, Any] = {"state": state, "live_at": now - timedelta(minutes=20), "ended_at": now}
        if state == "cooldown":
            values |= {"cooldown_at": now, "cooldown_until": now + timedelta(minutes=5)}
        session.execute(sa.update(Lease).where(Lease.id == meeting.lease_id).values(**values))
        if state in ("processing", "cooldown"):
            session.execute(sa.text("UPDATE appointments SET status = 'completed', link = 'ended'"))


def past_its_end(world: World) -> None:
    """As if the appointment had ended by its schedule a minute ago."""
    times = "starts_at = now() - interval '31 minutes', ends_at = now() - interval '1 minute'"
    with world.parts.sessions.begin() as session:
        for table in ("appointments", "appointment_revisions"):
            session.execute(sa.text(f"UPDATE {table} SET {times}"))
