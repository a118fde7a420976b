"""`Idempotency-Key`: a write that is sent again is answered again, and done once.

An endpoint takes `once: Once` and returns `once.in_one_transaction(work)` where *work* needs one transaction alone (a
create: no statement more than the one that keeps the answer), or `once.around(work)` where calls to Zoom lie between
its transactions. Without the header both just do the work.

Kept are answers below 500, refusals too; not 422, which is mended and sent again, and nothing that was refused before
the work began (a wrong key, too fast, a malformed body).
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.responses import Response

from console.api.caller import Authenticated
from console.api.problems import MEDIA_TYPE, Problem, problem_of
from console.database import sessions
from core.clock import utcnow
from core.errors import ZoomPoolError
from core.services import idempotency
from core.services.idempotency import Write
from core.wiring import wiring

REPLAYED = {"Idempotent-Replayed": "true"}


@dataclass(frozen=True)
class Answer:
    """What an endpoint answers: a status and a body (None: none, as 204 wants it)."""

    status: int
    body: BaseModel | None = None

    def content(self) -> bytes:
        """The body as it is sent."""
        return b"" if self.body is None else self.body.model_dump_json().encode()


class Taken(Exception):
    """The key was used before: what was just done is rolled back."""


class OnceFor:
    """One write of one caller, with or without a key."""

    def __init__(self, caller: str, key: str | None, line: str, body: bytes) -> None:
        self._caller, self._key, self._line, self._body = caller, key, line, body

    def in_one_transaction(self, work: Callable[[Session], Answer]) -> Response:
        """Do *work* and keep its answer in one transaction. What *work* raises rolls it back."""
        write = self.write()
        try:
            with sessions().begin() as session:
                answer = work(session)
                status, content = answer.status, answer.content()
                if write is not None and not _kept(session, write, status, content):
                    raise Taken
        except Taken:
            assert write is not None
            return again(write)
        except (ZoomPoolError, Problem) as error:
            return self.refused(error)
        return answered(status, content)

    def around(self, work: Callable[[], Answer]) -> Response:
        """Claim, do *work*, which has transactions of its own and may be done twice, and keep its answer."""
        write = self.write()
        if write is None:
            answer = work()
            return answered(answer.status, answer.content())
        now = utcnow()
        with sessions().begin() as session:
            claimed = idempotency.claim(session, write, now=now)
        if not claimed:
            return again(write)
        keep = False
        try:
            answer = work()
            status, content, keep = answer.status, answer.content(), True
        except (ZoomPoolError, Problem) as error:
            problem = problem_of(error)
            if not _is_kept(problem.status):
                raise
            status, content, keep = problem.status, problem.body(), True
        finally:
            if not keep:
                with sessions().begin() as session:
                    idempotency.give_back(session, write, claimed_at=now)
        with sessions().begin() as session:
            sealed = wiring().vault.encrypt_bytes(content)
            idempotency.settle(session, write, claimed_at=now, status=status, answer=sealed)
        return answered(status, content)

    def write(self) -> Write | None:
        """What is kept of it; None without a key."""
        if self._key is None:
            return None
        digest = hashlib.sha256(self._line.encode() + b"\n" + _canonical(self._body)).digest()
        return Write(self._caller, self._key, digest)

    def refused(self, error: ZoomPoolError | Problem) -> Response:
        """A refusal is an answer too; but one that was given before comes first."""
        write, problem = self.write(), problem_of(error)
        if write is None:
            raise error
        with sessions().begin() as session:
            found = idempotency.find(session, write)
            if found is None and _is_kept(problem.status):
                _kept(session, write, problem.status, problem.body())
        if found is None:
            raise problem from error
        return again(write)


def _is_kept(status: int) -> bool:
    return status < 500 and status not in (422, 429)


def _kept(session: Session, write: Write, status: int, content: bytes) -> bool:
    answer = wiring().vault.encrypt_bytes(content)
    return idempotency.keep(session, write, status=status, answer=answer, now=utcnow())


def again(write: Write) -> Response:
    """The answer that was kept. Raises `Problem`: it was another request, or it is not answered yet."""
    with sessions()() as session:
        found = idempotency.find(session, write)
    if found is not None and not found.same:
        raise Problem(
            422,
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request.",
            next_step="Take a new key for each write, and the same one only to send the same write again.",
            errors=[{"field": "Idempotency-Key", "message": "It was used for another request."}],
        )
    if found is None or found.status is None or found.answer is None:
        raise Problem(
            409,
            "still_running",
            "The same request is still under way.",
            next_step="Send it again in a moment.",
            headers={"Retry-After": "2"},
        )
    return answered(found.status, wiring().vault.decrypt_bytes(found.answer), REPLAYED)


def answered(status: int, content: bytes, headers: dict[str, str] | None = None) -> Response:
    """The answer as it is sent."""
    media_type = None if not content else MEDIA_TYPE if status >= 400 else "application/json"
    return Response(content, status, headers=headers, media_type=media_type)


def _canonical(body: bytes) -> bytes:
    """The same for the same JSON, however it is spaced and ordered; what is no JSON, such as a CSV list, or nested
    without end, as it is."""
    try:
        return json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return body


async def _once(
    request: Request,
    caller: Authenticated,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            pattern="^[ -~]+$",
            description="A text of your own, new for each write. The same write sent again with it is not done again.",
            examples=["4d0f4d1e-booking-4711"],
        ),
    ] = None,
) -> OnceFor:
    query = f"?{request.url.query}" if request.url.query else ""
    line = f"{request.method} {request.url.path}{query}"
    return OnceFor(f"key:{caller.id}", idempotency_key, line, await request.body())


Once = Annotated[OnceFor, Depends(_once)]
