-- What became of a claimed message, whatever its channel.

-- name: settle
-- Not sent this time. No row: another claimer has it, and decides.
UPDATE messages
SET status = :status, reason = :reason, recipient = :recipient,
    provider_reply = COALESCE(:reply, provider_reply), attempts = attempts + :tried,
    next_attempt_at = :next_attempt_at, in_flight_since = NULL, claimed_by = NULL
WHERE id = :id AND status = 'in_flight' AND claimed_by = :claimer
RETURNING id;

-- name: put_back
-- Claimed but not tried: as before, only later. Attempts are not counted, since nothing was learned about these messages.
UPDATE messages
SET status = CASE WHEN attempts > 0 OR CAST(:problem AS text) IS NOT NULL THEN 'retrying' ELSE 'queued' END,
    provider_reply = COALESCE(:problem, provider_reply), next_attempt_at = :next_attempt_at,
    in_flight_since = NULL, claimed_by = NULL
WHERE id = ANY (:ids) AND status = 'in_flight' AND claimed_by = :claimer;
