"""Endpoints that listen, and what was written for them."""

from collections.abc import Sequence

import sqlalchemy as sa

from core.db.models import HookEndpoint, Message
from core.services.locations import find_location
from tests.world import TEST, World

SECRET = "whsec_" + "s" * 40
URL = "https://booking.example/hooks"


def listen(
    world: World,
    url: str = URL,
    *,
    location: str = "Harbour Clinic",
    events: Sequence[str] | None = None,
    disabled: bool = False,
) -> HookEndpoint:
    """An endpoint of the location, for all events unless some are named."""
    with world.parts.sessions.begin() as session:
        endpoint = HookEndpoint(
            location_id=find_location(session, location).id,
            url=url,
            events=None if events is None else list(events),
            secret=world.parts.vault.encrypt(SECRET),
            created_by=TEST,
            disabled_at=sa.func.now() if disabled else None,
        )
        session.add(endpoint)
    return endpoint


def hooks(world: World) -> list[Message]:
    """The outgoing webhooks that were written, oldest first."""
    return world.messages(channel="hook")


def told(world: World) -> list[str]:
    """Their events."""
    return [each.kind for each in hooks(world)]
