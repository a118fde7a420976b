"""Pages of a list on the wire: page size, and tokens that lead on for a quarter of an hour (Zoom API reference)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from core.sandbox.records import JSON
from core.sandbox.wire import Call, ZoomError, caller

if TYPE_CHECKING:
    from core.sandbox.world import World

PAGE_TOKEN_SECONDS = 900
_DEFAULT_SIZE, _MAX_SIZE = 30, 300

Item = TypeVar("Item")
Position = tuple[str | int | float, ...]


def page_of(
    world: World, call: Call, items: Iterable[Item], *, key: Callable[[Item], Position], kind: str = ""
) -> tuple[JSON, list[Item]]:
    """The fields that every list has, and the items of the page that *call* asks for, by *key*.

    A token leads on in the same list alone: same path, same caller, same *kind*. Raises ZoomError 300.
    """
    size = whole_number(call, "page_size", _DEFAULT_SIZE)
    if not 1 <= size <= _MAX_SIZE:
        raise ZoomError(400, 300, "Validation Failed.", errors=[("page_size", f"Must be from 1 to {_MAX_SIZE}.")])
    number = whole_number(call, "page_number", 1)
    found = sorted(items, key=key)
    listed = f"{caller(call).id} {call.path} {kind}"
    if token := call.query.get("next_page_token"):
        after = _read_token(world, token, listed)
        rest = [item for item in found if key(item) > after]
    else:
        rest = found[(number - 1) * size :]
    page = rest[:size]
    fields = {
        "page_count": -(-len(found) // size),
        "page_number": number,
        "page_size": size,
        "total_records": len(found),
        "next_page_token": _new_token(world, listed, key(page[-1])) if len(rest) > size else "",
    }
    return fields, page


def whole_number(call: Call, name: str, default: int) -> int:
    """A number of the query. Raises ZoomError 300 for what is none."""
    try:
        return int(call.query.get(name, default))
    except ValueError:
        raise ZoomError(400, 300, "Validation Failed.", errors=[(name, "Must be a number.")]) from None


def _new_token(world: World, listed: str, position: Position) -> str:
    content = json.dumps([listed, *position, world.now()])
    return base64.urlsafe_b64encode(content.encode()).decode()


def _read_token(world: World, token: str, listed: str) -> Position:
    """Where the next page begins. Raises ZoomError 300 for a token that is not ours, not for this list, or too old."""
    try:
        meant_for, *position, issued = json.loads(base64.urlsafe_b64decode(token))
        if meant_for == listed and issued + PAGE_TOKEN_SECONDS > world.now():
            return tuple(position)
    except (ValueError, TypeError):
        pass
    raise ZoomError(400, 300, "The next page token is invalid or expired.")
