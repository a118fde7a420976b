-- Booking, for one or for hundreds alike: what is new is written in one statement, what is there already found by another.

-- name: book
-- The calendars FOR SHARE: where they meet holds still until these bookings stand. In the order of the external ids: of two
-- calls with the same ones in different orders each would wait for the other. An id that is taken yields no row, whoever
-- was first; nor does one of a location that takes no booking without an account for it, unless the caller keeps its lock.
-- The same id twice: the first is taken.
WITH given AS MATERIALIZED (
    SELECT DISTINCT ON (g.location_id, g.external_id) g.*
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS g (
        ordinal bigint, location_id bigint, calendar_id bigint, external_id text, client_name text, client_email text,
        client_zone text, starts_at timestamptz, ends_at timestamptz, booked_as text, actor text)
    ORDER BY g.location_id, g.external_id, g.ordinal
), places AS MATERIALIZED (
    SELECT c.id, c.location_id, c.name, c.meeting_location, c.default_minutes, c.copy_to_host, c.host_email,
           l.zone, l.confirm_bookings,
           CASE WHEN l.status <> 'active' THEN 'location_suspended'
                WHEN NOT {allocation_is_on} THEN 'allocation_paused' ELSE 'not_due' END AS reason
    FROM calendars AS c
    JOIN locations AS l ON l.id = c.location_id
    WHERE c.id IN (SELECT calendar_id FROM given)
      AND (NOT l.refuse_when_short OR l.id = ANY (CAST(:locked AS bigint[])))
    ORDER BY c.id
    FOR SHARE OF c
), booked AS (
    INSERT INTO appointments (location_id, calendar_id, external_id, client_name, client_email, client_zone, starts_at,
                              ends_at, link, booked_at, booked_as)
    SELECT g.location_id, g.calendar_id, g.external_id, g.client_name, g.client_email, coalesce(g.client_zone, p.zone),
           g.starts_at, coalesce(g.ends_at, g.starts_at + p.default_minutes * interval '1 minute'),
           CASE WHEN p.meeting_location = 'zoom' THEN 'not_due' ELSE 'not_needed' END, :now, decode(g.booked_as, 'hex')
    FROM given AS g
    JOIN places AS p ON p.id = g.calendar_id AND p.location_id = g.location_id
    ORDER BY g.location_id, g.external_id
    ON CONFLICT (location_id, external_id) DO NOTHING
    RETURNING id, location_id, calendar_id, external_id, client_email, client_zone, starts_at, ends_at, link
), first_revisions AS (
    INSERT INTO appointment_revisions (appointment_id, revision, location_id, starts_at, ends_at, due_at)
    SELECT id, 1, location_id, starts_at, ends_at, greatest(starts_at - CAST(:lead_time AS interval), :now) FROM booked
), noted AS (
    INSERT INTO events (at, kind, actor, location_id, appointment_id)
    SELECT :now, 'appointment_booked', g.actor, b.location_id, b.id
    FROM booked AS b JOIN given AS g USING (location_id, external_id)
    ORDER BY b.id
), confirmed AS (
    -- As `booked` in outbox.py and `copy_to_host` in mail.sql have them. A link that is due at once says it all.
    INSERT INTO messages (location_id, appointment_id, revision, to_host, dedupe_key, channel, kind, priority, recipient,
                          payload, next_attempt_at, give_up_at, message_id, created_at)
    SELECT b.location_id, b.id, 1, m.to_host, m.dedupe_key, 'mail', 'booked', 1, m.recipient, '{}',
           CASE WHEN b.link = 'not_due' AND b.starts_at - CAST(:lead_time AS interval) <= :now
                THEN :now + CAST(:link_first AS interval) ELSE :now END,
           b.ends_at,
           'zp-' || i.installation_id || '-' || left(encode(sha256(convert_to(m.dedupe_key, 'UTF8')), 'hex'), 24), :now
    FROM booked AS b
    JOIN places AS p ON p.id = b.calendar_id AND p.confirm_bookings
    CROSS JOIN installation AS i
    CROSS JOIN LATERAL (SELECT 'booked:' || b.id || ':' || b.client_email AS key) AS k
    CROSS JOIN LATERAL (
        SELECT false AS to_host, b.client_email AS recipient, k.key AS dedupe_key
        UNION ALL
        SELECT true, p.host_email, 'host:' || k.key WHERE p.copy_to_host AND p.host_email IS NOT NULL) AS m
    ORDER BY b.id, m.to_host
)
SELECT g.ordinal, b.id, b.external_id, b.location_id, b.calendar_id, p.name AS calendar, p.meeting_location, g.client_name,
       b.client_email, b.client_zone, b.starts_at, b.ends_at, b.link,
       CASE WHEN b.link = 'not_due' THEN p.reason ELSE b.link END AS reason
FROM booked AS b
JOIN given AS g USING (location_id, external_id)
JOIN places AS p ON p.id = b.calendar_id;

-- name: lock_what_refuses
-- Of these locations those that take no booking without an account for it: one booker at a time, so that none counts on an
-- account that another one is taking at this moment.
SELECT id FROM locations WHERE id = ANY (CAST(:locations AS bigint[])) AND refuse_when_short ORDER BY id FOR NO KEY UPDATE;

-- name: booked_before
-- What is there under the ids of *rows*, with the times of its first revision, and where they are wanted.
SELECT g.ordinal, g.location_id, c.id IS NOT NULL AS calendar_exists, c.meeting_location, c.default_minutes,
       coalesce(l.refuse_when_short, false) AS refuses, a.id, a.calendar_id, a.client_name, a.client_email, a.client_zone,
       a.starts_at, a.ends_at, a.link, a.booked_as, r.starts_at AS first_starts_at, r.ends_at AS first_ends_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS g (ordinal bigint, location_id bigint, calendar_id bigint, external_id text)
LEFT JOIN calendars AS c ON c.location_id = g.location_id AND c.id = g.calendar_id
LEFT JOIN locations AS l ON l.id = c.location_id
LEFT JOIN appointments AS a ON a.location_id = g.location_id AND a.external_id = g.external_id
LEFT JOIN appointment_revisions AS r ON r.appointment_id = a.id AND r.revision = 1
ORDER BY g.ordinal;
