-- Which conditions are true and which no longer are. Each statement lists what is wrong, one row a thing; what becomes of the
-- list is said once, in `alert_changes`. They run every few seconds: each reads through a partial index, or a few rows.

-- name: waiting
-- Due, and no account is free; :until tells the first alert from the second. One a location: an account helps any of them.
WITH wrong AS (
    SELECT CAST(NULL AS text) AS one, 'location:' || a.location_id AS many, a.location_id,
           a.id AS appointment_id, CAST(NULL AS bigint) AS account_id, a.external_id AS what, a.starts_at AS at,
           a.reason AS cause
    FROM appointments AS a
    WHERE a.status = 'booked' AND a.link = 'waiting'
      AND a.starts_at > :earliest AND a.starts_at <= :until AND a.ends_at > :now
) {alert_changes};

-- name: at_risk
-- A shared cause holds it up: it stays in line with all others, no run of its own fails in plain sight.
WITH wrong AS (
    SELECT CAST(NULL AS text) AS one, a.reason AS many, a.location_id,
           a.id AS appointment_id, CAST(NULL AS bigint) AS account_id, a.external_id AS what, a.starts_at AS at,
           a.reason AS cause
    FROM appointments AS a
    WHERE a.status = 'booked' AND a.link IN ('not_due', 'waiting', 'opening')
      AND a.reason IN ('zoom_unavailable', 'rate_limited')
      AND a.starts_at > :earliest AND a.starts_at <= :until AND a.ends_at > :now
) {alert_changes};

-- name: failed
WITH wrong AS (
    SELECT 'appointment:' || a.id AS one,
           concat_ws(':', 'location', a.location_id, a.reason) AS many, a.location_id,
           a.id AS appointment_id, CAST(NULL AS bigint) AS account_id, a.external_id AS what, a.starts_at AS at,
           a.reason AS cause
    FROM appointments AS a
    WHERE a.status = 'booked' AND a.link = 'failed'
      AND a.starts_at > :now - INTERVAL '1 day' AND a.starts_at <= :horizon AND a.ends_at > :now
) {alert_changes};

-- name: missed
-- In bulk, with one alert a location and cause.
WITH wrong AS (
    SELECT CAST(NULL AS text) AS one,
           concat_ws(':', 'location', a.location_id, r.cause) AS many, a.location_id,
           a.id AS appointment_id, CAST(NULL AS bigint) AS account_id, a.external_id AS what, a.starts_at AS at, r.cause
    FROM appointments AS a
    JOIN appointment_revisions AS r ON r.appointment_id = a.id AND r.revision = a.revision
    WHERE a.status = 'missed' AND a.starts_at > :now - INTERVAL '1 day' AND a.starts_at <= :now
      AND a.ends_at > :now - INTERVAL '1 hour'
) {alert_changes};

-- name: link_mail
-- A link that is ready and whose newest mail did not leave: refused for good, or not accepted eight minutes before the start.
WITH wrong AS (
    SELECT 'appointment:' || a.id AS one, 'many' AS many, a.location_id,
           a.id AS appointment_id, CAST(NULL AS bigint) AS account_id, a.external_id AS what, a.starts_at AS at,
           CAST(NULL AS text) AS cause
    FROM leases AS l
    JOIN appointments AS a ON a.id = l.appointment_id AND a.revision = l.revision
    WHERE l.released_at IS NULL AND l.state IN ('ready', 'live') AND a.status = 'booked' AND a.ends_at > :now
      AND EXISTS (SELECT FROM messages AS m
                  WHERE m.appointment_id = a.id AND m.revision = a.revision AND m.kind = 'join_link'
                    AND m.status IN ('queued', 'retrying', 'in_flight', 'failed')
                    AND (m.status = 'failed') = :refused
                    AND (m.status = 'failed' OR (a.starts_at <= :until AND m.created_at <= :now - INTERVAL '60 seconds'))
                    AND NOT EXISTS (SELECT FROM messages AS n
                                    WHERE n.appointment_id = a.id AND n.kind = 'join_link' AND n.recipient = m.recipient
                                      AND n.id > m.id))
) {alert_changes};

-- name: not_recorded
WITH wrong AS (
    SELECT 'appointment:' || a.id AS one, 'location:' || a.location_id AS many,
           a.location_id, a.id AS appointment_id, CAST(NULL AS bigint) AS account_id, a.external_id AS what, a.starts_at AS at,
           CAST(NULL AS text) AS cause
    FROM leases AS l
    JOIN appointments AS a ON a.id = l.appointment_id AND a.revision = l.revision
    WHERE l.released_at IS NULL AND l.state IN ('ready', 'live') AND a.status = 'booked' AND a.not_recorded
) {alert_changes};

-- name: overrun
WITH wrong AS (
    SELECT 'appointment:' || a.id AS one, 'location:' || a.location_id AS many,
           a.location_id, a.id AS appointment_id, l.account_id, a.external_id AS what, v.ends_at AS at,
           CAST(NULL AS text) AS cause
    FROM leases AS l
    JOIN appointments AS a ON a.id = l.appointment_id
    JOIN appointment_revisions AS v ON v.appointment_id = l.appointment_id AND v.revision = l.revision
    WHERE l.released_at IS NULL AND l.state = 'live' AND v.ends_at <= :now - INTERVAL '10 minutes'
) {alert_changes};

-- name: attention
-- By its current period: a bench that a person ordered is that person's business, one without an end has its first period open.
WITH wrong AS (
    SELECT 'account:' || c.id AS one,
           concat_ws(':', 'location', c.location_id, sick.cause) AS many, c.location_id,
           CAST(NULL AS bigint) AS appointment_id, c.id AS account_id, split_part(c.email, '@', 1) AS what, p.from_at AS at,
           sick.cause
    FROM accounts AS c
    CROSS JOIN LATERAL (
        SELECT from_at, actor FROM connection_periods
        WHERE account_id = c.id AND from_at <= :now ORDER BY from_at DESC, id DESC LIMIT 1) AS p
    CROSS JOIN LATERAL (
        SELECT CASE WHEN c.connection = 'needs_reauth' THEN 'needs_reauth'
                    WHEN c.benched_until > :now AND p.actor = 'system' THEN coalesce(c.bench_reason, 'benched')
                    WHEN c.connection = 'draining' AND p.from_at <= :now - INTERVAL '1 day' THEN 'draining'
               END AS cause) AS sick
    WHERE (c.connection IN ('needs_reauth', 'draining') OR (c.connection = 'connected' AND c.benched_until > :now))
      AND sick.cause IS NOT NULL
) {alert_changes};

-- name: recordings
-- Sought longer than its account was held for it, or found wanting, or given up. The last two stay for a week.
WITH wrong AS (
    SELECT 'recording:' || r.id AS one,
           concat_ws(':', 'location', r.location_id, r.outcome) AS many, r.location_id, r.appointment_id,
           r.account_id, a.external_id AS what, a.starts_at AS at, r.outcome AS cause
    FROM (SELECT s.id, s.location_id, s.appointment_id, s.account_id, s.outcome
          FROM recordings AS s
          JOIN meetings AS m ON m.id = s.meeting_id
          JOIN leases AS l ON l.id = m.lease_id
          WHERE s.outcome = 'sought' AND l.hold_until <= :now
          UNION ALL
          SELECT s.id, s.location_id, s.appointment_id, s.account_id, s.outcome
          FROM recordings AS s
          WHERE s.outcome IN ('failed', 'gave_up') AND s.final_at > :now - INTERVAL '7 days') AS r
    JOIN appointments AS a ON a.id = r.appointment_id
) {alert_changes};

-- name: webhooks
-- Something was held, we know it by asking only, and Zoom should have told us: after the last event that came, and half an hour
-- is over since that. A quiet night proves nothing, nor does a long meeting that merely goes on.
WITH latest AS MATERIALIZED (
    SELECT coalesce(max(received_at), '-infinity') AS at FROM inbox
), wrong AS (
    SELECT CAST(NULL AS text) AS one, CAST(NULL AS text) AS many, CAST(NULL AS bigint) AS location_id,
           CAST(NULL AS bigint) AS appointment_id, CAST(NULL AS bigint) AS account_id, '' AS what,
           CAST(NULL AS timestamptz) AS at, CAST(NULL AS text) AS cause
    WHERE (SELECT at FROM latest) <= :now - INTERVAL '30 minutes'
      AND EXISTS (SELECT FROM leases AS l
                  JOIN meetings AS m ON m.lease_id = l.id
                  JOIN meeting_instances AS i ON i.meeting_id = m.id
                  WHERE l.released_at IS NULL AND i.events = 0
                    AND greatest(i.started_at, i.ended_at) > (SELECT at FROM latest)
                    AND greatest(i.started_at, i.ended_at) <= :now - INTERVAL '5 minutes')
) {alert_changes};

-- name: deletion
WITH wrong AS (
    SELECT CAST(NULL AS text) AS one, CAST(NULL AS text) AS many, CAST(NULL AS bigint) AS location_id,
           CAST(NULL AS bigint) AS appointment_id, CAST(NULL AS bigint) AS account_id, '' AS what,
           deletion_stopped_at AS at, deletion_stopped_reason AS cause
    FROM installation WHERE deletion_stopped_at IS NOT NULL
) {alert_changes};

-- name: account_risk
-- Which appointments hang on accounts that have just fallen ill, and how many wait at their location already.
SELECT c.id AS account_id,
       ARRAY(SELECT a.external_id FROM leases AS l JOIN appointments AS a ON a.id = l.appointment_id
             WHERE l.account_id = c.id AND l.released_at IS NULL AND l.state IN ('reserved', 'ready', 'live')) AS risk,
       (SELECT count(*) FROM appointments AS w
        WHERE w.location_id = c.location_id AND w.status = 'booked' AND w.link = 'waiting'
          AND w.starts_at > :earliest AND w.starts_at <= :horizon AND w.ends_at > :now) AS waiting
FROM accounts AS c WHERE c.id = ANY (CAST(:accounts AS bigint[]));

-- name: clear
UPDATE alerts SET cleared_at = :now
WHERE condition = ANY (CAST(:conditions AS text[])) AND cleared_at IS NULL
RETURNING id, condition, kind, location_id, appointment_id, account_id;
