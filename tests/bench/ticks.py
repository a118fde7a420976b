"""How long the sensor takes to see what is due, with few and with millions of appointments in the table."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median, quantiles

import sqlalchemy as sa
from rich.progress import track

from orchestration.sensors import QUIET
from tests.bench.figures import Result
from tests.bench.history import LOCATIONS, add_appointments, locations_with_accounts, vacuum
from tests.bench.installation import Installation, installation
from tests.bench.runs import SENSOR
from tests.bench.sensors import asking, evaluations, with_stopwatch

MANY, FEW = 2_000_000, 10_000
WARM_UPS, EVALUATIONS = 20, 200
ACCOUNTS_EACH = 5
SHORT_OF_ACCOUNTS = 100  # locations whose five accounts are all leased: their five due appointments wait
BULK_RUNS = 4
WAVES = 5  # of 1,000 openings; each opening changes the state of its appointment twice and of its lease twice

NO_VACUUM = (
    "ALTER TABLE appointments SET (autovacuum_enabled = false)",
    "ALTER TABLE leases SET (autovacuum_enabled = false)",
)
ADD = """
    INSERT INTO appointments (location_id, calendar_id, external_id, client_name, client_email, client_zone,
                              starts_at, ends_at, link)
    SELECT k.location_id, k.id, :name || '-' || n, 'Client', 'client@clients.test', 'UTC',
           t.starts_at, t.starts_at + INTERVAL '40 minutes', :link
    FROM (SELECT * FROM calendars ORDER BY id OFFSET :skip LIMIT :locations) AS k
    CROSS JOIN generate_series(1, :each) AS n
    CROSS JOIN LATERAL (SELECT now() + INTERVAL '5 minutes' + random() * INTERVAL '4 minutes' AS starts_at) AS t
"""
LEASE = """
    INSERT INTO leases (location_id, account_id, appointment_id, revision, state, account_idle_since, free_accounts,
                        fence, claimed_by_run, claimed_until, reserved_at)
    SELECT c.location_id, c.id, a.id, a.revision, 'reserved', c.idle_since, 5,
           1, 'bench', now() + INTERVAL '45 seconds', now()
    FROM (SELECT *, row_number() OVER (PARTITION BY location_id ORDER BY id) AS place FROM accounts) AS c
    JOIN (SELECT *, row_number() OVER (PARTITION BY location_id ORDER BY id) AS place
          FROM appointments WHERE link = 'not_due' AND starts_at <= now() + INTERVAL '10 minutes') AS a
         USING (location_id, place)
"""
OPENING = """
    UPDATE appointments AS a SET link = 'opening'
    FROM leases AS l WHERE l.appointment_id = a.id AND l.state = 'reserved'
"""
LEASE_READY = "UPDATE leases SET state = 'ready', claimed_by_run = NULL, claimed_until = NULL WHERE state = 'reserved'"
READY = "UPDATE appointments SET link = 'ready' WHERE link = 'opening'"
LEASE_OVER = "UPDATE leases SET state = 'released', released_at = now(), release_reason = 'freed' WHERE state = 'ready'"


def tick(scale: float) -> Result:
    """The sensor in a warm code server: 1,000 due, 500 waiting, 20,000 state changes since the last vacuum."""
    few, few_calls = _evaluate(max(1000, round(FEW * scale)))
    many, many_calls = _evaluate(max(1000, round(MANY * scale)))
    return Result(
        {"tick_p99_ms": _p99(many), "tick_ratio": median(many) / median(few)},
        {
            "median_ms": round(median(many), 2),
            "median_with_few_ms": round(median(few), 2),
            "call_median_ms": round(median(many_calls), 2),
            "call_p99_ms": round(_p99(many_calls), 2),
            "call_with_few_median_ms": round(median(few_calls), 2),
        },
    )


def _evaluate(appointments: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each evaluation: of the sensor within the code server, and of the daemon's whole call."""
    with installation(daemon=False, code_server=with_stopwatch) as place:
        locations_with_accounts(place, locations=LOCATIONS + SHORT_OF_ACCOUNTS, accounts_each=ACCOUNTS_EACH)
        add_appointments(place, appointments)
        vacuum(place)
        _busy_days(place)
        with _sensor(place) as evaluate:
            calls = [evaluate() for _ in track(range(WARM_UPS + EVALUATIONS), description="Evaluations")]
        within = evaluations(place)[SENSOR]
        assert len(within) == len(calls), "somebody else evaluated a sensor"
        return within[WARM_UPS:], calls[WARM_UPS:]


def _busy_days(place: Installation) -> None:
    """5,000 links are opened, 1,000 are due and 500 wait; nothing is vacuumed any more."""
    served = {"skip": 0, "locations": LOCATIONS, "each": ACCOUNTS_EACH}
    short = {"skip": LOCATIONS, "locations": SHORT_OF_ACCOUNTS, "each": ACCOUNTS_EACH}
    for statement in NO_VACUUM:
        _do(place, statement)
    for wave in track(range(WAVES), description="State changes"):
        _open(place, **served, name=f"WAVE-{wave}")
        _do(place, LEASE_OVER)
    _open(place, **short, name="HELD")
    _do(place, ADD, **short, name="WAITING", link="waiting")
    _do(place, ADD, **served, name="DUE", link="not_due")


def _open(place: Installation, **given: object) -> None:
    _do(place, ADD, **given, link="not_due")
    for statement in (LEASE, OPENING, LEASE_READY, READY):
        _do(place, statement)


def _do(place: Installation, statement: str, **given: object) -> None:
    with place.world.parts.sessions.begin() as session:
        session.execute(sa.text(statement), given)


@contextmanager
def _sensor(place: Installation) -> Iterator[Callable[[], float]]:
    """Evaluate the sensor when a full hour follows quiet ticks; gives milliseconds of the daemon's whole call."""
    with asking(place, SENSOR) as ask:

        def evaluate() -> float:
            start = time.perf_counter()
            asked = ask(QUIET)
            took = time.perf_counter() - start
            assert len(asked.run_requests) == BULK_RUNS, f"{len(asked.run_requests)} runs for 1,000 appointments"
            return 1000 * took

        yield evaluate


def _p99(milliseconds: list[float]) -> float:
    return quantiles(milliseconds, n=100)[-1]
