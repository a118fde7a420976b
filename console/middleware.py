"""What holds for every answer of the web process: a limit on what it reads, and headers that keep browsers careful.

Pure ASGI: Starlette's BaseHTTPMiddleware would buffer answers and never sees the websocket.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.api.problems import Problem

BODY_LIMIT = 1_000_000  # bytes; the largest body anybody has to send us is a webhook of some kilobytes
API = "/api"
OWN = ("/oauth", "/healthz", API, "/webhooks")


def is_below(path: str, *prefixes: str) -> bool:
    """Whether *path* is one of *prefixes* or lies below it: `/api/v1` lies below `/api`, `/api_keys` does not."""
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in prefixes)


class LimitBody:
    """Answer 413 to a body larger than *limit* bytes, announced or not."""

    def __init__(self, app: ASGIApp, limit: int = BODY_LIMIT) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what announces itself as too large unread; count the rest while it is read."""
        announced = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        if announced.isdigit() and int(announced) > self.limit:
            await _too_large(scope["path"], self.limit)(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.limit:
                # Starlette turns this into the answer; any other exception would become a 500 on its way out to us.
                raise HTTPException(413, f"The body is larger than {self.limit} bytes.")
            return message

        await self.app(scope, counted if scope["type"] == "http" else receive, send)


def _too_large(path: str, limit: int) -> Response:
    said = f"The body is larger than {limit} bytes."
    if is_below(path, API):
        return Problem(413, "too_large", said, next_step="Send it in parts.").answer()
    return JSONResponse({"error": said}, status_code=413)


class SecurityHeaders:
    """No sniffing, no frames, no referrer to strangers; nothing at all may be loaded by what our own routes answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to every HTTP answer."""
        own = scope["type"] == "http" and is_below(scope["path"], *OWN)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Frame-Options"] = "DENY"
                headers["Referrer-Policy"] = "same-origin"
                # The page that documents the API has a style sheet, and says so itself.
                headers.setdefault(
                    "Content-Security-Policy",
                    "default-src 'none'; frame-ancestors 'none'" if own else "frame-ancestors 'none'",
                )
                if own:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self.app(scope, receive, guarded if scope["type"] == "http" else send)
