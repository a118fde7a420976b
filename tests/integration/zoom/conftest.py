"""What tests of the Zoom client and of connecting share."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from core.clock import utcnow
from core.db.models import Location, Seat
from core.services.connect import begin_connect, finish_connect
from core.services.connect_record import Connected
from core.services.locations import issue_seat
from core.services.tokens import AccountCredentials
from tests.world import TEST, World

EMAIL = "seat1@harbour-clinic.test"
"""The address of the first seat that `World.location` connects."""


class Browser:
    """A person at a browser who connects a seat: begins in the console, consents at Zoom, comes back."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.id: str | None = "browser-1"

    def begin(self, location: Location, seat: Seat) -> str:
        """Press Connect; returns the address at Zoom."""
        parts = self.world.parts
        with parts.sessions.begin() as session:
            return begin_connect(
                session,
                parts.oauth,
                parts.vault,
                location_id=location.id,
                seat_id=seat.id,
                browser_id=self.id,
                return_to="/connections",
                actor=TEST,
                now=utcnow(),
            )

    def consent(self, address: str, *, as_user: str, allow: bool = True) -> dict[str, str]:
        """Sign in at Zoom and decide; returns what Zoom sends back."""
        redirect = self.world.sandbox.authorize(address, as_user, allow=allow)
        return {name: values[0] for name, values in parse_qs(urlsplit(redirect).query).items()}

    def come_back(self, answer: dict[str, str]) -> Connected:
        """Open the callback."""
        parts = self.world.parts
        return finish_connect(
            parts.sessions, parts.zoom.client, parts.oauth, parts.vault, **answer, browser_id=self.id, now=utcnow()
        )

    def connect(self, location: Location, seat: Seat, *, as_user: str | None = None) -> Connected:
        """All three steps."""
        return self.come_back(self.consent(self.begin(location, seat), as_user=as_user or seat.email))


@pytest.fixture
def browser(world: World) -> Browser:
    """A person at a browser."""
    return Browser(world)


@pytest.fixture
def issue(world: World) -> Callable[..., Seat]:
    """Issues a seat to a location and, unless told otherwise, makes its user at the practice Zoom."""

    def issue_one(location: Location, email: str = "new@harbour-clinic.test", **user: object) -> Seat:
        if user is not None and not any(each["email"] == email for each in world.sandbox.users()):
            world.sandbox.create_user(email, **user)
        with world.parts.sessions.begin() as session:
            return issue_seat(session, location=location, address=email, actor=TEST, now=utcnow())

    return issue_one


@pytest.fixture
def credentials(world: World) -> AccountCredentials:
    """Credentials of the one account of a location."""
    world.location()
    [account] = world.accounts()
    return world.parts.zoom.tokens.fresh([account.id], now=utcnow()).ready[account.id]
