"""How long the lifecycle's tick takes when there is nothing to do, after years of use."""

from statistics import median, quantiles

import sqlalchemy as sa
from rich.progress import track

from tests.bench.figures import Result
from tests.bench.history import (
    LOCATIONS,
    add_appointments,
    add_meetings,
    locations_with_accounts,
    vacuum,
)
from tests.bench.installation import Installation, installation
from tests.bench.sensors import asking, evaluations, with_stopwatch
from tests.bench.settling import LIFECYCLE

APPOINTMENTS, HELD = 2_000_000, 200_000
ACCOUNTS_EACH = 5
DRAINING = 10
WARM_UPS, EVALUATIONS = 10, 100

# Half of the accounts hold a link that is out: nothing is to be asked about it for an hour.
READY = sa.text("""
    WITH held AS (
        INSERT INTO leases (location_id, account_id, appointment_id, revision, state, account_idle_since, free_accounts,
                            reserved_at, ready_at, ask_at)
        SELECT c.location_id, c.id, a.id, a.revision, 'ready', now(), 5, now(), now(), now() + INTERVAL '1 hour'
        FROM (SELECT *, row_number() OVER (PARTITION BY location_id ORDER BY id) AS place FROM accounts) AS c
        JOIN (SELECT *, row_number() OVER (PARTITION BY location_id ORDER BY id DESC) AS place
              FROM appointments WHERE link = 'not_due') AS a USING (location_id, place)
        WHERE c.id % 2 = 0
        RETURNING *
    ), opened AS (
        UPDATE appointments AS a SET link = 'ready' FROM held WHERE a.id = held.appointment_id
    )
    INSERT INTO meetings (location_id, lease_id, account_id, reference, state, zoom_meeting_id, intended_at, created_at)
    SELECT location_id, id, account_id, 'ready-' || id, 'created', 'ready-' || id, now(), now() FROM held
""")
DRAIN = sa.text("""
    UPDATE accounts SET connection = 'draining'
    WHERE id IN (SELECT account_id FROM leases WHERE released_at IS NULL ORDER BY id LIMIT :accounts)
""")


def idle(scale: float) -> Result:
    """The lifecycle's sensor in a warm code server: 2,000,000 appointments, 200,000 held, 500 links out."""
    with installation(daemon=False, code_server=with_stopwatch) as place:
        locations_with_accounts(place, locations=LOCATIONS, accounts_each=ACCOUNTS_EACH)
        add_appointments(place, max(10_000, round(APPOINTMENTS * scale)))
        add_meetings(place, max(1000, round(HELD * scale)))
        _links_are_out(place)
        vacuum(place)
        with asking(place, LIFECYCLE) as ask:
            for _ in track(range(WARM_UPS + EVALUATIONS), description="Evaluations"):
                asked = ask()
                assert not asked.run_requests, "there was something to do"
        within = evaluations(place)[LIFECYCLE][WARM_UPS:]
    return Result(
        {"lifecycle_tick_ms": median(within)},
        {"p99_ms": round(quantiles(within, n=100)[-1], 1), "evaluations": len(within)},
    )


def _links_are_out(place: Installation) -> None:
    with place.world.parts.sessions.begin() as session:
        session.execute(READY)
        session.execute(DRAIN, {"accounts": DRAINING})
