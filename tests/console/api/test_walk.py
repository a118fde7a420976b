"""Every route with the wrong key: it sees and changes nothing. New routes are found by themselves.

The requests are the examples of the documentation, filled with ids of what there is.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from console.api.app import create_api
from console.api.docs.examples import Examples, Id, Request
from console.api.docs.page import operations_of
from core.clock import utcnow
from core.db.models import ApiKey
from core.services.api_keys import revoke_api_key
from tests.console.api.conftest import MakeProgram, Program
from tests.console.api.given import Place, filled, furnish, rows
from tests.world import World

DOCUMENT: dict[str, Any] = create_api().openapi_schema or {}
MINE, THEIRS = "Harbour Clinic", "Mill Lane"
WORD = "Zebrafish"  # in every name of the other location
# Where each of many is looked at for itself, the answer is 200 and the refusals stand in it.
EACH_FOR_ITSELF = {"createAppointments"}


@dataclass(frozen=True)
class Operation:
    """An operation, with the example of how to call it."""

    name: str
    access: str
    example: Request

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.example.method != "get"

    @property
    def mentions(self) -> list[str]:
        """What kinds of objects its query and body name."""
        return [each.of for each in _ids_in([self.example.query, self.example.body])]

    def send(
        self, program: Program, in_path: Callable[[str], int], elsewhere: Callable[[str], int]
    ) -> requests.Response:
        """Call it, with ids from *in_path* for its address and from *elsewhere* for the rest."""
        ids = iter(self.example.ids)
        path = re.sub(r"\{\w+\}", lambda _: str(in_path(next(ids).of)), self.example.path)
        body = filled(self.example.body, elsewhere)
        options: dict[str, Any] = {"params": filled(self.example.query, elsewhere)}
        if self.example.media_type not in (None, "application/json"):
            options |= {"data": body, "headers": {"Content-Type": self.example.media_type}}
            body = None
        return program.send(self.example.method.upper(), path, body, **options)


def _ids_in(value: Any) -> Iterator[Id]:
    if isinstance(value, Id):
        yield value
    elif isinstance(value, dict | list):
        yield from chain.from_iterable(map(_ids_in, value.values() if isinstance(value, dict) else value))


def _operations() -> list[Operation]:
    examples = Examples(DOCUMENT, utcnow().date())
    return [
        Operation(each["operationId"], each["x-access"], examples.request(each["method"].lower(), each["path"]))
        for group in operations_of(DOCUMENT).values()
        for each in group
    ]


OPERATIONS = _operations()


@pytest.fixture
def theirs(world: World) -> Place:
    """The location that the key does not see."""
    return furnish(world, THEIRS, WORD)


@pytest.fixture
def mine(world: World) -> Place:
    """The location that the key sees."""
    return furnish(world, MINE, "Antelope")


class Walk:
    """Calls operations and looks whether anything changed; says of all at once what was wrong."""

    def __init__(self, world: World) -> None:
        self.world, self.before, self.wrong = world, rows(world), list[str]()

    def expect(self, operation: Operation, answer: requests.Response, status: str, unseen: Place) -> None:
        """The status matches *status*, nothing of *unseen* is told, and the database is as it was."""
        now = rows(self.world)
        changed = [name for name, found in now.items() if found != self.before[name]]
        told = [word for word in unseen.words if word in answer.text]
        if not re.fullmatch(status, str(answer.status_code)) or changed or told:
            said = f"{answer.status_code}, changed {changed}, told {told}: {answer.text[:300]}"
            self.wrong.append(f"{operation.name} {answer.request.url}: {said}")
        self.before = now

    def end(self) -> None:
        """Fail if anything was wrong."""
        assert not self.wrong, "\n" + "\n".join(self.wrong)


def test_without_a_valid_key_nothing_is_seen_or_changed(
    web: str, world: World, program: MakeProgram, theirs: Place
) -> None:
    """No key, somebody's invention, and one that was revoked."""
    revoked = program("admin", name="revoked")
    with world.parts.sessions.begin() as session:
        public_id = session.scalars(sa.select(ApiKey.public_id)).one()
        revoke_api_key(session, public_id, actor="test", now=utcnow())
    walk = Walk(world)
    for operation in OPERATIONS:
        for caller in (Program(web, None), Program(web, "zp_0123456789ab_invented"), revoked):
            walk.expect(operation, operation.send(caller, theirs.id_of, theirs.id_of), "401", theirs)
    walk.end()


def test_a_key_of_one_location_does_not_see_the_other(
    world: World, program: MakeProgram, mine: Place, theirs: Place
) -> None:
    """What is theirs is not there; lists leave it out, and nothing new can be made of it."""
    caller = program("admin", MINE)
    walk = Walk(world)
    for operation in OPERATIONS:
        about_theirs = operation.send(caller, theirs.id_of, theirs.id_of)
        if operation.example.ids:
            expected = "404"
        elif operation.writes:
            expected = "200" if operation.name in EACH_FOR_ITSELF else "403|404"
        else:
            expected = "404" if operation.mentions else "200"
        walk.expect(operation, about_theirs, expected, theirs)
        if operation.name in EACH_FOR_ITSELF:
            assert {each["status"] for each in about_theirs.json()["results"]} == {404}
    walk.end()


def test_what_is_mine_cannot_be_mixed_with_what_is_theirs(
    world: World, program: MakeProgram, mine: Place, theirs: Place
) -> None:
    """My address with their ids in query or body: each alone, the rest of it mine."""
    caller = program("admin", MINE)
    walk = Walk(world)
    for operation in OPERATIONS:
        for noun in set(operation.mentions):
            mixed = operation.send(caller, mine.id_of, lambda of, noun=noun: (theirs if of == noun else mine).id_of(of))
            expected = "200" if operation.name in EACH_FOR_ITSELF else "404|409|422"
            walk.expect(operation, mixed, expected, theirs)
    walk.end()


def test_lists_can_be_asked_for_no_more_than_the_key_sees(
    world: World, program: MakeProgram, mine: Place, theirs: Place
) -> None:
    """Every filter that names an object, filled with theirs."""
    caller = program("read", MINE)
    walk = Walk(world)
    for operation in OPERATIONS:
        filters = [
            each["name"]
            for each in DOCUMENT["paths"][operation.example.path][operation.example.method].get("parameters", ())
            if each["in"] == "query" and each["name"].removesuffix("_id").upper() in theirs.ids
        ]
        for name in filters:
            path = re.sub(r"\{(\w+)_id\}", lambda found: str(mine.id_of(found[1].upper())), operation.example.path)
            query = {**operation.example.query, name: theirs.id_of(name.removesuffix("_id").upper())}
            answer = caller.get(path, **filled(query, mine.id_of))
            walk.expect(operation, answer, "404|200|422", theirs)
            if answer.status_code == 200:
                assert answer.json()["items"] == [], operation.name
    walk.end()


@pytest.mark.parametrize(("access", "may"), [("read", ["read"]), ("book", ["read", "book"])])
def test_a_key_does_no_more_than_it_may(
    world: World, program: MakeProgram, theirs: Place, access: str, may: list[str]
) -> None:
    """Not even at the location that it is for."""
    caller = program(access, THEIRS)
    walk = Walk(world)
    for operation in OPERATIONS:
        if operation.access not in may:
            answer = operation.send(caller, theirs.id_of, theirs.id_of)
            walk.expect(operation, answer, "403", Place("", {}, ()))
    walk.end()


def test_with_the_right_key_all_of_it_is_there(world: World, program: MakeProgram, theirs: Place) -> None:
    """Or the refusals above would prove nothing: the very same requests find what they are about."""
    everything = program("admin")
    wrong = []
    for operation in OPERATIONS:
        answer = operation.send(everything, theirs.id_of, theirs.id_of)
        if answer.status_code in (401, 403, 404) or answer.status_code >= 500:
            wrong.append(f"{operation.name}: {answer.status_code} {answer.text[:300]}")
    assert not wrong, "\n" + "\n".join(wrong)
