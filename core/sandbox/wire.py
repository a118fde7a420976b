"""What every call on Zoom's wire has in common: reading it, who calls, the error shapes, headers and answers."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from starlette.types import Receive, Scope, Send

from core.sandbox.records import Grant, User

if TYPE_CHECKING:
    from core.sandbox.world import World

JSON_TYPE = "application/json;charset=UTF-8"


@dataclass
class Call:
    """A request that has been read whole. *user* is the caller, once `authenticate` has found him."""

    method: str
    path: str
    path_params: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    user: User | None = None
    drop_settings: dict[str, Any] = field(default_factory=dict)

    def form(self) -> dict[str, str]:
        """Form fields; Zoom's OAuth endpoints also take them from the query string."""
        return self.query | dict(parse_qsl(self.body.decode("latin-1"), keep_blank_values=True))

    def json(self) -> dict[str, Any]:
        """The JSON object in the body. Raises ZoomError 300 when there is none."""
        try:
            body = json.loads(self.body or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ZoomError(400, 300, "Request Body should be a valid JSON object.")
        return body


@dataclass
class Reply:
    """An answer. *body* is a JSON value, None for an empty body, or bytes to be sent as they are."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = JSON_TYPE

    async def send(self, send: Send) -> None:
        content = self.body if isinstance(self.body, bytes) else b"" if self.body is None else encode(self.body)
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        headers.append((b"x-zm-trackingid", f"v=2.0;clid=practice;rid=WEB_{secrets.token_hex(16)}".encode()))
        if self.status != 204:
            headers.append((b"content-type", self.media_type.encode()))
            headers.append((b"content-length", str(len(content)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


class ZoomError(Exception):
    """A refusal in the shape of Zoom's REST API: `{"code", "message", "errors"?}`."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        errors: list[tuple[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        body: dict[str, Any] = {"code": code, "message": message}
        if errors:
            body["errors"] = [{"field": name, "message": text} for name, text in errors]
        self.reply = Reply(status, body, headers or {})


class OAuthError(Exception):
    """A refusal in the shape of Zoom's token endpoint: `{"reason", "error"}`."""

    def __init__(self, status: int, error: str, reason: str) -> None:
        super().__init__(reason)
        self.reply = Reply(status, {"reason": reason, "error": error})


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    *label* is its rate-limit label and *scopes* are those of which a token needs one (Zoom API reference; granular
    first, classic after). OAuth operations have neither.
    """

    method: str
    path: str
    handler: Callable[[World, Call], Reply]
    label: str | None = None
    scopes: tuple[str, ...] = ()

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"


def encode(body: Any) -> bytes:
    """Compact JSON, as Zoom sends it."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def wire_time(moment: datetime | float) -> str:
    """A time as Zoom prints it, in UTC."""
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


async def read_call(scope: Scope, receive: Receive) -> Call:
    """Read a request to its end."""
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return Call(
        method=scope["method"],
        path=scope["path"],
        path_params=scope["path_params"],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=b"".join(chunks),
    )


def bearer_grant(world: World, call: Call) -> Grant | None:
    """The grant that a call's access token belongs to, whether or not it has expired."""
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    return world.grant_by_access_token.get(token) if kind.lower() == "bearer" else None


def authenticate(world: World, call: Call) -> Grant:
    """Find the caller by its access token and set `call.user`.

    Raises ZoomError 401/124 for a missing, unknown or expired token, 404/1001 for a user who is gone.
    """
    if not call.headers.get("authorization", "").lower().startswith("bearer "):
        raise ZoomError(401, 124, "Invalid access token, requires an access token.")
    grant = bearer_grant(world, call)
    if grant is None:
        raise ZoomError(401, 124, "Invalid access token.")
    if grant.access_expires_at <= world.now():
        raise ZoomError(401, 124, "Access token is expired.")
    call.user = world.users.get(grant.user_id)
    if call.user is None:
        raise ZoomError(404, 1001, f"User does not exist: {grant.user_id}.")
    return grant


def require_scope(grant: Grant, scopes: tuple[str, ...]) -> None:
    """Raises ZoomError 400/4711 unless the grant has one of *scopes*."""
    if not set(scopes) & set(grant.scopes):
        raise ZoomError(400, 4711, f"Invalid access token, does not contain scopes:[{', '.join(scopes)}].")


def decoded_id(call: Call) -> str:
    """The meeting number or the UUID in the path.

    A UUID that begins with a slash or holds two in a row has to be URL-encoded twice, others may be. Raises ZoomError
    300 for one that was not.
    """
    text = call.path_params["meeting_id"]
    if text.startswith("/") or "//" in text:
        raise ZoomError(400, 300, "Invalid meeting id. Encode the meeting UUID twice.")
    return unquote(text)


def caller(call: Call) -> User:
    """The user who calls, for operations that the endpoint has already authenticated.

    Raises ZoomError when the path names a user other than `me`, which a user-level token must not.
    """
    assert call.user is not None
    if call.path_params.get("user_id", "me") != "me":
        raise ZoomError(400, 4711, "Invalid access token, does not contain scopes:[user:read:user:admin].")
    return call.user
