"""What the sandbox's own commands have in common: their shape, how they are refused and what they look up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from core.sandbox.live import CannotStart, NobodyThere
from core.sandbox.recordings import CannotRecord
from core.sandbox.records import JSON, Meeting, User

if TYPE_CHECKING:
    from core.sandbox.world import World

# World, request and the body's JSON; gives the answer's JSON, or an awaitable of it.
Command = Callable[["World", Request, Any], Any]
Commands = tuple[tuple[str, str, Command], ...]


class Refused(Exception):
    """A command that cannot be obeyed."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


# What a person reads who asks for something that cannot be.
REFUSALS = (Refused, CannotStart, NobodyThere, CannotRecord)


def objects(body: Any) -> list[JSON]:
    """The body as a list of JSON objects. Raises Refused."""
    if not isinstance(body, list) or not all(isinstance(values, dict) for values in body):
        raise Refused("the body must be a list of JSON objects")
    return body


def user_named(world: World, id_or_email: str) -> User:
    """Raises Refused."""
    user = world.find_user(id_or_email)
    if user is None:
        raise Refused(f"there is no user {id_or_email!r}", 404)
    return user


def meeting_numbered(world: World, meeting_id: int) -> Meeting:
    """Raises Refused."""
    meeting = world.meetings.get(meeting_id)
    if meeting is None:
        raise Refused("there is no such meeting", 404)
    return meeting


def value(body: JSON, name: str, kind: type, default: Any) -> Any:
    """A field of the body. Raises Refused for one of another type; null is the default."""
    found = body.get(name)
    if found is None:
        return default
    if not isinstance(found, kind) and not (kind is float and isinstance(found, int)):
        raise Refused(f"{name} cannot be {found!r}")
    return found
