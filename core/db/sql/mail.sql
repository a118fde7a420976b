-- Delivery: claim, look once more, hand over, record. The handing over lies between statements, in no transaction.

-- name: claim
-- Due mails, join links first, and those whose claimer died. The CTE is materialized so that LIMIT is applied once: as a
-- plain subquery the planner may run it per row and claim more than asked for.
WITH due AS MATERIALIZED (
    SELECT id
    FROM messages
    WHERE status IN ('queued', 'retrying', 'in_flight') AND channel = 'mail'
      AND next_attempt_at <= :now
      AND (status <> 'in_flight' OR in_flight_since < :abandoned)
      AND (CAST(:meeting_ids AS bigint[]) IS NULL OR meeting_id = ANY (CAST(:meeting_ids AS bigint[])))
    ORDER BY priority, next_attempt_at
    LIMIT :limit
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE messages AS m
SET status = 'in_flight', in_flight_since = :now, claimed_by = :claimer
FROM due
WHERE m.id = due.id
RETURNING m.id, m.priority, m.next_attempt_at;

-- name: count_due
SELECT count(*) FROM (
    SELECT FROM messages
    WHERE status IN ('queued', 'retrying', 'in_flight') AND channel = 'mail'
      AND next_attempt_at <= :now
      AND (status <> 'in_flight' OR in_flight_since < :abandoned)
    LIMIT :at_most
) AS due;

-- name: look
-- What the mail says and whether it is still true, as of this moment. No row: somebody else has the mail now.
SELECT m.id, m.kind, m.recipient, m.message_id, m.attempts, m.give_up_at, m.revision,
       m.location_id, m.appointment_id, m.meeting_id, m.provider_reply,
       l.sender_name, a.client_name, a.client_zone, a.starts_at, a.ends_at, a.booked_at,
       a.status AS appointment_status, a.revision AS current_revision, a.link,
       t.join_url, t.passcode, t.recorded,
       COALESCE(t.state = 'created' AND s.state <> 'closing' AND s.released_at IS NULL, false) AS meeting_open,
       r.due_at, r.link_ready_at, r.waiting_since IS NOT NULL AS waited, s.reserved_at,
       a.attempts > 0 OR COALESCE(t.attempts > 0 OR t.last_error IS NOT NULL, false) AS zoom_failed,
       e.told_before, e.link_sent, e.leaving, e.link_before, e.told_before AND NOT e.move_sent AND NOT e.link_sent AS new_time
FROM messages AS m
JOIN locations AS l ON l.id = m.location_id
JOIN appointments AS a ON a.id = m.appointment_id
LEFT JOIN appointment_revisions AS r ON r.appointment_id = m.appointment_id AND r.revision = m.revision
LEFT JOIN meetings AS t ON t.id = m.meeting_id
LEFT JOIN leases AS s ON s.id = t.lease_id
-- What its recipient has got before. What is in flight may yet turn out to be untrue and not leave.
CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(j.status = 'sent' AND (j.revision < m.revision OR m.kind = 'cancelled')), false) AS told_before,
           coalesce(bool_or(j.status = 'sent' AND j.kind = 'join_link' AND j.revision = m.revision), false) AS link_sent,
           coalesce(bool_or(j.status = 'sent' AND j.kind = 'moved' AND j.revision = m.revision), false) AS move_sent,
           coalesce(bool_or(j.status = 'sent' AND j.kind = 'join_link' AND j.meeting_id IS DISTINCT FROM m.meeting_id), false)
               AS link_before,
           coalesce(bool_or(j.status = 'in_flight'), false) AS leaving
    FROM messages AS j
    WHERE j.appointment_id = m.appointment_id AND j.id <> m.id AND j.channel = 'mail' AND j.kind IN ('join_link', 'moved')
      AND j.status IN ('sent', 'in_flight')) AS e
WHERE m.id = :id AND m.status = 'in_flight' AND m.claimed_by = :claimer;

-- name: accepted
-- The server has it, so it is sent, whoever holds the claim by now and whatever was decided meanwhile.
WITH accepted AS (
    UPDATE messages
    SET status = 'sent', sent_at = :now, provider_reply = :reply, reason = NULL, attempts = attempts + 1,
        in_flight_since = NULL
    WHERE id = :id AND status <> 'sent'
    RETURNING id, kind, location_id, appointment_id, revision, meeting_id
), first_link AS (
    UPDATE appointment_revisions AS r
    SET mail_accepted_at = :now,
        cause = CASE WHEN r.outcome IS NULL THEN :cause ELSE r.cause END,
        outcome = COALESCE(r.outcome, :outcome)
    FROM accepted AS m
    WHERE m.kind = 'join_link' AND r.appointment_id = m.appointment_id AND r.revision = m.revision
      AND r.mail_accepted_at IS NULL
)
INSERT INTO events (at, kind, actor, location_id, appointment_id, meeting_id, message_id, run_id, detail)
SELECT :now, 'mail_accepted', 'system', location_id, appointment_id, meeting_id, id, :run_id,
       jsonb_build_object('kind', kind)
FROM accepted;

-- name: settle
-- Not sent this time. No row: another claimer has it, and decides.
UPDATE messages
SET status = :status, reason = :reason, provider_reply = COALESCE(:reply, provider_reply), attempts = attempts + :tried,
    next_attempt_at = :next_attempt_at, in_flight_since = NULL, claimed_by = NULL
WHERE id = :id AND status = 'in_flight' AND claimed_by = :claimer
RETURNING id;

-- name: put_back
-- Claimed but not tried: as before, only later. Attempts are not counted, since nothing was learned about these mails.
UPDATE messages
SET status = CASE WHEN attempts > 0 OR CAST(:problem AS text) IS NOT NULL THEN 'retrying' ELSE 'queued' END,
    provider_reply = COALESCE(:problem, provider_reply), next_attempt_at = :next_attempt_at,
    in_flight_since = NULL, claimed_by = NULL
WHERE id = ANY (:ids) AND status = 'in_flight' AND claimed_by = :claimer;
