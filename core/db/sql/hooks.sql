-- Delivery of outgoing webhooks: claim, look once more, call, record. The call lies between statements, in no transaction.

-- name: claim
-- Due ones of every endpoint that is not left in peace, at most :each of it, or :only one, whatever its endpoint waits for.
-- In the order in which things happened; what was tried before comes last, so that one that is refused holds up no others.
WITH due AS MATERIALIZED (
    SELECT d.id
    FROM hook_endpoints AS h
    CROSS JOIN LATERAL (
        SELECT m.id, m.next_attempt_at
        FROM messages AS m
        WHERE m.endpoint_id = h.id AND m.channel = 'hook' AND m.status IN ('queued', 'retrying', 'in_flight')
          AND (m.next_attempt_at <= :now OR CAST(:only AS bigint) IS NOT NULL)
          AND (m.status <> 'in_flight' OR m.in_flight_since < :abandoned)
          AND (CAST(:only AS bigint) IS NULL OR m.id = :only)
        ORDER BY m.attempts > 0, m.id
        LIMIT :each
        FOR NO KEY UPDATE SKIP LOCKED) AS d
    WHERE h.disabled_at IS NULL AND (h.paused_until IS NULL OR h.paused_until <= :now OR CAST(:only AS bigint) IS NOT NULL)
    ORDER BY d.next_attempt_at, d.id
    LIMIT :limit
)
UPDATE messages AS m
SET status = 'in_flight', in_flight_since = :now, claimed_by = :claimer, recipient = h.url,
    give_up_at = coalesce(m.give_up_at, :give_up_at)
FROM due, hook_endpoints AS h
WHERE m.id = due.id AND h.id = m.endpoint_id
RETURNING m.id, m.endpoint_id, m.attempts;

-- name: count_due
SELECT count(*) FROM (
    SELECT FROM hook_endpoints AS h
    CROSS JOIN LATERAL (
        SELECT FROM messages AS m
        WHERE m.endpoint_id = h.id AND m.channel = 'hook' AND m.status IN ('queued', 'retrying', 'in_flight')
          AND m.next_attempt_at <= :now AND (m.status <> 'in_flight' OR m.in_flight_since < :abandoned)
        LIMIT :at_most) AS d
    WHERE h.disabled_at IS NULL AND (h.paused_until IS NULL OR h.paused_until <= :now)
    LIMIT :at_most
) AS due;

-- name: start_clock
-- What waits behind an endpoint that does not answer: its 24 hours run although its turn has not come.
UPDATE messages AS m
SET give_up_at = :give_up_at
FROM hook_endpoints AS h
WHERE h.paused_until > :now AND m.endpoint_id = h.id AND m.channel = 'hook' AND m.status IN ('queued', 'retrying')
  AND m.give_up_at IS NULL;

-- name: give_up
-- Endpoint before its messages, as everywhere; SKIP LOCKED: somebody is at work on it.
WITH over AS MATERIALIZED (
    SELECT m.id
    FROM messages AS m
    JOIN hook_endpoints AS h ON h.id = m.endpoint_id AND h.disabled_at IS NULL
    WHERE m.channel = 'hook' AND m.status IN ('queued', 'retrying') AND m.give_up_at <= :now
    LIMIT :limit
    FOR NO KEY UPDATE OF m SKIP LOCKED
)
UPDATE messages AS m
SET status = 'failed', reason = 'in_vain'
FROM over
WHERE m.id = over.id
RETURNING m.id, m.kind, m.location_id, m.appointment_id, m.endpoint_id;

-- name: look
-- What is to be told to whom, as of this moment. No row: somebody else has it now.
SELECT m.id, m.kind, m.payload, m.message_id, m.attempts, m.give_up_at, m.revision, m.location_id, m.appointment_id,
       m.endpoint_id, h.url, h.secret, CASE WHEN h.previous_until > :now THEN h.previous_secret END AS previous_secret,
       h.failures, h.disabled_at IS NOT NULL AS disabled
FROM messages AS m
JOIN hook_endpoints AS h ON h.id = m.endpoint_id
WHERE m.id = :id AND m.status = 'in_flight' AND m.claimed_by = :claimer;

-- name: accepted
-- The receiver has it, whoever holds the claim by now; and it is well again.
WITH accepted AS (
    UPDATE messages
    SET status = 'sent', sent_at = :now, provider_reply = :reply, reason = NULL, attempts = attempts + 1,
        in_flight_since = NULL, claimed_by = NULL
    WHERE id = :id AND status <> 'sent'
    RETURNING endpoint_id
)
UPDATE hook_endpoints AS h
SET failures = 0, paused_until = NULL
FROM accepted
WHERE h.id = accepted.endpoint_id AND (h.failures > 0 OR h.paused_until IS NOT NULL);

-- name: leave_in_peace
UPDATE hook_endpoints SET failures = failures + 1, paused_until = :until WHERE id = :endpoint_id
RETURNING disabled_at IS NOT NULL AS disabled;

-- name: drop_waiting
-- Nobody listens there any more.
UPDATE messages
SET status = 'dropped', reason = :reason
WHERE endpoint_id = :endpoint_id AND channel = 'hook' AND status IN ('queued', 'retrying')
RETURNING id;

-- name: send_again
-- A copy with the same content and the same id, by which a receiver knows it. The original counts its copies.
WITH original AS (
    UPDATE messages
    SET payload = payload || jsonb_build_object('resent', coalesce(CAST(payload ->> 'resent' AS bigint), 0) + 1)
    WHERE id = :original
    RETURNING *
)
INSERT INTO messages (location_id, appointment_id, revision, meeting_id, endpoint_id, resend_of, dedupe_key, channel, kind,
                      priority, recipient, payload, next_attempt_at, message_id, created_at)
SELECT m.location_id, m.appointment_id, m.revision, m.meeting_id, m.endpoint_id, m.id,
       concat_ws(':', 'resend', m.id, m.payload ->> 'resent'), m.channel, m.kind, m.priority, h.url, m.payload - 'resent',
       :now, m.message_id, :now
FROM original AS m
JOIN hook_endpoints AS h ON h.id = m.endpoint_id
RETURNING id;

-- name: ping
INSERT INTO messages (location_id, endpoint_id, dedupe_key, channel, kind, priority, recipient, payload, next_attempt_at,
                      message_id, created_at)
SELECT h.location_id, h.id, k.dedupe_key, 'hook', 'ping', 2, h.url,
       jsonb_build_object('at', CAST(:now AS timestamptz), 'actor', CAST(:actor AS text), 'detail', '{}'::jsonb), :now,
       'zp-' || i.installation_id || '-' || left(encode(sha256(convert_to(k.dedupe_key, 'UTF8')), 'hex'), 24), :now
FROM hook_endpoints AS h
CROSS JOIN installation AS i
CROSS JOIN LATERAL (SELECT concat_ws(':', 'hook', h.id, 'ping', CAST(:unique AS text)) AS dedupe_key) AS k
WHERE h.id = :endpoint_id
RETURNING id;
