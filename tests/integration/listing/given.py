"""Many appointments at once, for what reads many."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

# Of any eight one is yet to come; many share their start with others. One in 100 of the past ones was missed, one in 20
# cancelled; one in 50 of the coming ones failed.
FILL = """
INSERT INTO locations (name, zone, sender_name)
SELECT 'Location ' || n, 'Europe/Berlin', 'Location ' || n FROM generate_series(1, :locations) AS n;
INSERT INTO calendars (location_id, name, meeting_location)
SELECT l.id, 'Calendar ' || n, 'zoom' FROM locations AS l CROSS JOIN generate_series(1, 2) AS n ORDER BY l.id, n;
INSERT INTO appointments (location_id, calendar_id, external_id, client_name, client_email, client_zone, starts_at,
                          ends_at, status, link)
SELECT k.location_id, k.id, 'H-' || n, 'Client ' || n, 'client' || n || '@clients.test', 'UTC',
       t.starts_at, t.starts_at + INTERVAL '30 minutes',
       CASE WHEN n % 8 = 0 THEN 'booked' WHEN n % 100 = 1 THEN 'missed' WHEN n % 20 = 3 THEN 'cancelled'
            ELSE 'completed' END,
       CASE WHEN n % 400 = 0 THEN 'failed' WHEN n % 8 = 0 THEN 'not_due' WHEN n % 100 = 1 THEN 'missed'
            ELSE 'ended' END
FROM generate_series(1, :appointments) AS n
JOIN (SELECT id, location_id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS among FROM calendars)
     AS k ON k.place = (n / 8) % k.among
CROSS JOIN LATERAL (
    SELECT CAST(:now AS timestamptz) + CASE WHEN n % 8 = 0 THEN 1 ELSE -1 END * (n * 7919 % 997) * INTERVAL '1 hour'
           AS starts_at) AS t
"""


def fill(sessions: sessionmaker[Session], *, now: datetime, locations: int = 4, appointments: int = 600) -> None:
    """Locations with two calendars each, appointments dealt out to them, and the planner's statistics."""
    values = {"now": now, "locations": locations, "appointments": appointments}
    with sessions.begin() as session:
        for statement in FILL.split(";"):
            session.execute(sa.text(statement), {name: values[name] for name in values if f":{name}" in statement})
    with sessions() as session:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"}).execute(sa.text("VACUUM ANALYZE"))
