"""POST over connections that are kept alive: thousands of events leave a second from the one event loop."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

import httptools

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Connections:
    """Idle connections by origin. A call takes one, or opens another, and gives it back when it may be used again."""

    def __init__(self) -> None:
        self._idle: dict[str, list[Stream]] = {}

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Send and wait for the status and the body. Raises OSError, ConnectionError included."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        lines = [f"POST {parts.path or '/'}{'?' * bool(parts.query)}{parts.query} HTTP/1.1", f"host: {parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = ("\r\n".join([*lines, f"content-length: {len(body)}", "", ""])).encode("latin-1") + body
        while idle := self._idle.get(origin):
            try:
                return await self._exchange(origin, idle.pop(), request)
            except ConnectionError:
                continue  # the peer had closed it while nobody used it
        secure = ssl.create_default_context() if parts.scheme == "https" else None
        port = parts.port or (443 if secure else 80)
        return await self._exchange(origin, await asyncio.open_connection(parts.hostname, port, ssl=secure), request)

    async def _exchange(self, origin: str, stream: Stream, request: bytes) -> tuple[int, bytes]:
        reader, writer = stream
        reusable = False
        try:
            writer.write(request)
            answer = _Answer()
            while not answer.complete:
                received = await reader.read(65536)
                if not received:
                    raise ConnectionResetError("the connection was closed without a whole answer")
                answer.feed(received)
            reusable = answer.keeps_alive
        finally:
            if reusable:
                self._idle.setdefault(origin, []).append(stream)
            else:
                writer.close()
        return answer.status, answer.body

    def close(self) -> None:
        """Hang up whatever is idle."""
        for streams in self._idle.values():
            for _, writer in streams:
                writer.close()
        self._idle.clear()


class _Answer:
    """Takes an HTTP answer apart as it comes in; the hooks are httptools' by name."""

    def __init__(self) -> None:
        self.status, self.body = 0, b""
        self.complete = self.keeps_alive = False
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, received: bytes) -> None:
        """Raises ConnectionError for what is no HTTP."""
        try:
            self._parser.feed_data(received)
        except httptools.HttpParserError as error:
            raise ConnectionAbortedError(f"the answer is no HTTP: {error}") from error

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self.keeps_alive = self._parser.should_keep_alive()
        self.complete = True
