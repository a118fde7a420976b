"""Who calls, and what they may do and see. One indexed select per request, shared by those who come together."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from console.api import rate
from console.api.problems import Problem
from console.database import sessions
from console.group_commit import GroupCommit
from core.clock import utcnow
from core.domain.states import Access
from core.errors import NotFound
from core.services.api_keys import KnownKey, known_key

RANK = {access: place for place, access in enumerate(Access)}


@dataclass(frozen=True)
class Caller:
    """The program behind a request. *locations*: those it sees; None stands for all."""

    id: int
    name: str
    access: Access
    locations: frozenset[int] | None
    per_minute: int

    @property
    def actor(self) -> str:
        """Its name on the timeline."""
        return f"key:{self.name}"

    def sees(self, location_id: int) -> bool:
        """Whether it may know that this location exists."""
        return self.locations is None or location_id in self.locations

    def require(self, location_id: int | None, what: str) -> None:
        """Raise `NotFound` unless it sees *location_id* (None: *what* does not exist at all): both look the same."""
        if location_id is None or not self.sees(location_id):
            raise NotFound(f"There is no such {what}.", next_step="Look at its id, and at the locations of your key.")


def _known(presented: Sequence[str]) -> list[KnownKey | None]:
    with sessions()() as session:
        # One statement for each key, seldom two that need not be one: no transaction saves two trips.
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        known = {each: known_key(session, each, now=utcnow()) for each in dict.fromkeys(presented)}
    return [known[each] for each in presented]


# Who comes while keys are being looked up is looked up next, with all who came by then: never with an older answer.
_lookups: GroupCommit[str, KnownKey | None] = GroupCommit(_known)


async def authenticated(request: Request) -> Caller:
    """Who presents a valid key. Raises `Problem` 401 or 429."""
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    key = await _lookups.commit(presented.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        raise Problem(
            401,
            "no_valid_key",
            "The request carries no valid key.",
            next_step="Send the header Authorization: Bearer zp_..., with a key that is not revoked.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    rate.count(key.public_id, key.per_minute)
    return Caller(key.id, key.name, key.access, key.locations, key.per_minute)


Authenticated = Annotated[Caller, Depends(authenticated)]


def at_least(access: Access) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: the caller, whose key may do this much. On the event loop, for it waits for nothing."""

    async def allowed(caller: Authenticated) -> Caller:
        if RANK[caller.access] < RANK[access]:
            raise Problem(
                403,
                "access",
                f"This key may {caller.access}; this needs a key that may {access}.",
                next_step="Ask for a key with more access.",
            )
        return caller

    allowed.access = access  # type: ignore[attr-defined] - read when the operations are described
    return allowed


Reads = Annotated[Caller, Depends(at_least(Access.READ))]
Books = Annotated[Caller, Depends(at_least(Access.BOOK))]
Administers = Annotated[Caller, Depends(at_least(Access.ADMIN))]
