"""A database that has been in use for years: locations with accounts, and up to millions of appointments."""

import sqlalchemy as sa
from rich.progress import track

from tests.bench.installation import Installation

LOCATIONS = 200
PORTION = 20_000  # appointments in one statement

# Accounts that nobody can open a meeting with; what reads and leases them does not ask.
POOL = """
    INSERT INTO locations (name, zone, sender_name)
    SELECT 'Location ' || n, 'Europe/Berlin', 'Location ' || n FROM generate_series(1, :locations) AS n;
    INSERT INTO calendars (location_id, name, meeting_location) SELECT id, 'Video', 'zoom' FROM locations;
    INSERT INTO seats (location_id, email, issued_by)
    SELECT l.id, 'seat' || n || '-' || l.id || '@practice.test', 'bench'
    FROM locations AS l CROSS JOIN generate_series(1, :accounts_each) AS n;
    INSERT INTO accounts (location_id, seat_id, email, zoom_account_id, zoom_user_id, connection, idle_since)
    SELECT location_id, id, email, 'zoom-' || location_id, 'user-' || id, 'connected', now() - id * INTERVAL '1 second'
    FROM seats
"""
# One in eight is yet to come, within the next 60 days; the others were opened within the last two years.
APPOINTMENTS = sa.text("""
    INSERT INTO appointments (location_id, calendar_id, external_id, client_name, client_email, client_zone,
                              starts_at, ends_at, status, link)
    SELECT k.location_id, k.id, 'H-' || n, 'Client ' || n, 'client' || n || '@clients.test', 'UTC',
           t.starts_at, t.starts_at + INTERVAL '30 minutes',
           CASE WHEN n % 8 = 0 THEN 'booked' ELSE 'completed' END, CASE WHEN n % 8 = 0 THEN 'not_due' ELSE 'ended' END
    FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n
    JOIN (SELECT id, location_id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS among
          FROM calendars) AS k ON k.place = (n / 8) % k.among
    CROSS JOIN LATERAL (
        SELECT CASE WHEN n % 8 = 0 THEN now() + INTERVAL '1 hour' + random() * INTERVAL '60 days'
                    ELSE now() - INTERVAL '1 hour' - random() * INTERVAL '700 days' END AS starts_at) AS t
""")


def locations_with_accounts(place: Installation, *, locations: int, accounts_each: int) -> None:
    """Locations with that many connected accounts each, all idle."""
    given = {"locations": locations, "accounts_each": accounts_each}
    with place.world.parts.sessions.begin() as session:
        for statement in POOL.split(";"):
            session.execute(sa.text(statement), {name: given[name] for name in given if f":{name}" in statement})


def add_appointments(place: Installation, count: int) -> None:
    """Past and future appointments, none of them due."""
    for first in track(range(1, count + 1, PORTION), description=f"{count:,} appointments"):
        with place.world.parts.sessions.begin() as session:
            session.execute(APPOINTMENTS, {"first": first, "last": min(first + PORTION - 1, count)})


def vacuum(place: Installation) -> None:
    """What autovacuum does over the months; also gives the planner its statistics."""
    with place.world.parts.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("SET statement_timeout = 0"))
        connection.execute(sa.text("VACUUM ANALYZE"))
        connection.execute(sa.text("RESET statement_timeout"))
