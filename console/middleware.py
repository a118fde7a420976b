"""What holds for every answer of the web process: a limit on what it reads, and headers that keep browsers careful.

Pure ASGI: Starlette's BaseHTTPMiddleware would buffer answers and never sees the websocket.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 1_000_000  # bytes; the largest body anybody has to send us is a webhook of some kilobytes
OWN = ("/oauth", "/healthz", "/api", "/webhooks")


class _TooLarge(Exception):
    """The body went past the limit while it was read."""


class LimitBody:
    """Answer 413 to a body larger than *limit* bytes, announced or not."""

    def __init__(self, app: ASGIApp, limit: int = BODY_LIMIT) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what is read; what announces itself as too large is not read at all."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        read = 0
        answered = False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.limit:
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            if announced.isdigit() and int(announced) > self.limit:
                raise _TooLarge
            await self.app(scope, counted, watched)
        except _TooLarge:
            if answered:
                raise
            refusal = JSONResponse({"error": f"The body is larger than {self.limit} bytes."}, status_code=413)
            await refusal(scope, receive, send)


class SecurityHeaders:
    """No sniffing, no frames, no referrer to strangers; nothing at all may be loaded by what our own routes answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to every HTTP answer."""
        own = scope["type"] == "http" and scope["path"].startswith(OWN)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Frame-Options"] = "DENY"
                headers["Referrer-Policy"] = "same-origin"
                headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'" if own else "frame-ancestors 'none'"
                if own:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self.app(scope, receive, guarded if scope["type"] == "http" else send)
