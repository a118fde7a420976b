"""Events of a thousand meetings wait in the inbox: how many of them are applied in a second."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psutil
import sqlalchemy as sa

from core.clock import utcnow
from core.services.inbox.apply import apply_inbox
from core.services.inbox.notice import read_notice
from core.services.inbox.receive import receive
from core.services.lifecycle.tick import BATCH
from tests import zoom_events
from tests.bench.figures import Result
from tests.bench.history import locations_with_accounts
from tests.bench.installation import Installation, installation
from tests.bench.pool import ACCOUNTS_EACH, LEAD, book

STARTED = timedelta(minutes=33)  # ago; half an hour long, so that they are over by now
ZOOM_NUMBER = 80_000_000_000

# What opening would have written of each appointment: a lease whose link is out, and its meeting.
OPENED = """
    INSERT INTO leases (location_id, account_id, appointment_id, revision, state, account_idle_since, free_accounts,
                        reserved_at, ready_at)
    SELECT c.location_id, c.id, a.id, a.revision, 'ready', c.idle_since, 5, a.starts_at, a.starts_at
    FROM (SELECT *, row_number() OVER (PARTITION BY location_id ORDER BY id) AS place FROM accounts) AS c
    JOIN (SELECT *, row_number() OVER (PARTITION BY location_id ORDER BY id) AS place FROM appointments) AS a
         USING (location_id, place);
    UPDATE appointments SET link = 'ready';
    INSERT INTO meetings (location_id, lease_id, account_id, reference, state, zoom_meeting_id, zoom_uuid, join_url,
                          intended_at, created_at)
    SELECT location_id, id, account_id, 'bench-' || id, 'created', 80000000000 + id, 'first-' || id,
           'https://zoom.test/j/' || id, reserved_at, reserved_at
    FROM leases
"""
COOLING = sa.text("SELECT count(*) FROM leases WHERE state = 'cooldown'")
ATTACHED = sa.text("SELECT count(*) FROM recordings WHERE outcome = 'attached'")


def apply(scale: float) -> Result:
    """9,000 events of 1,000 meetings, from their starts to their recordings, as the lifecycle's tick applies them."""
    count = max(10, round(1000 * scale))
    with installation(daemon=False) as place:
        locations_with_accounts(place, locations=count // ACCOUNTS_EACH, accounts_each=ACCOUNTS_EACH)
        book(place, count, due_in=-STARTED - LEAD)
        _events_wait(place)
        with _cpu(place) as cpu:
            events, seconds = _apply_all(place)
        with place.world.parts.sessions() as session:
            cooling, attached = session.scalar(COOLING), session.scalar(ATTACHED)
    assert cooling == attached == count, f"of {count} meetings {cooling} accounts cool, {attached} recordings are there"
    details = {"events": events, "seconds": round(seconds, 2), **cpu}
    return Result({"apply_events_per_second": events / seconds}, details)


def _events_wait(place: Installation) -> None:
    """Each meeting's nine events, in the order in which Zoom would send those of all meetings."""
    with place.world.parts.sessions.begin() as session:
        for statement in OPENED.split(";"):
            session.execute(sa.text(statement))
        leases = session.execute(sa.text("SELECT id, reserved_at FROM leases ORDER BY id")).all()
    stages = zip(*(list(_events(ZOOM_NUMBER + lease.id, lease.reserved_at)) for lease in leases), strict=True)
    for stage in stages:
        now = utcnow()
        notices = [read_notice(zoom_events.signed(event)[0], now=now) for event in stage]
        with place.world.parts.sessions.begin() as session:
            receive(session, notices, vault=place.world.parts.vault, now=now)


def _events(number: int, start: datetime) -> Iterator[dict[str, Any]]:
    begins, ends = f"{start:%Y-%m-%dT%H:%M:%SZ}", f"{start + timedelta(minutes=31):%Y-%m-%dT%H:%M:%SZ}"
    thing = {"id": str(number), "uuid": f"held-{number}==", "start_time": begins, "timezone": "UTC", "duration": 30}
    at = start.timestamp()
    people = [{"user_id": f"{n}", "user_name": "Ann", "participant_uuid": f"p{n}-{number}"} for n in (1, 2)]
    file = {"recording_start": begins, "recording_end": ""}
    yield zoom_events.event("meeting.started", at=at, **thing)
    yield zoom_events.event("recording.started", at=at, **thing, recording_file=file)
    for person in people:
        yield zoom_events.event(
            "meeting.participant_joined", at=at, **thing, participant={**person, "join_time": begins}
        )
    at += 31 * 60
    for person in people:
        yield zoom_events.event("meeting.participant_left", at=at, **thing, participant={**person, "leave_time": ends})
    yield zoom_events.event("recording.stopped", at=at, **thing, recording_file=file | {"recording_end": ends})
    yield zoom_events.event("meeting.ended", at=at, **thing, end_time=ends)
    recorded = zoom_events.recording(files=3, named=str(number), uuid=thing["uuid"], start_time=begins, duration=31)
    listed = recorded["payload"]["object"]["recording_files"]
    files = [each | {"recording_start": begins, "recording_end": ends} for each in listed]
    recorded["payload"]["object"] |= {"id": number, "recording_files": files}
    yield recorded | {"event_ts": round(1000 * (at + 60))}


@contextmanager
def _cpu(place: Installation) -> Iterator[dict[str, float]]:
    """Seconds of CPU that the block takes, ours and PostgreSQL's: they tell something beside other work, too."""
    with place.world.parts.sessions() as session:
        server = psutil.Process(session.scalars(sa.text("SELECT pg_backend_pid()")).one())
    cpu: dict[str, float] = {}
    ours, before = time.process_time(), server.cpu_times()
    yield cpu
    after = server.cpu_times()
    cpu["python_cpu_seconds"] = round(time.process_time() - ours, 2)
    cpu["postgresql_cpu_seconds"] = round(after.user + after.system - before.user - before.system, 2)


def _apply_all(place: Installation) -> tuple[int, float]:
    parts, events, start = place.world.parts, 0, time.perf_counter()
    while True:
        with parts.sessions.begin() as session:
            applied = apply_inbox(session, vault=parts.vault, rules=parts.rules, now=utcnow(), limit=BATCH)
        events += applied.outcomes.total()
        if applied.outcomes.total() < BATCH:
            return events, time.perf_counter() - start
