-- Delivery of alert messages: claim, hand over, record. The handing over lies between statements, in no transaction.

-- name: claim
-- That a condition is over is not told before that it was: the second message waits for the first. Of one *kind* unless NULL.
WITH due AS MATERIALIZED (
    SELECT m.id
    FROM messages AS m
    WHERE m.status IN ('queued', 'retrying', 'in_flight') AND m.channel = 'alert' AND m.next_attempt_at <= :now
      AND (m.status <> 'in_flight' OR m.in_flight_since < :abandoned)
      AND (CAST(:kind AS text) IS NULL OR m.kind = :kind)
      AND NOT EXISTS (SELECT FROM messages AS r
                      WHERE m.payload ->> 'what' = 'cleared'
                        AND r.dedupe_key = concat_ws(':', 'alert', m.payload ->> 'alert_id', 'raised')
                        AND r.status IN ('queued', 'retrying', 'in_flight'))
    ORDER BY m.priority, m.next_attempt_at, m.id
    LIMIT :limit
    FOR NO KEY UPDATE OF m SKIP LOCKED
), claimed AS (
    UPDATE messages AS m
    SET status = 'in_flight', in_flight_since = :now, claimed_by = :claimer
    FROM due WHERE m.id = due.id
    RETURNING m.id, m.kind, m.attempts, m.give_up_at, m.payload
)
SELECT c.*, a.text, a.next_step, l.name AS location
FROM claimed AS c
JOIN alerts AS a ON a.id = CAST(c.payload ->> 'alert_id' AS bigint)
LEFT JOIN locations AS l ON l.id = a.location_id
ORDER BY c.id;

-- name: count_due
SELECT count(*) FROM (
    SELECT FROM messages
    WHERE status IN ('queued', 'retrying', 'in_flight') AND channel = 'alert' AND next_attempt_at <= :now
      AND (status <> 'in_flight' OR in_flight_since < :abandoned)
    LIMIT :at_most
) AS due;

-- name: settle
-- What became of it; :accepted are the targets that have it, so that a later try leaves them in peace.
UPDATE messages
SET status = :status, reason = :reason, provider_reply = coalesce(:reply, provider_reply), attempts = attempts + :tried,
    next_attempt_at = :next_attempt_at, sent_at = CASE WHEN :status = 'sent' THEN CAST(:now AS timestamptz) END,
    payload = payload || jsonb_build_object('accepted', CAST(:accepted AS text[])), in_flight_since = NULL, claimed_by = NULL
WHERE id = :id AND status = 'in_flight' AND claimed_by = :claimer;

-- name: put_back
-- Claimed but not tried: as before, only later.
UPDATE messages
SET status = CASE WHEN attempts > 0 THEN 'retrying' ELSE 'queued' END, next_attempt_at = :next_attempt_at,
    in_flight_since = NULL, claimed_by = NULL
WHERE id = ANY (CAST(:ids AS bigint[])) AND status = 'in_flight' AND claimed_by = :claimer;
