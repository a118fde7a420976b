"""Bookings over the API, in a process of its own: `python -m tests.bench.create_load PORT SECONDS`.

Reads one line of JSON, `{"key": ..., "calendars": [[location_id, calendar_id], ...]}`, and prints one: how many seconds
it took, and the milliseconds of each booking.
"""

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import uvloop

CLIENTS = 8  # connections, each with one booking under way


def booking(calendar: tuple[int, int], external_id: str, starts_at: datetime) -> dict[str, Any]:
    """Half an hour of one more client."""
    location_id, calendar_id = calendar
    return {
        "location_id": location_id,
        "calendar_id": calendar_id,
        "external_id": external_id,
        "client_name": f"Client {external_id}",
        "client_email": f"client-{external_id}@clients.test",
        "client_zone": "Europe/Lisbon",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(minutes=30)).isoformat(),
    }


def bookings(calendars: list[tuple[int, int]]) -> Iterator[dict[str, Any]]:
    """New ones for ever, over all locations and the next two months."""
    run, first = secrets.token_hex(4), datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    for number in count():
        starts_at = first + timedelta(minutes=15 * (number * 37 % 5760))
        yield booking(calendars[number % len(calendars)], f"{run}-{number}", starts_at)


class Load:
    """What was booked. Anything but 201 ends it."""

    def __init__(self, port: int, seconds: float, key: str, calendars: list[tuple[int, int]]) -> None:
        self.port, self.key = port, key
        self.until = time.perf_counter() + seconds
        self.bookings = bookings(calendars)
        self.milliseconds: list[float] = []

    async def run(self) -> None:
        """Each client books its next when the one before is answered."""
        await asyncio.gather(*(self._book() for _ in range(CLIENTS)))

    async def _book(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while (moment := time.perf_counter()) < self.until:
            writer.write(self._request())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 201 "), head
            await reader.readexactly(_length(head))
            self.milliseconds.append(1000 * (time.perf_counter() - moment))
        writer.close()

    def _request(self) -> bytes:
        one = next(self.bookings)
        body = json.dumps(one).encode()
        lines = [
            "POST /api/v1/appointments HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {self.key}",
            f"Idempotency-Key: {one['external_id']}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body


def _length(head: bytes) -> int:
    fields = (line.split(b":", 1) for line in head.lower().split(b"\r\n")[1:] if line)
    return next(int(value) for name, value in fields if name == b"content-length")


def main() -> None:
    """Book and say how it went."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("seconds", type=float)
    given, secret = parser.parse_args(), json.loads(sys.stdin.readline())
    load = Load(given.port, given.seconds, secret["key"], [tuple(each) for each in secret["calendars"]])
    start = time.perf_counter()
    uvloop.run(load.run())
    print(json.dumps({"seconds": time.perf_counter() - start, "milliseconds": load.milliseconds}))


if __name__ == "__main__":
    main()
