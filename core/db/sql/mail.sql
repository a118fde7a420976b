-- Delivery: claim, look once more, hand over, record. The handing over lies between statements, in no transaction.

-- name: claim
-- Due mails, join links first, and those whose claimer died. The CTE is materialized so that LIMIT is applied once: as a
-- plain subquery the planner may run it per row and claim more than asked for.
-- What is claimed for the first time gets the next number of its appointment's calendar entry. The appointment is locked with
-- the message and skipped like it: whoever cancels or moves holds the appointment while he drops its messages, and waiting for
-- him here, with a message in hand, would be a deadlock.
WITH due AS MATERIALIZED (
    SELECT m.id, m.appointment_id, m.priority, m.next_attempt_at, m.sequence
    FROM messages AS m
    JOIN appointments AS a ON a.id = m.appointment_id
    WHERE m.status IN ('queued', 'retrying', 'in_flight') AND m.channel = 'mail'
      AND m.next_attempt_at <= :now
      AND (m.status <> 'in_flight' OR m.in_flight_since < :abandoned)
      AND (CAST(:meeting_ids AS bigint[]) IS NULL OR m.meeting_id = ANY (CAST(:meeting_ids AS bigint[])))
    ORDER BY m.priority, m.next_attempt_at
    LIMIT :limit
    FOR NO KEY UPDATE OF m, a SKIP LOCKED
), numbered AS (
    SELECT id, appointment_id, sequence,
           row_number() OVER (PARTITION BY appointment_id, sequence IS NULL ORDER BY priority, next_attempt_at, id) AS place
    FROM due
), raised AS (
    UPDATE appointments AS a
    SET ical_sequence = a.ical_sequence + n.many
    FROM (SELECT appointment_id, count(*) AS many FROM numbered WHERE sequence IS NULL GROUP BY appointment_id) AS n
    WHERE a.id = n.appointment_id
    RETURNING a.id, a.ical_sequence - n.many AS before
)
UPDATE messages AS m
SET status = 'in_flight', in_flight_since = :now, claimed_by = :claimer, sequence = coalesce(n.sequence, r.before + n.place)
FROM numbered AS n
LEFT JOIN raised AS r ON r.id = n.appointment_id
WHERE m.id = n.id
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
-- What the mail says and whether it is still true, as of this moment. No row: somebody else has the mail now. Without a claimer
-- it is only looked at.
SELECT m.id, m.kind, m.status, m.to_host, m.resend_of, m.payload ? 'new_end' AS new_end, m.message_id, m.attempts, m.revision,
       CASE WHEN m.to_host OR m.status = 'sent' THEN m.recipient ELSE a.client_email END AS recipient,
       CASE WHEN m.kind = 'booked' THEN a.ends_at ELSE m.give_up_at END AS give_up_at,
       m.location_id, m.appointment_id, m.meeting_id, m.provider_reply,
       coalesce(m.sequence, a.ical_sequence + 1) AS sequence,
       l.sender_name, k.meeting_location, k.meeting_detail, k.host_email,
       a.client_name, a.client_email, a.client_zone, l.zone AS location_zone, a.starts_at, a.ends_at, a.booked_at,
       a.status AS appointment_status, a.revision AS current_revision, a.link,
       t.join_url, t.passcode, t.recorded,
       COALESCE(t.state = 'created' AND s.state <> 'closing' AND s.released_at IS NULL, false) AS meeting_open,
       r.due_at, r.link_ready_at, {waited_for_an_account} AS waited, s.reserved_at,
       a.attempts > 0 OR COALESCE(t.attempts > 0 OR t.last_error IS NOT NULL, false) AS zoom_failed,
       e.told_before, e.link_sent, e.leaving, e.link_before, e.told_before AND NOT e.move_sent AND NOT e.link_sent AS new_time
FROM messages AS m
JOIN locations AS l ON l.id = m.location_id
JOIN appointments AS a ON a.id = m.appointment_id
JOIN calendars AS k ON k.id = a.calendar_id
LEFT JOIN appointment_revisions AS r
    ON r.appointment_id = m.appointment_id AND r.revision = CASE WHEN m.kind = 'booked' THEN a.revision ELSE m.revision END
LEFT JOIN meetings AS t ON t.id = m.meeting_id
LEFT JOIN leases AS s ON s.id = t.lease_id
-- What its recipient, the client or the host, has got before. What is in flight may yet turn out to be untrue and not leave; of
-- two notices that leave at once only the later one waits for the other.
CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(j.status = 'sent' AND (j.revision < m.revision OR m.kind = 'cancelled')), false) AS told_before,
           coalesce(bool_or(j.status = 'sent' AND j.kind = 'join_link' AND j.revision = a.revision), false) AS link_sent,
           coalesce(bool_or(j.status = 'sent' AND j.kind = 'moved' AND j.revision = m.revision), false) AS move_sent,
           coalesce(bool_or(j.status = 'sent' AND j.kind = 'join_link' AND j.meeting_id IS DISTINCT FROM m.meeting_id), false)
               AS link_before,
           coalesce(bool_or(j.status = 'in_flight' AND (j.kind = 'join_link' OR coalesce(j.sequence, 0) < m.sequence)), false) AS leaving
    FROM messages AS j
    WHERE j.appointment_id = m.appointment_id AND j.id <> m.id AND j.channel = 'mail' AND j.to_host = m.to_host
      AND j.kind IN ('booked', 'join_link', 'moved') AND j.status IN ('sent', 'in_flight')) AS e
WHERE m.id = :id AND m.channel = 'mail'
  AND (CAST(:claimer AS text) IS NULL OR (m.status = 'in_flight' AND m.claimed_by = :claimer));

-- name: standing
-- What each reader, the client and the host, was told last of the time that an appointment has now: the link's mail, else the
-- newest. What is in flight may already have been read.
SELECT DISTINCT ON (to_host) coalesce(resend_of, id) AS id, kind, recipient, to_host, revision, meeting_id
FROM messages
WHERE appointment_id = :appointment_id AND channel = 'mail' AND status IN ('sent', 'in_flight')
  AND (kind = 'booked' OR kind IN ('join_link', 'moved') AND revision = :revision)
ORDER BY to_host, kind = 'join_link' DESC, id DESC;

-- name: accepted
-- The server has it, so it is sent, whoever holds the claim by now and whatever was decided meanwhile. The revision is the one
-- whose time it told, the recipient who got it. Only the client's own link counts as his.
WITH accepted AS (
    UPDATE messages
    SET status = 'sent', sent_at = :now, provider_reply = :reply, reason = NULL, attempts = attempts + 1,
        in_flight_since = NULL, revision = :revision, recipient = :recipient
    WHERE id = :id AND status <> 'sent'
    RETURNING id, kind, location_id, appointment_id, revision, meeting_id, to_host
), first_link AS (
    UPDATE appointment_revisions AS r
    SET mail_accepted_at = :now,
        cause = CASE WHEN r.outcome IS NULL THEN :cause ELSE r.cause END,
        outcome = COALESCE(r.outcome, :outcome)
    FROM accepted AS m
    WHERE m.kind = 'join_link' AND NOT m.to_host AND r.appointment_id = m.appointment_id AND r.revision = m.revision
      AND r.mail_accepted_at IS NULL
)
INSERT INTO events (at, kind, actor, location_id, appointment_id, meeting_id, message_id, run_id, detail)
SELECT :now, 'mail_accepted', 'system', location_id, appointment_id, meeting_id, id, :run_id,
       jsonb_build_object('kind', kind) || CASE WHEN to_host THEN '{"to_host": true}' ELSE '{}' END::jsonb
FROM accepted;

-- name: copy_to_host
-- A copy of these mails for the host of their calendar, where it wants one: after every link to a client.
INSERT INTO messages (location_id, appointment_id, revision, meeting_id, to_host, dedupe_key, channel, kind, priority,
                      recipient, payload, next_attempt_at, give_up_at, message_id, created_at)
SELECT m.location_id, m.appointment_id, m.revision, m.meeting_id, true, c.dedupe_key, m.channel, m.kind, 1,
       k.host_email, '{}', m.next_attempt_at, m.give_up_at,
       'zp-' || i.installation_id || '-' || left(encode(sha256(convert_to(c.dedupe_key, 'UTF8')), 'hex'), 24), m.created_at
FROM messages AS m
JOIN appointments AS a ON a.id = m.appointment_id
JOIN calendars AS k ON k.id = a.calendar_id AND k.copy_to_host AND k.host_email IS NOT NULL
CROSS JOIN installation AS i
CROSS JOIN LATERAL (SELECT 'host:' || m.dedupe_key AS dedupe_key) AS c
WHERE m.id = ANY (:ids) AND NOT m.to_host AND m.resend_of IS NULL
ON CONFLICT (dedupe_key) DO NOTHING;
