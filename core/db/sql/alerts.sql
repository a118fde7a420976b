-- What is wrong, and what of it people were told.

-- name: wrong
-- One row a thing, of every kind: how it is told alone (NULL: never) and together with its like, what it is about, its name, its
-- time and its cause. It runs every few seconds, so each part reads through a partial index of little, and is cut off at :most.
SELECT w.*, l.name AS location, coalesce(l.zone, 'UTC') AS zone
FROM (
    -- Due, and no account is free. One a location: an account helps any of them.
    (SELECT 'pool_short' AS kind, CAST(NULL AS text) AS alone, 'location:' || a.location_id AS together, a.location_id,
            a.id AS appointment_id, CAST(NULL AS bigint) AS account_id, a.external_id AS name, a.starts_at AS at,
            a.reason AS cause
     FROM appointments AS a
     WHERE a.status = 'booked' AND a.link = 'waiting'
       AND a.starts_at > :earliest AND a.starts_at <= :horizon AND a.ends_at > :now
     LIMIT :most)
    UNION ALL
    (SELECT 'pool_short_late', NULL, 'location:' || a.location_id, a.location_id, a.id, NULL, a.external_id, a.starts_at,
            a.reason
     FROM appointments AS a
     WHERE a.status = 'booked' AND a.link = 'waiting'
       AND a.starts_at > :earliest AND a.starts_at <= :late_horizon AND a.ends_at > :now
     LIMIT :most)
    UNION ALL
    -- A shared cause holds it up: it stays in line with all others, and no run of its own fails in plain sight.
    (SELECT 'link_at_risk', NULL, a.reason, a.location_id, a.id, NULL, a.external_id, a.starts_at, a.reason
     FROM appointments AS a
     WHERE a.status = 'booked' AND a.link IN ('not_due', 'waiting', 'opening')
       AND a.reason IN ('zoom_unavailable', 'rate_limited')
       AND a.starts_at > :earliest AND a.starts_at <= :risk_horizon AND a.ends_at > :now
     LIMIT :most)
    UNION ALL
    (SELECT 'link_failed', 'appointment:' || a.id, concat_ws(':', 'location', a.location_id, a.reason), a.location_id, a.id,
            NULL, a.external_id, a.starts_at, a.reason
     FROM appointments AS a
     WHERE a.status = 'booked' AND a.link = 'failed'
       AND a.starts_at > :yesterday AND a.starts_at <= :horizon AND a.ends_at > :now
     LIMIT :most)
    UNION ALL
    -- In bulk, with one alert a location and cause.
    (SELECT 'link_missed', NULL, concat_ws(':', 'location', a.location_id, r.cause), a.location_id, a.id, NULL, a.external_id,
            a.starts_at, r.cause
     FROM appointments AS a
     JOIN appointment_revisions AS r ON r.appointment_id = a.id AND r.revision = a.revision
     WHERE a.status = 'missed' AND a.starts_at > :yesterday AND a.starts_at <= :now AND a.ends_at > :an_hour_ago
     LIMIT :most)
    UNION ALL
    -- The newest mail with the link: not accepted eight minutes before the start, or refused for good.
    (SELECT 'link_mail_late', 'appointment:' || a.id, 'many', a.location_id, a.id, NULL, a.external_id, a.starts_at, NULL
     FROM messages AS m
     JOIN appointments AS a ON a.id = m.appointment_id AND a.revision = m.revision
     WHERE m.status IN ('queued', 'retrying', 'in_flight') AND m.channel = 'mail' AND m.kind = 'join_link' AND NOT m.to_host
       AND m.created_at <= :a_minute_ago
       AND a.status = 'booked' AND a.link = 'ready' AND a.starts_at <= :mail_horizon AND a.ends_at > :now
     LIMIT :most)
    UNION ALL
    (SELECT 'link_mail_refused', 'appointment:' || a.id, 'many', a.location_id, a.id, NULL, a.external_id, a.starts_at, NULL
     FROM leases AS l
     JOIN messages AS m ON m.appointment_id = l.appointment_id AND m.revision = l.revision
     JOIN appointments AS a ON a.id = l.appointment_id
     WHERE l.released_at IS NULL AND l.state IN ('ready', 'live')
       AND m.status = 'failed' AND m.kind = 'join_link' AND NOT m.to_host AND a.status = 'booked' AND a.ends_at > :now
       AND NOT EXISTS (SELECT FROM messages AS n
                       WHERE n.appointment_id = a.id AND n.kind = 'join_link' AND NOT n.to_host AND n.id > m.id)
     LIMIT :most)
    UNION ALL
    -- Any other mail to a client that was refused for good, as long as nothing later has reached him or is on its way.
    (SELECT 'mail_refused', 'appointment:' || a.id, 'many', a.location_id, a.id, NULL, a.external_id, a.starts_at, NULL
     FROM messages AS m
     JOIN appointments AS a ON a.id = m.appointment_id
     WHERE m.status = 'failed' AND m.channel = 'mail' AND m.give_up_at > :now AND m.kind <> 'join_link' AND NOT m.to_host
       AND a.ends_at > :now
       AND NOT EXISTS (SELECT FROM messages AS n
                       WHERE n.appointment_id = a.id AND n.channel = 'mail' AND NOT n.to_host AND n.id > m.id
                         AND n.status <> 'dropped')
     LIMIT :most)
    UNION ALL
    (SELECT 'not_recorded', 'appointment:' || a.id, 'location:' || a.location_id, a.location_id, a.id, NULL, a.external_id,
            a.starts_at, NULL
     FROM leases AS l
     JOIN meetings AS m ON m.lease_id = l.id
     JOIN appointments AS a ON a.id = l.appointment_id
     WHERE l.released_at IS NULL AND l.state IN ('ready', 'live') AND m.state = 'created' AND NOT m.recorded
     LIMIT :most)
    UNION ALL
    (SELECT 'overrun', 'appointment:' || a.id, 'location:' || a.location_id, a.location_id, a.id, l.account_id, a.external_id,
            v.ends_at, NULL
     FROM leases AS l
     JOIN appointments AS a ON a.id = l.appointment_id
     JOIN appointment_revisions AS v ON v.appointment_id = l.appointment_id AND v.revision = l.revision
     WHERE l.released_at IS NULL AND l.state = 'live' AND v.ends_at <= :ten_minutes_ago
     LIMIT :most)
    UNION ALL
    -- By its current period: a bench that a person ordered is that person's business.
    (SELECT 'needs_attention', 'account:' || c.id, concat_ws(':', 'location', c.location_id, sick.cause), c.location_id,
            NULL, c.id, split_part(c.email, '@', 1), p.from_at, sick.cause
     FROM accounts AS c
     CROSS JOIN LATERAL (
         SELECT from_at, actor FROM connection_periods
         WHERE account_id = c.id AND from_at <= :now ORDER BY from_at DESC, id DESC LIMIT 1) AS p
     CROSS JOIN LATERAL (
         SELECT CASE WHEN c.connection = 'needs_reauth' THEN 'needs_reauth'
                     WHEN c.benched_until > :now AND p.actor = 'system' THEN coalesce(c.bench_reason, 'benched')
                     WHEN c.connection = 'draining' AND p.from_at <= :yesterday THEN 'draining' END AS cause) AS sick
     WHERE (c.connection IN ('needs_reauth', 'draining') OR (c.connection = 'connected' AND c.benched_until > :now))
       AND sick.cause IS NOT NULL
     LIMIT :most)
    UNION ALL
    -- Zoom does not let an old meeting go, and nobody else gets the account meanwhile. (What is sick is told above.)
    (SELECT 'needs_attention', 'account:' || c.id, concat_ws(':', 'location', c.location_id, 'not_deleted'), c.location_id,
            NULL, c.id, split_part(c.email, '@', 1), min(m.deletion_wanted_at), 'not_deleted'
     FROM meetings AS m
     JOIN accounts AS c ON c.id = m.account_id
     WHERE m.state IN ('deleting', 'unknown') AND m.deletion_wanted_at <= :half_an_hour_ago
       AND c.connection = 'connected' AND (c.benched_until IS NULL OR c.benched_until <= :now)
     GROUP BY c.id
     LIMIT :most)
    UNION ALL
    -- Sought for longer than its account was held for it. (Per row: joined, the planner reads all leases there ever were.)
    (SELECT 'recording_overdue', 'recording:' || r.id, concat_ws(':', 'location', r.location_id, r.outcome), r.location_id,
            r.appointment_id, r.account_id, (SELECT external_id FROM appointments WHERE id = r.appointment_id),
            r.sought_since, r.outcome
     FROM recordings AS r
     WHERE r.outcome = 'sought'
       AND (SELECT l.hold_until FROM meetings AS m JOIN leases AS l ON l.id = m.lease_id WHERE m.id = r.meeting_id) <= :now
     LIMIT :most)
    UNION ALL
    (SELECT 'recording_overdue', 'recording:' || r.id, concat_ws(':', 'location', r.location_id, r.outcome), r.location_id,
            r.appointment_id, r.account_id, (SELECT external_id FROM appointments WHERE id = r.appointment_id),
            r.sought_since, r.outcome
     FROM recordings AS r
     WHERE r.outcome IN ('failed', 'gave_up') AND r.final_at > :a_week_ago
     LIMIT :most)
    UNION ALL
    -- Something was held, we know it by asking only, and Zoom should have told us: after the last event that came, and half an
    -- hour is over since that. A quiet night proves nothing, nor does a long meeting that merely goes on.
    -- (From the open leases to what was held under each: the planner would read all that was ever held.)
    (SELECT 'webhooks_silent', NULL, NULL, NULL, NULL, NULL, '', NULL, NULL
     FROM (SELECT coalesce(max(received_at), '-infinity') AS at FROM inbox) AS latest
     WHERE CASE WHEN latest.at <= :half_an_hour_ago
                THEN EXISTS (SELECT FROM leases AS l
                             JOIN meetings AS m ON m.lease_id = l.id
                             CROSS JOIN LATERAL (SELECT FROM meeting_instances AS i
                                                 WHERE i.meeting_id = m.id AND i.events = 0
                                                   AND greatest(i.started_at, i.ended_at) > latest.at
                                                   AND greatest(i.started_at, i.ended_at) <= :five_minutes_ago
                                                 LIMIT 1) AS untold
                             WHERE l.released_at IS NULL)
                ELSE false END)
    UNION ALL
    -- A booking system that missed something for good within the last day: one a receiver, unless all of it was sent again.
    (SELECT DISTINCT ON (h.id) 'hook_undelivered', 'endpoint:' || h.id, concat_ws(':', 'location', h.location_id, m.reason),
            h.location_id, NULL, NULL, split_part(h.url, '/', 3), m.give_up_at, m.reason
     FROM messages AS m
     JOIN hook_endpoints AS h ON h.id = m.endpoint_id AND h.disabled_at IS NULL
     WHERE m.status = 'failed' AND m.channel = 'hook' AND m.give_up_at > :yesterday AND m.payload -> 'resent' IS NULL
     ORDER BY h.id, m.give_up_at
     LIMIT :most)
    UNION ALL
    (SELECT 'hook_undelivered', 'endpoint:' || h.id, concat_ws(':', 'location', h.location_id, h.disabled_reason),
            h.location_id, NULL, NULL, split_part(h.url, '/', 3), h.disabled_at, h.disabled_reason
     FROM hook_endpoints AS h
     WHERE h.disabled_reason = 'endpoint_gone' AND h.removed_at IS NULL AND h.disabled_at > :yesterday
     LIMIT :most)
    UNION ALL
    -- For an hour: whoever paused it may have forgotten it, and nobody waits for an account yet who would remind of it.
    (SELECT 'still_paused', NULL, 'all', NULL, NULL, NULL, '', allocation_paused_at, 'all'
     FROM installation WHERE allocation_paused_at <= :an_hour_ago)
    UNION ALL
    (SELECT 'still_paused', 'location:' || p.id, 'many', p.id, NULL, NULL, p.name, p.allocation_paused_at, NULL
     FROM locations AS p WHERE p.allocation_paused_at <= :an_hour_ago
     LIMIT :most)
    UNION ALL
    (SELECT 'deletion_stopped', NULL, NULL, NULL, NULL, NULL, '', deletion_stopped_at, NULL
     FROM installation WHERE deletion_stopped_at IS NOT NULL)
) AS w
LEFT JOIN locations AS l ON l.id = w.location_id;

-- name: open
SELECT condition, kind FROM alerts WHERE cleared_at IS NULL;

-- name: clear
UPDATE alerts SET cleared_at = :now
WHERE condition = ANY (CAST(:conditions AS text[])) AND cleared_at IS NULL
RETURNING id, condition, kind, location_id, appointment_id, account_id;

-- name: reword
UPDATE alerts AS a SET text = d.text, next_step = d.next_step
FROM unnest(CAST(:conditions AS text[]), CAST(:texts AS text[]), CAST(:next_steps AS text[])) AS d (condition, text, next_step)
WHERE a.condition = d.condition AND a.cleared_at IS NULL AND (a.text, a.next_step) <> (d.text, d.next_step);
