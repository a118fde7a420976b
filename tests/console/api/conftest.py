"""Programs that call the API over real HTTP, with keys as an operator makes them."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import requests
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.services.api_keys import create_api_key
from core.services.locations import find_location


class Program:
    """A caller of the API with one key (None: without any)."""

    def __init__(self, web: str, key: str | None) -> None:
        self.root = f"{web}/api/v1"
        self.key = key
        self.session = requests.Session()
        if key is not None:
            self.session.headers["Authorization"] = f"Bearer {key}"

    def send(
        self, method: str, path: str, body: Any = None, *, once: str | None = None, **options: Any
    ) -> requests.Response:
        """Send *body* as JSON; *once* is the Idempotency-Key."""
        headers = {**({"Idempotency-Key": once} if once else {}), **options.pop("headers", {})}
        return self.session.request(method, self.root + path, json=body, headers=headers, timeout=20, **options)

    def get(self, path: str, **query: Any) -> requests.Response:
        """Read."""
        return self.send("GET", path, params=query)

    def post(self, path: str, body: Any = None, *, once: str | None = None) -> requests.Response:
        """Write something new."""
        return self.send("POST", path, body, once=once)


MakeProgram = Callable[..., Program]


@pytest.fixture
def program(web: str, sessions: sessionmaker[Session]) -> MakeProgram:
    """Makes callers: `program("book", "Harbour Clinic")`; without a location its key is for all."""

    def make(access: str = "admin", *locations: str, name: str | None = None, per_minute: int = 100_000) -> Program:
        with sessions.begin() as session:
            places: Sequence[Any] | None = [find_location(session, each) for each in locations] or None
            made = create_api_key(
                session,
                name=name or f"{access} of {', '.join(locations) or 'all'}",
                access=access,
                locations=places,
                per_minute=per_minute,
                actor="test",
                now=utcnow(),
            )
        return Program(web, made.secret)

    return make
