"""Four bulk runs begin at the same moment and lease what is due: how long until the last of them is done."""

import multiprocessing
import time
from multiprocessing.synchronize import Barrier
from statistics import median

import sqlalchemy as sa

from core.clock import utcnow
from core.db.engine import sessions_for
from core.domain.due import OpeningHours
from core.services.due import allocate_due
from tests.bench.figures import Result
from tests.bench.history import LOCATIONS, locations_with_accounts, vacuum
from tests.bench.installation import Installation, installation

RACERS = 4
ROUNDS = 5
COOLED = 0.4  # of the accounts, free only because their cooldown has passed

DUE = sa.text("""
    INSERT INTO appointments (location_id, calendar_id, external_id, client_name, client_email, client_zone,
                              starts_at, ends_at, link)
    SELECT k.location_id, k.id, :name || n, 'Client', 'client' || n || '@clients.test', 'UTC',
           now() + INTERVAL '9 minutes', now() + INTERVAL '40 minutes', 'not_due'
    FROM calendars AS k CROSS JOIN generate_series(1, :each) AS n
""")
# The appointments that came before: their meetings are over, and some of their accounts have rested long enough.
COOLING = sa.text("""
    INSERT INTO leases (location_id, account_id, appointment_id, revision, state, account_idle_since, free_accounts,
                        reserved_at, ready_at, live_at, ended_at, cooldown_at, cooldown_until)
    SELECT c.location_id, c.id, a.id, a.revision, 'cooldown', now() - INTERVAL '3 hours', 1,
           now() - INTERVAL '2 hours', now() - INTERVAL '2 hours', now() - INTERVAL '2 hours',
           now() - INTERVAL '1 hour', now() - INTERVAL '1 hour', now() - INTERVAL '1 minute'
    FROM (SELECT *, row_number() OVER (PARTITION BY location_id ORDER BY id) AS place FROM accounts) AS c
    JOIN (SELECT *, row_number() OVER (PARTITION BY location_id ORDER BY id) AS place
          FROM appointments WHERE status = 'completed') AS a USING (location_id, place)
    WHERE c.place <= :cooled
""")
RESET = """
    TRUNCATE appointments, leases, events CASCADE;
    UPDATE accounts SET idle_since = now() - id * INTERVAL '1 second'
"""
EARLIER = "UPDATE appointments SET status = 'completed', link = 'ended', starts_at = now() - INTERVAL '2 hours'"
GRANTED = sa.text("SELECT count(*), count(DISTINCT account_id) FROM leases WHERE state = 'reserved'")


def allocate(scale: float) -> Result:
    """1,000 leases for 200 locations, 400 of the accounts from a passed cooldown, by four processes of 250 each."""
    each = max(1, round(5 * scale))
    with installation(daemon=False) as place:
        locations_with_accounts(place, locations=LOCATIONS, accounts_each=each)
        milliseconds = [_round(place, each) for _ in range(ROUNDS)]
    return Result(
        {"allocate_1000_ms": median(milliseconds)},
        {"leases": LOCATIONS * each, "rounds_ms": [round(each, 1) for each in milliseconds]},
    )


def _round(place: Installation, each: int) -> float:
    """Milliseconds from the common start to the last commit."""
    with place.world.parts.sessions.begin() as session:
        session.execute(sa.text(RESET))
        session.execute(DUE, {"name": "earlier-", "each": each})
        session.execute(sa.text(EARLIER))
        session.execute(COOLING, {"cooled": round(COOLED * each)})
        session.execute(DUE, {"name": "due-", "each": each})
    vacuum(place)
    took = _race(place, limit=LOCATIONS * each // RACERS)
    with place.world.parts.sessions() as session:
        granted, accounts = session.execute(GRANTED).one()
    assert granted == accounts == LOCATIONS * each, f"{granted} leases on {accounts} accounts"
    return took


def _race(place: Installation, *, limit: int) -> float:
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(RACERS + 1)
    done = spawn.Queue()
    arguments = (place.world.parts.database_url, place.world.parts.hours, limit, barrier, done)
    racers = [spawn.Process(target=_racer, args=arguments) for _ in range(RACERS)]
    for racer in racers:
        racer.start()
    barrier.wait(60)
    start = time.time()
    ends = [done.get(timeout=60) for _ in racers]
    for racer in racers:
        racer.join()
    return 1000 * (max(ends) - start)


def _racer(url: str, hours: OpeningHours, limit: int, barrier: Barrier, done: "multiprocessing.Queue[float]") -> None:
    """A bulk run's first op, with its process started and connected."""
    sessions = sessions_for(url)
    with sessions() as session:
        session.execute(sa.text("SELECT 1"))
    barrier.wait(60)
    allocate_due(sessions, hours=hours, limit=limit, run_id=multiprocessing.current_process().name, clock=utcnow)
    done.put(time.time())
