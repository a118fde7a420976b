"""A receiver of alerts that is told what to answer, beside the practice mailbox."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Receiver:
    """What came, and with what status the next alerts are answered."""

    address: str = ""
    status: int = 200
    got: list[dict[str, Any]] = field(default_factory=list)

    @property
    def titles(self) -> list[str]:
        """The first line of each alert that was accepted."""
        return [each["title"] for each in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A program that takes alerts as JSON; its address holds a password."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if found.status == 200:
                found.got.append(body)
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    found.address = f"json://user:hidden-word@127.0.0.1:{server.server_port}/alerts"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()
