-- One appointment as programs see it.

-- name: view
-- In the order of the ids that are given. A link is valid while its meeting exists and its lease keeps it.
SELECT p.id, p.external_id, p.location_id, p.calendar_id, c.name AS calendar, c.meeting_location, p.client_name,
       p.client_email, p.client_zone, p.starts_at, p.ends_at, p.revision, p.status, p.link,
       CASE WHEN p.link = 'ready' THEN NULL
            WHEN p.status = 'cancelled' THEN 'cancelled'
            WHEN p.link IN ('not_due', 'waiting') AND l.status <> 'active' THEN 'location_suspended'
            WHEN p.link IN ('not_due', 'waiting') AND NOT {allocation_is_on} THEN 'allocation_paused'
            ELSE coalesce(p.reason, p.link) END AS reason,
       p.not_recorded, p.booked_at, p.cancelled_at, w.place, m.join_url, m.passcode
FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS g (id, ordinal)
JOIN appointments AS p ON p.id = g.id
JOIN calendars AS c ON c.id = p.calendar_id
JOIN locations AS l ON l.id = p.location_id
LEFT JOIN LATERAL (
    SELECT n.join_url, n.passcode
    FROM leases AS o
    JOIN meetings AS n ON n.lease_id = o.id
    WHERE p.link = 'ready' AND o.appointment_id = p.id AND o.revision = p.revision AND o.released_at IS NULL
      AND o.state <> 'closing' AND n.state = 'created'
    ORDER BY n.id DESC LIMIT 1) AS m ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS place FROM appointments AS q
    WHERE p.link = 'waiting' AND q.location_id = p.location_id AND q.status = 'booked' AND q.link = 'waiting'
      AND q.ends_at > :now AND (q.starts_at, q.id) <= (p.starts_at, p.id)
    HAVING count(*) > 0) AS w ON true
ORDER BY g.ordinal;
