"""A subscriber of the practice Zoom's events: a real HTTP server that remembers what came in."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "a-secret-token"


@dataclass
class Received:
    """One request."""

    headers: dict[str, str]
    raw: bytes
    at: float

    @property
    def body(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.raw)
        return parsed

    @property
    def signed(self) -> bool:
        """Whether the signature is that of the raw bytes and the timestamp."""
        signed = b"v0:" + self.headers["x-zm-request-timestamp"].encode() + b":" + self.raw
        expected = "v0=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, self.headers["x-zm-signature"])


@dataclass
class Receiver:
    """*statuses* are answered in turn, then 204; *delay* is waited for before each answer."""

    url: str = ""
    secret: str = SECRET
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    delay: float = 0
    connections: set[tuple[str, int]] = field(default_factory=set)

    def events(self) -> list[str]:
        """The names, in the order in which they came."""
        return [each.body["event"] for each in self.received]

    def one(self, event: str) -> dict[str, Any]:
        """The body of the only event of that name."""
        (found,) = [each.body for each in self.received if each.body["event"] == event]
        return found

    def answer(self, request: Received) -> tuple[int, bytes]:
        self.received.append(request)
        time.sleep(self.delay)
        if request.body["event"] == "endpoint.url_validation":
            token = request.body["payload"]["plainToken"]
            encrypted = hmac.new(self.secret.encode(), token.encode(), hashlib.sha256).hexdigest()
            return 200, json.dumps({"plainToken": token, "encryptedToken": encrypted}).encode()
        return self.statuses.pop(0) if self.statuses else 204, b""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            receiver.connections.add(self.client_address)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = receiver.answer(Received(headers, raw, time.monotonic()))
            self.send_response(status)
            if status != 204:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks/zoom"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
