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
# Of the latest of them, what the product keeps of a meeting that is long over.
HELD = """
    INSERT INTO appointment_revisions (appointment_id, revision, location_id, starts_at, ends_at, due_at)
    SELECT id, revision, location_id, starts_at, ends_at, starts_at - INTERVAL '10 minutes'
    FROM appointments ORDER BY id DESC LIMIT :count;
    INSERT INTO leases (location_id, account_id, appointment_id, revision, state, account_idle_since, free_accounts,
                        reserved_at, ready_at, live_at, ended_at, hold_until, cooldown_at, cooldown_until, released_at,
                        release_reason)
    SELECT a.location_id, c.id, a.id, a.revision, 'released', a.starts_at, 5, a.starts_at, a.starts_at, a.starts_at,
           a.ends_at, a.ends_at + INTERVAL '4 hours', a.ends_at, a.ends_at, a.ends_at, 'cooled'
    FROM appointments AS a
    JOIN appointment_revisions AS r ON r.appointment_id = a.id
    JOIN (SELECT *, row_number() OVER (PARTITION BY location_id ORDER BY id) AS place FROM accounts) AS c
         ON c.location_id = a.location_id AND c.place = a.id % 5 + 1
    WHERE a.status = 'completed';
    INSERT INTO meetings (location_id, lease_id, account_id, reference, state, zoom_meeting_id, zoom_uuid, intended_at,
                          created_at, deletion_wanted_at, gone_at)
    SELECT location_id, id, account_id, 'held-' || id, 'gone', id::text, 'uuid-' || id, reserved_at, reserved_at,
           ended_at, ended_at
    FROM leases;
    INSERT INTO meeting_instances (location_id, meeting_id, zoom_uuid, started_at, last_sign_at, ended_at, ended_by,
                                   events)
    SELECT m.location_id, m.id, m.zoom_uuid, l.live_at, l.ended_at, l.ended_at, 'event', 9
    FROM meetings AS m JOIN leases AS l ON l.id = m.lease_id;
    INSERT INTO recordings (location_id, meeting_id, appointment_id, account_id, zoom_uuid, outcome, sought_since,
                            final_at, minutes)
    SELECT m.location_id, m.id, l.appointment_id, m.account_id, m.zoom_uuid, 'attached', l.ended_at, l.ended_at, 30
    FROM meetings AS m JOIN leases AS l ON l.id = m.lease_id;
    INSERT INTO inbox (key, event, zoom_meeting_id, zoom_uuid, event_at, received_at, applied_at, outcome)
    SELECT k.kind || ':' || m.zoom_uuid, k.kind, m.zoom_meeting_id, m.zoom_uuid, m.gone_at, m.gone_at, m.gone_at,
           'applied'
    FROM meetings AS m CROSS JOIN (VALUES ('meeting.started'), ('meeting.ended'), ('recording.completed')) AS k (kind);
    INSERT INTO messages (location_id, appointment_id, revision, meeting_id, dedupe_key, channel, kind, priority,
                          recipient, payload, status, next_attempt_at, message_id, created_at, sent_at)
    SELECT m.location_id, l.appointment_id, l.revision, m.id, 'join_link:' || m.id, 'mail', 'join_link', 0,
           'client@clients.test', '{}', 'sent', l.ready_at, 'm-' || m.id, l.ready_at, l.ready_at
    FROM meetings AS m JOIN leases AS l ON l.id = m.lease_id
"""


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


def add_meetings(place: Installation, count: int) -> None:
    """Of *count* past appointments: the lease, the meeting that was held and deleted, its events and its recording."""
    with place.world.parts.sessions.begin() as session:
        session.execute(sa.text("SET LOCAL statement_timeout = 0"))
        for statement in track(HELD.split(";"), description=f"{count:,} meetings"):
            session.execute(sa.text(statement), {"count": count} if ":count" in statement else {})
