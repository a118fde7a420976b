"""Rounds of a race: allocators on connections of their own, while people cancel and accounts come free."""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.services.cancel import cancel
from core.services.due import due_work
from core.services.lease import allocate
from tests.world import TEST, World

LOCATIONS = ("Harbour Clinic", "Hill Clinic")
ACCOUNTS = 4
DUE = 6
MOST_ALLOCATORS = 8

FORGET = [
    sa.text(f"DELETE FROM {table}")
    for table in ("events", "messages", "leases", "appointment_revisions", "appointments")
]
REST = sa.text("UPDATE accounts SET idle_since = :now - (id * 7 % 5) * interval '1 minute'")
# One appointment each for the accounts that are still in use, so many that are due, all starting at different times.
BOOK = sa.text("""
    INSERT INTO appointments (location_id, calendar_id, external_id, client_name, client_email, client_zone,
                              starts_at, ends_at, link, status)
    SELECT c.location_id, c.id, n || '@' || c.location_id, 'Client', 'client@clients.test', 'UTC',
           :now + (n % :due) * interval '1 minute' + interval '1 minute', :now + interval '1 hour',
           CASE WHEN n < :due THEN 'not_due' ELSE 'ended' END, CASE WHEN n < :due THEN 'booked' ELSE 'completed' END
    FROM calendars AS c CROSS JOIN generate_series(0, :due + :accounts - 1) AS n
    WHERE c.name = 'Video'
    ORDER BY random()
""")
REVISIONS = sa.text("""
    INSERT INTO appointment_revisions (appointment_id, revision, location_id, starts_at, ends_at, due_at)
    SELECT id, 1, location_id, starts_at, ends_at, booked_at FROM appointments
""")
# Every account is idle, or resting with its cooldown passed, or in use until somebody frees it.
USED = sa.text("""
    INSERT INTO leases (location_id, account_id, appointment_id, revision, state, reserved_at, cooldown_until,
                        account_idle_since, free_accounts)
    SELECT c.location_id, c.id, a.id, 1, CASE WHEN c.place % 4 = 2 THEN 'cooldown' ELSE 'ready' END, :now,
           :now - interval '1 minute', :now, 1
    FROM (SELECT *, row_number() OVER (PARTITION BY location_id ORDER BY id) AS place FROM accounts) AS c
    JOIN (SELECT *, row_number() OVER (PARTITION BY location_id ORDER BY id) AS place
          FROM appointments WHERE status = 'completed') AS a USING (location_id, place)
    WHERE c.place % 4 IN (2, 3)
""")
FREE_ONE = sa.text("""
    WITH freed AS (
        UPDATE leases SET state = 'released', released_at = clock_timestamp(), release_reason = 'freed'
        WHERE id = (SELECT id FROM leases WHERE state = 'ready' ORDER BY id LIMIT 1 FOR NO KEY UPDATE)
        RETURNING account_id
    )
    UPDATE accounts SET idle_since = clock_timestamp() FROM freed WHERE accounts.id = freed.account_id
""")
LEASES = sa.text("""
    SELECT l.id, l.location_id, l.account_id, l.appointment_id, l.claimed_by_run, l.account_idle_since, l.released_at,
           a.starts_at
    FROM leases AS l JOIN appointments AS a ON a.id = l.appointment_id
    WHERE a.status <> 'completed' ORDER BY l.id
""")
UNSERVED = sa.text("""
    SELECT a.location_id, min(a.starts_at) AS starts_at FROM appointments AS a
    WHERE a.status = 'booked' AND NOT EXISTS (SELECT FROM leases AS l WHERE l.appointment_id = a.id)
    GROUP BY a.location_id
""")
FREE = sa.text("""
    SELECT c.location_id FROM accounts AS c
    WHERE NOT EXISTS (SELECT FROM leases AS l WHERE l.account_id = c.id AND l.released_at IS NULL)
""")
DOUBLE = sa.text("SELECT count(*) - count(DISTINCT account_id) FROM leases WHERE released_at IS NULL")


@dataclass
class Race:
    """One database, many rounds."""

    world: World
    sessions: sessionmaker[Session]
    locations: dict[str, int]
    luck: random.Random

    def round(self, allocators: int) -> None:
        """Set up, let *allocators* race among people, and hold the outcome to the rules."""
        self._set_up()
        quiet, start = threading.Event(), threading.Barrier(allocators + 2)
        with ThreadPoolExecutor(allocators + 2) as pool:
            racing = [pool.submit(self._allocator, start, quiet, f"run-{n}") for n in range(allocators)]
            people = [pool.submit(self._people, start, each) for each in (self._cancel_some, self._free_accounts)]
            for each in people:
                each.result()
            quiet.set()
            for each in racing:
                each.result()
        self._judge()

    def _set_up(self) -> None:
        given = {"now": utcnow(), "due": DUE, "accounts": ACCOUNTS}
        with self.sessions.begin() as session:
            for statement in (*FORGET, REST, BOOK, REVISIONS, USED):
                session.execute(statement, given)

    def _allocator(self, start: threading.Barrier, quiet: threading.Event, run_id: str) -> None:
        """Lease in small batches until people are quiet and nothing can be served any more, as bulk runs do."""
        hours, number = self.world.parts.hours, 0
        start.wait()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            was_quiet, number = quiet.is_set(), number + 1
            with self.sessions.begin() as session:
                limit = self.luck.randint(1, 4)
                allocate(session, hours=hours, limit=limit, run_id=f"{run_id}:{number}", now=utcnow())
            with self.sessions() as session:
                if was_quiet and not due_work(session, hours=hours, now=utcnow()).servable:
                    return
        raise AssertionError("something could be served for ten seconds, and nobody served it")

    def _people(self, start: threading.Barrier, act: Callable[[], None]) -> None:
        start.wait()
        act()

    def _cancel_some(self) -> None:
        zoom = self.world.parts.zoom
        for name, location_id in self.locations.items():
            external_id = f"{self.luck.randrange(DUE)}@{location_id}"
            cancel(self.sessions, zoom, location=name, external_id=external_id, actor=TEST, clock=utcnow)

    def _free_accounts(self) -> None:
        for _ in self.locations:
            with self.sessions.begin() as session:
                session.execute(FREE_ONE)

    def _judge(self) -> None:
        with self.sessions() as session:
            leases = session.execute(LEASES).all()
            unserved = {row.location_id: row.starts_at for row in session.execute(UNSERVED)}
            free = set(session.scalars(FREE))
            doubled = session.scalar(DOUBLE)
        appointments = [lease.appointment_id for lease in leases]
        assert doubled == 0, "an account has two open leases"
        assert len(appointments) == len(set(appointments)), "an appointment was leased twice"
        by_location, by_batch = defaultdict(list), defaultdict(list)
        for lease in leases:
            by_location[lease.location_id].append(lease)
            by_batch[lease.location_id, lease.claimed_by_run].append(lease)
        for location, granted in by_location.items():
            starts = [lease.starts_at for lease in granted]
            assert starts == sorted(starts), "a later start was served before an earlier one"
            if location in unserved:
                assert max(starts) < unserved[location], "a later start was served, an earlier one waits"
        for (_, run), granted in by_batch.items():
            since = [lease.account_idle_since for lease in granted]
            assert run is None or since == sorted(since), "an account was leased before one that was idle for longer"
        assert not free & unserved.keys(), "an account is idle and somebody waits"
