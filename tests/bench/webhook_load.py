"""A load of Zoom's events, in a process of its own: `python -m tests.bench.webhook_load PORT SECONDS [--rate N]`.

Prints one line of JSON: how many events were answered with 200, in how many seconds, and the milliseconds of each.
"""

import argparse
import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count, cycle
from typing import Any

import uvloop

from tests import zoom_events

SENDERS = 64  # connections, each with one event under way


def requests() -> Iterator[bytes]:
    """Requests for ever, each a new event signed at this moment, in the mix of a meeting: most are of participants."""
    run, makers = secrets.token_hex(4), cycle([_started, _joined, _joined, _left, _left, _ended, _recorded])
    for number in count():
        body, headers = zoom_events.signed(next(makers)(f"{run}-{number}=="))
        lines = [f"{name}: {value}" for name, value in headers.items()]
        lines = ["POST /webhooks/zoom HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *lines, "", ""]
        yield "\r\n".join(lines).encode() + body


def _started(uuid: str) -> dict[str, Any]:
    return zoom_events.event("meeting.started", uuid=uuid)


def _ended(uuid: str) -> dict[str, Any]:
    return zoom_events.event("meeting.ended", uuid=uuid)


def _joined(uuid: str) -> dict[str, Any]:
    return zoom_events.participant("meeting.participant_joined", user=uuid)


def _left(uuid: str) -> dict[str, Any]:
    return zoom_events.participant("meeting.participant_left", user=uuid)


def _recorded(uuid: str) -> dict[str, Any]:
    return zoom_events.recording(uuid=uuid, files=4)


class Load:
    """What was sent and answered. Anything but 200 ends it."""

    def __init__(self, port: int, seconds: float) -> None:
        self.port, self.seconds = port, seconds
        self.requests = requests()
        self.milliseconds: list[float] = []

    async def as_fast_as_answered(self) -> None:
        """Each sender sends its next event when the one before is answered."""
        until = time.perf_counter() + self.seconds

        async def now() -> AsyncIterator[float]:
            while (moment := time.perf_counter()) < until:
                yield moment

        await asyncio.gather(*(self._send(now()) for _ in range(SENDERS)))

    async def at(self, rate: float) -> None:
        """*rate* events a second, on time whatever the answers take: one that has to wait counts from its time on."""
        start = time.perf_counter() + 0.1
        moments = iter([start + number / rate for number in range(round(rate * self.seconds))])

        async def due() -> AsyncIterator[float]:
            for moment in moments:
                await asyncio.sleep(moment - time.perf_counter())
                yield moment

        await asyncio.gather(*(self._send(due()) for _ in range(SENDERS)))

    async def _send(self, moments: AsyncIterator[float]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        async for moment in moments:
            writer.write(next(self.requests))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ") and b"content-length: 0" in head.lower(), head
            self.milliseconds.append(1000 * (time.perf_counter() - moment))
        writer.close()


def main() -> None:
    """Send and say how it went."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--rate", type=float, help="events a second; left out: as fast as they are answered")
    given = parser.parse_args()
    load = Load(given.port, given.seconds)
    start = time.perf_counter()
    uvloop.run(load.at(given.rate) if given.rate else load.as_fast_as_answered())
    print(json.dumps({"seconds": time.perf_counter() - start, "milliseconds": load.milliseconds}))


if __name__ == "__main__":
    main()
