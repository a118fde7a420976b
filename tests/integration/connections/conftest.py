"""How tests disconnect and reconnect accounts."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core.clock import utcnow
from core.services.connect import begin_connect, finish_connect
from core.services.connect_record import Connected
from core.services.disconnect import Disconnected, Ending, disconnect
from tests.integration.connections.given import account
from tests.world import TEST, World

CLINIC = "Harbour Clinic"
EMAIL = "seat1@harbour-clinic.test"


@pytest.fixture
def ending(world: World) -> Ending:
    """With what connections are ended."""
    parts = world.parts
    return Ending(parts.zoom, parts.oauth, parts.vault, parts.hours, deletes_finished=True)


@pytest.fixture
def part_with(world: World, ending: Ending) -> Callable[..., Disconnected]:
    """Disconnects an account of the clinic, its first unless told otherwise."""

    def run(email: str = EMAIL, **how: Any) -> Disconnected:
        about: dict[str, Any] = {"actor": TEST, "role": "support", "reason": "moving house", "clock": utcnow, **how}
        about.setdefault("location", CLINIC)
        return disconnect(world.parts.sessions, ending, email=email, **about)

    return run


@pytest.fixture
def reconnect(world: World) -> Callable[..., Connected]:
    """Reconnects the first account as a person would, signed in at Zoom as *as_user*."""

    def run(as_user: str = EMAIL) -> Connected:
        parts, seat = world.parts, account(world)
        with parts.sessions.begin() as session:
            address = begin_connect(
                session,
                parts.oauth,
                parts.vault,
                location_id=seat.location_id,
                seat_id=seat.seat_id,
                actor=TEST,
                now=utcnow(),
            )
        redirect = world.sandbox.authorize(address, as_user)
        answer = {name: values[0] for name, values in parse_qs(urlsplit(redirect).query).items()}
        return finish_connect(parts.sessions, parts.zoom.client, parts.oauth, parts.vault, **answer, now=utcnow())

    return run
