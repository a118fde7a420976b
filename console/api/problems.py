"""Errors as RFC 9457 problems: what happened, at which field, what to do next, and an id to quote. Never a trace."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from psycopg import errors as postgres
from sqlalchemy.exc import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import (
    AlreadyBooked,
    Conflict,
    ConnectRefused,
    InvalidInput,
    MailError,
    NotFound,
    ZoomError,
    ZoomPoolError,
    ZoomRateLimited,
    ZoomUnavailable,
)

MEDIA_TYPE = "application/problem+json"
FIELDS_SHOWN = 100
SEE_ALL = "GET /api/v1/openapi.json lists every address."
SOON = {"Retry-After": "5"}
TITLES = {
    400: "The request cannot be read",
    401: "No valid key",
    403: "The key may not do this",
    404: "Not found",
    405: "Wrong method",
    409: "Contradicts what is",
    413: "Too large",
    422: "Cannot be used as it is",
    429: "Too many requests",
    500: "Our mistake",
    502: "Zoom did not do what was asked",
    503: "Not available right now",
}
# The most particular class decides; a class of its own needs no entry here and no word: `PoolShort` is `pool_short`.
STATUSES: dict[type[Exception], int] = {
    InvalidInput: 422,
    NotFound: 404,
    Conflict: 409,
    ConnectRefused: 409,
    ZoomError: 502,
    ZoomUnavailable: 503,
    ZoomRateLimited: 503,
    MailError: 502,
    ZoomPoolError: 503,
}
log = structlog.get_logger(__name__)


class Problem(Exception):
    """A refusal as the API words it. *type_* is a short stable word for programs; *more* are members of its own."""

    def __init__(
        self,
        status: int,
        type_: str,
        detail: str,
        *,
        next_step: str = "",
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.type = type_
        self.headers = dict(headers or {})
        self.id = uuid.uuid4().hex[:12]
        self.members = {
            "type": type_,
            "title": TITLES.get(status, "Refused"),
            "status": status,
            "detail": detail,
            "next_step": next_step,
            "id": self.id,
            "errors": [dict(each) for each in errors],
            **more,
        }

    def body(self) -> bytes:
        """What is sent."""
        return json.dumps(self.members, default=str, ensure_ascii=False).encode()

    def answer(self) -> Response:
        """The whole answer."""
        return Response(self.body(), self.status, headers=self.headers, media_type=MEDIA_TYPE)


def problem_of(error: Exception) -> Problem:
    """What *error* says to a caller; of what nobody foresaw, only where to find it in the log."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ZoomPoolError):
        return _of_ours(error)
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, SQLAlchemyError):
        return _of_database(error)
    return _unexpected()


def _of_ours(error: ZoomPoolError) -> Problem:
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    if status == 503 and not isinstance(error, ZoomError):  # a setting at fault: its name is not the caller's business
        log.error("api_unconfigured", reason=str(error))
        return Problem(503, "unavailable", "The service is not set up completely.", next_step="Tell its operators.")
    fields = [{"field": field, "message": message} for field, message in _at_fault(error)]
    headers = SOON if status == 503 else None
    return Problem(status, _word(type(error)), error.message, next_step=error.next_step, errors=fields, headers=headers)


def _at_fault(error: ZoomPoolError) -> list[tuple[str, str]]:
    if isinstance(error, InvalidInput):
        return [(error.field, error.message)]
    if isinstance(error, AlreadyBooked):
        return [(field, "It was booked with another value.") for field in error.fields]
    return []


def _word(kind: type[Exception]) -> str:
    """`StaleState`: `stale_state`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__).lstrip("_")


def _of_validation(error: RequestValidationError) -> Problem:
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return Problem(400, "bad_json", "The body is not JSON.", next_step="Send one JSON object, in UTF-8.")
    errors = [{"field": _field(each["loc"]), "message": each["msg"]} for each in found[:FIELDS_SHOWN]]
    # Whether it was sent as JSON decides whether it is read at all.
    step = "Mend the fields named in errors; a body goes out with Content-Type: application/json."
    named = ", ".join(dict.fromkeys(each["field"] for each in errors[:5]))
    return Problem(422, "invalid_input", f"Cannot be used: {named}.", next_step=step, errors=errors)


def _field(place: Sequence[int | str]) -> str:
    """`("body", "items", 3, "starts_at")`: `items.3.starts_at`. The whole body is `body`."""
    return ".".join(map(str, place[1:] or place))


def _of_http(error: HTTPException) -> Problem:
    word = {400: "bad_json", 404: "no_such_address", 405: "wrong_method", 413: "too_large"}.get(
        error.status_code, "refused"
    )
    step = {
        404: SEE_ALL,
        405: "The header Allow names the methods.",
        413: "Send it in parts.",
    }.get(error.status_code, "")
    said = "There is nothing at this address." if error.status_code == 404 else str(error.detail)
    return Problem(error.status_code, word, said, next_step=step, headers=error.headers)


def _of_database(error: SQLAlchemyError) -> Problem:
    original = getattr(error, "orig", None)
    if isinstance(error, DataError):
        return Problem(422, "invalid_input", "A value is beyond what can be stored.", next_step="Send a plainer one.")
    if isinstance(error, IntegrityError) and isinstance(original, postgres.UniqueViolation):
        return Problem(409, "conflict", "Somebody else wrote the same just now.", next_step="Look again.")
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout | ProgrammingError):
        log.error("api_without_database", error=type(original or error).__name__, exc_info=error)
        return Problem(
            503, "unavailable", "The database does not answer.", next_step="Try again in a moment.", headers=SOON
        )
    return _unexpected()


def _unexpected() -> Problem:
    return Problem(
        500,
        "unexpected",
        "Something went wrong that should not.",
        next_step="Try again; if it stays, quote the id to the operators.",
    )


async def _explained(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    facts = {"problem": problem.id, "status": problem.status, "type": problem.type}
    if problem.status >= 500:
        log.error("api_failed", **facts, path=request.url.path, exc_info=error)
    else:
        log.info("api_refused", **facts, path=request.url.path)
    return problem.answer()


class CatchUnexpected:
    """Answers what no handler foresaw, before the server around us would answer it in its own way and log it twice."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; answer an error as long as nothing was sent."""
        begun = False

        async def noticed(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noticed)
        except Exception as error:
            if begun:
                raise
            answer = await _explained(Request(scope), error)
            await answer(scope, receive, send)


def explain_errors(api: FastAPI) -> None:
    """Let every error of *api* become a problem."""
    for kind in (Problem, ZoomPoolError, RequestValidationError, HTTPException, SQLAlchemyError):
        api.add_exception_handler(kind, _explained)
    api.add_middleware(CatchUnexpected)
