"""Two writes that do what a test says, behind the frame that every route of the API has."""

from collections.abc import Callable, Iterator
from threading import Event as Signal

import pytest
from fastapi import FastAPI
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount

from console.api.caller import Books
from console.api.idempotency import Answer, Once
from console.api.problems import Problem, explain_errors
from console.api.schemas.base import Strict
from console.database import sessions
from core.clock import utcnow
from core.errors import Conflict, InvalidInput, NotFound
from core.services.timeline import note
from core.settings import Settings
from tests.console.api.conftest import MakeProgram, Program
from tests.console.conftest import served

REFUSALS: dict[str, Callable[[], Exception]] = {
    "conflict": lambda: Conflict("Taken."),
    "gone": lambda: NotFound("Gone."),
    "unusable": lambda: InvalidInput("name", "Bad."),
    "busy": lambda: Problem(429, "slow", "Too fast."),
    "broken": lambda: RuntimeError("a bug with hidden facts"),
}


class Thing(Strict):
    """What is written here."""

    name: str = Field(max_length=50)
    size: int = 1


class Writer:
    """Two writes, one for each way, that do what their body says; both leave a line on the timeline."""

    def __init__(self) -> None:
        self.refuse: str | None = None
        self.go, self.begun = Signal(), Signal()
        self.go.set()
        self.api = FastAPI(openapi_url=None)
        self.api.post("/things", status_code=201)(self.create)
        self.api.post("/things/{number}/stop")(self.stop)
        explain_errors(self.api)

    def _do(self, session: Session, name: str, actor: str) -> Answer:
        note(session, "thing", at=utcnow(), actor=actor, name=name)
        session.flush()
        self.begun.set()
        assert self.go.wait(10)
        if self.refuse:
            raise REFUSALS[self.refuse]()
        return Answer(201, Thing(name=f"made {name}"))

    def create(self, body: Thing, caller: Books, once: Once) -> Response:
        """In one transaction."""
        return once.in_one_transaction(lambda session: self._do(session, body.name, caller.actor))

    def stop(self, number: int, body: Thing, caller: Books, once: Once) -> Response:
        """Around a transaction of its own."""

        def work() -> Answer:
            with sessions().begin() as session:
                return self._do(session, body.name, caller.actor)

        return once.around(work)


@pytest.fixture
def writer() -> Writer:
    """The routes under test."""
    return Writer()


@pytest.fixture
def web(writer: Writer, settings: Settings, use_settings: Callable[[Settings], None]) -> Iterator[str]:
    """Their address."""
    use_settings(settings)
    with served(Starlette(routes=[Mount("/api/v1", app=writer.api)])) as address:
        yield address


@pytest.fixture
def caller(program: MakeProgram) -> Program:
    """Who writes."""
    return program("book", name="booking system")
