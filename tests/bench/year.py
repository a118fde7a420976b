"""A database after a year of work: accounts with troubles, leases with believable times, links late and missed.

What the console's pages are measured on. Set-based and seeded, so that it takes minutes and is the same each time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from rich.progress import track

LEAD = timedelta(minutes=10)


@dataclass(frozen=True)
class Year:
    """How big. On every other working morning and afternoon an account has a meeting."""

    locations: int = 200
    accounts_each: int = 10
    appointments: int = 1_000_000
    days: int = 365
    busy: float = 0.475  # the chance of a meeting in half a working day
    ahead: int = 14
    zones: tuple[str, ...] = (
        "Europe/London",
        "America/New_York",
        "America/Chicago",
        "Asia/Kolkata",
        "Australia/Sydney",
        "Europe/Berlin",
    )


# In this order. `slots` holds a row per appointment on Zoom: its account, its times and the dice that decide its fate.
STATEMENTS = {
    "places": """
        INSERT INTO locations (name, zone, sender_name)
        SELECT name, (CAST(:zones AS text[]))[1 + (n - 1) % cardinality(CAST(:zones AS text[]))], name
        FROM (SELECT n, 'Location ' || lpad(n::text, 3, '0') AS name FROM generate_series(1, :locations) AS n) AS l""",
    "calendars": """
        INSERT INTO calendars (location_id, name, meeting_location)
        SELECT l.id, k.name, k.meets FROM locations AS l CROSS JOIN (VALUES ('Video', 'zoom'), ('Phone', 'phone'))
            AS k (name, meets)""",
    "seats": """
        INSERT INTO seats (location_id, email, issued_by)
        SELECT l.id, 'seat' || n || '@location-' || l.id || '.test', 'bench'
        FROM locations AS l CROSS JOIN generate_series(1, :accounts_each) AS n""",
    "accounts": """
        INSERT INTO accounts (location_id, seat_id, email, zoom_account_id, zoom_user_id, connection, idle_since)
        SELECT location_id, id, email, 'zoom-' || location_id, 'user-' || id, 'connected',
               CAST(:now AS timestamptz) - id * INTERVAL '1 second'
        FROM seats""",
    # Four troubles a year and account; one account in fifty-three is in trouble now.
    "periods": """
        WITH cut AS (
            SELECT a.id, a.location_id, k,
                   CAST(:now AS timestamptz) - make_interval(days => :days + 5) AS first_at,
                   CAST(:now AS timestamptz) - make_interval(days => :days + 5)
                       + make_interval(mins => CAST((k - 1 + 0.9 * random()) * :days * 360 AS int)) AS from_at,
                   make_interval(mins => CAST(20 + 600 * random() * random() AS int)) AS lasts,
                   (ARRAY['quarantined', 'busy_elsewhere', 'needs_reauth'])[1 + floor(random() * 3)::int] AS status
            FROM accounts AS a CROSS JOIN generate_series(1, 4) AS k
        ), fit AS (
            SELECT id, location_id, lag(from_at + lasts, 1, first_at) OVER w AS from_at, from_at AS to_at FROM cut
            WINDOW w AS (PARTITION BY id ORDER BY k)
            UNION ALL
            SELECT id, location_id, from_at + lasts,
                   CASE WHEN id % 53 = 0 THEN CAST(:now AS timestamptz) - INTERVAL '3 hours' END FROM cut WHERE k = 4
        )
        INSERT INTO connection_periods (location_id, account_id, status, reason, actor, from_at, to_at)
        SELECT location_id, id, 'connected', NULL, 'bench', from_at, to_at FROM fit
        UNION ALL SELECT location_id, id, status, NULL, 'bench', from_at, from_at + lasts FROM cut
        UNION ALL SELECT location_id, id, 'needs_reauth', 'dead_grant', 'bench',
                         CAST(:now AS timestamptz) - INTERVAL '3 hours', NULL FROM accounts WHERE id % 53 = 0""",
    "troubles": "UPDATE accounts SET connection = 'needs_reauth' WHERE id % 53 = 0",
    "slots": """
        CREATE TEMPORARY TABLE slots AS
        SELECT row_number() OVER (ORDER BY s.starts_at) AS id, s.* FROM (
            SELECT a.id AS account_id, a.location_id,
                   (d.day + make_interval(mins => CAST(CASE WHEN half = 0 THEN 480 ELSE 840 END
                        + 15 * floor(7 * (random() + random())) AS int))) AT TIME ZONE l.zone AS starts_at,
                   make_interval(mins => (ARRAY[20, 30, 30, 45, 60])[1 + floor(random() * 5)::int]) AS lasts,
                   random() AS fate, random() AS slow, random() AS hold,
                   CASE WHEN date_part('doy', d.day)::int % 29 = 3 THEN 0.14 ELSE 0.02 END AS late_share
            FROM accounts AS a
            JOIN locations AS l ON l.id = a.location_id
            CROSS JOIN generate_series(CAST(:first_day AS timestamp), CAST(:last_day AS timestamp), '1 day') AS d (day)
            CROSS JOIN generate_series(0, 1) AS half
            -- Its own dice for each account: without it the condition would be tried once for all of them.
            WHERE random() + 0 * a.id < CASE WHEN extract(isodow FROM d.day) < 6 THEN :busy ELSE 0.01 END) AS s""",
    "appointments": """
        INSERT INTO appointments (id, location_id, calendar_id, external_id, client_name, client_email, client_zone,
                                  starts_at, ends_at, status, link, booked_at)
        OVERRIDING SYSTEM VALUE
        SELECT s.id, s.location_id, k.id, 'H-' || s.id, 'Client ' || s.id, 'client' || s.id || '@clients.test', 'UTC',
               s.starts_at, s.starts_at + s.lasts,
               CASE WHEN s.starts_at + s.lasts > :now THEN 'booked'
                    WHEN fate < 0.01 THEN 'missed' WHEN fate < 0.04 THEN 'no_show' WHEN fate < 0.06 THEN 'cancelled'
                    ELSE 'completed' END,
               CASE WHEN s.starts_at - :lead > :now THEN 'not_due'
                    WHEN s.starts_at + s.lasts > :now THEN 'ready'
                    WHEN fate < 0.01 THEN 'missed' ELSE 'ended' END,
               s.starts_at - INTERVAL '5 days'
        FROM slots AS s
        JOIN calendars AS k ON k.location_id = s.location_id AND k.meeting_location = 'zoom'""",
    "revisions": """
        INSERT INTO appointment_revisions (appointment_id, revision, location_id, starts_at, ends_at, due_at,
                                           waiting_since, link_ready_at, mail_accepted_at, outcome, cause)
        SELECT id, 1, location_id, starts_at, starts_at + lasts, due_at, CASE WHEN waited THEN due_at END,
               CASE WHEN outcome IN ('on_time', 'late') THEN due_at + delay END,
               CASE WHEN outcome IN ('on_time', 'late') THEN due_at + delay + INTERVAL '3 seconds' END, outcome, cause
        FROM (
            SELECT *, outcome = 'missed' OR cause = 'capacity' AS waited,
                   CASE WHEN outcome = 'late' THEN make_interval(secs => 70 + 600 * slow)
                        ELSE make_interval(secs => 8 + 40 * slow) END AS delay
            FROM (
                SELECT *, starts_at - CAST(:lead AS interval) AS due_at,
                       CASE WHEN starts_at - :lead > :now THEN NULL
                            WHEN fate < 0.01 AND starts_at + lasts <= :now THEN 'missed'
                            WHEN fate >= 0.04 AND fate < 0.06 THEN 'cancelled'
                            WHEN fate > 1 - late_share THEN 'late' ELSE 'on_time' END AS outcome,
                       CASE WHEN starts_at - :lead > :now THEN NULL
                            WHEN fate < 0.01 AND starts_at + lasts <= :now
                            THEN (ARRAY['capacity', 'capacity', 'zoom', 'us'])[1 + floor(slow * 4)::int]
                            WHEN fate > 1 - late_share
                            THEN (ARRAY['capacity', 'capacity', 'capacity', 'zoom', 'zoom', 'mail', 'us'])
                                 [1 + floor(slow * 7)::int] END AS cause
                FROM slots) AS fated) AS told""",
    "leases": """
        INSERT INTO leases (id, location_id, account_id, appointment_id, revision, state, account_idle_since,
                            free_accounts, reserved_at, ready_at, live_at, ended_at, hold_until, cooldown_at,
                            cooldown_until, closing_at, released_at, release_reason)
        OVERRIDING SYSTEM VALUE
        SELECT id, location_id, account_id, id, 1,
               CASE WHEN released_at <= :now THEN 'released' WHEN cooldown_at <= :now THEN 'cooldown'
                    WHEN ended_at <= :now THEN 'processing' WHEN live_at <= :now THEN 'live'
                    WHEN ready_at <= :now THEN 'ready' ELSE 'reserved' END,
               reserved_at - INTERVAL '2 hours', 5, reserved_at,
               CASE WHEN ready_at <= :now THEN ready_at END, CASE WHEN live_at <= :now THEN live_at END,
               CASE WHEN ended_at <= :now THEN ended_at END,
               CASE WHEN ended_at <= :now THEN ended_at + INTERVAL '4 hours' END,
               CASE WHEN cooldown_at <= :now THEN cooldown_at END,
               CASE WHEN cooldown_at <= :now THEN cooldown_at + INTERVAL '5 minutes' END,
               CASE WHEN closing_at <= :now THEN closing_at END,
               CASE WHEN released_at <= :now THEN released_at END,
               CASE WHEN released_at <= :now THEN CASE kind WHEN 'no_show' THEN 'no_show' WHEN 'cancelled'
                    THEN 'cancelled' ELSE 'cooled' END END
        FROM (
            SELECT *, CASE WHEN kind = 'held' THEN cooldown_at + INTERVAL '5 minutes'
                           ELSE closing_at + INTERVAL '9 seconds' END AS released_at
            FROM (
                SELECT s.id, s.location_id, s.account_id, f.kind, r.link_ready_at,
                       f.due_at + f.delay AS reserved_at, f.due_at + f.delay + INTERVAL '6 seconds' AS ready_at,
                       CASE WHEN kind = 'held' THEN f.live_at END AS live_at,
                       CASE WHEN kind = 'held' THEN f.ended_at END AS ended_at,
                       CASE WHEN kind = 'held' THEN f.ended_at
                            + make_interval(secs => 240 + 500 * -ln(1 - 0.99 * hold)) END AS cooldown_at,
                       CASE kind WHEN 'no_show' THEN s.starts_at + INTERVAL '15 minutes'
                                 WHEN 'cancelled' THEN s.starts_at - INTERVAL '4 minutes' END AS closing_at
                FROM slots AS s
                JOIN appointment_revisions AS r ON r.appointment_id = s.id
                CROSS JOIN LATERAL (
                    SELECT s.starts_at - CAST(:lead AS interval) AS due_at,
                           CASE WHEN r.outcome = 'late' THEN make_interval(secs => 64 + 400 * s.slow)
                                ELSE make_interval(secs => 2 + 16 * s.slow) END AS delay,
                           s.starts_at + make_interval(secs => 200 * s.slow - 60) AS live_at,
                           s.starts_at + s.lasts + make_interval(secs => 900 * s.hold * s.slow - 120) AS ended_at,
                           CASE WHEN s.fate < 0.04 THEN 'no_show' WHEN s.fate < 0.06 THEN 'cancelled'
                                ELSE 'held' END AS kind) AS f
                WHERE r.outcome IN ('on_time', 'late', 'cancelled')) AS timed
            WHERE reserved_at <= :now) AS ended""",
    "meetings": """
        INSERT INTO meetings (id, location_id, lease_id, account_id, reference, state, zoom_meeting_id, join_url,
                              intended_at, created_at, gone_at)
        OVERRIDING SYSTEM VALUE
        SELECT id, location_id, id, account_id, 'held-' || id,
               CASE WHEN released_at IS NULL THEN 'created' ELSE 'gone' END, id::text,
               'https://practice.example/j/' || id, reserved_at, reserved_at, released_at
        FROM leases""",
    "recordings": """
        INSERT INTO recordings (location_id, meeting_id, appointment_id, account_id, zoom_uuid, outcome, sought_since,
                                final_at, minutes)
        SELECT location_id, id, appointment_id, account_id, 'uuid-' || id,
               CASE WHEN cooldown_at IS NULL THEN 'sought' ELSE 'attached' END, ended_at, cooldown_at, 30
        FROM leases WHERE ended_at IS NOT NULL""",
    "idle": """
        UPDATE accounts AS a SET idle_since = l.released_at, last_used_at = l.reserved_at
        FROM (SELECT DISTINCT ON (account_id) account_id, released_at, reserved_at FROM leases
              WHERE released_at IS NOT NULL ORDER BY account_id, reserved_at DESC) AS l WHERE l.account_id = a.id""",
    "by phone": """
        INSERT INTO appointments (location_id, calendar_id, external_id, client_name, client_email, client_zone,
                                  starts_at, ends_at, status, link)
        SELECT k.location_id, k.id, 'P-' || n, 'Client ' || n, 'client' || n || '@clients.test', 'UTC', t.at,
               t.at + INTERVAL '30 minutes', CASE WHEN t.at > :now THEN 'booked' ELSE 'completed' END, 'not_needed'
        FROM generate_series(1, :by_phone) AS n
        JOIN (SELECT id, location_id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS among
              FROM calendars WHERE meeting_location = 'phone') AS k ON k.place = n % k.among
        CROSS JOIN LATERAL (
            SELECT CAST(:now AS timestamptz) + make_interval(
                mins => CAST((n::float / :by_phone * (:days + :ahead) - :days) * 1440 AS int)) AS at) AS t""",
    "revisions by phone": """
        INSERT INTO appointment_revisions (appointment_id, revision, location_id, starts_at, ends_at, due_at)
        SELECT id, 1, location_id, starts_at, ends_at, starts_at - CAST(:lead AS interval)
        FROM appointments WHERE external_id LIKE 'P-%'""",
    "numbers": """
        SELECT setval(pg_get_serial_sequence('leases', 'id'), (SELECT max(id) FROM leases)),
               setval(pg_get_serial_sequence('meetings', 'id'), (SELECT max(id) FROM meetings)),
               setval(pg_get_serial_sequence('appointments', 'id'), (SELECT max(id) FROM appointments))""",
    "no slots": "DROP TABLE slots",
}
# Appointments by phone take their ids from the sequence, so it has to be past those given by hand.
NUMBERED = "SELECT setval(pg_get_serial_sequence('appointments', 'id'), (SELECT max(id) FROM appointments))"


def fill_year(engine: sa.Engine, *, now: datetime, year: Year | None = None) -> None:
    """Fill the empty, migrated database of *engine* with a year that ends at *now*; give the planner its numbers."""
    year = year or Year()
    given = {
        "now": now,
        "lead": LEAD,
        "locations": year.locations,
        "accounts_each": year.accounts_each,
        "days": year.days,
        "busy": year.busy,
        "ahead": year.ahead,
        "zones": list(year.zones),
        "first_day": (now - timedelta(days=year.days)).date(),
        "last_day": (now + timedelta(days=year.ahead)).date(),
    }
    with engine.connect() as connection:
        connection.execute(sa.text("SET statement_timeout = 0"))
        connection.execute(sa.text("SELECT setseed(0.5)"))
        for name, statement in track(STATEMENTS.items(), description="A year of work"):
            if name == "by phone":
                connection.execute(sa.text(NUMBERED))
                taken = connection.execute(sa.text("SELECT count(*) FROM appointments")).scalar_one()
                given["by_phone"] = max(year.appointments - taken, 1)
            connection.execute(sa.text(statement), {key: given[key] for key in given if f":{key}" in statement})
        connection.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("SET statement_timeout = 0"))
        connection.execute(sa.text("VACUUM ANALYZE"))
        connection.execute(sa.text("RESET statement_timeout"))
