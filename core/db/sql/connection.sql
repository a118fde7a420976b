-- Ending a connection, and what it still owes to Zoom before that.

-- name: duties
-- What only this connection can do: its open lease, meetings that Zoom has not confirmed gone, recordings that are sought, and
-- finished meetings that are still to be deleted (:deletes_finished, unless a person has to look first).
SELECT
    (SELECT count(*) FROM leases AS l WHERE l.account_id = :account_id AND l.released_at IS NULL) AS leases,
    (SELECT count(*) FROM meetings AS m
     WHERE m.account_id = :account_id AND m.state IN ('deleting', 'unknown')) AS deletions,
    (SELECT count(*) FROM recordings AS r
     WHERE r.account_id = :account_id AND (r.outcome = 'sought' OR r.recheck_at IS NOT NULL)) AS recordings,
    (SELECT count(*) FROM meetings AS m JOIN leases AS l ON l.id = m.lease_id
     WHERE l.account_id = :account_id AND m.account_id = :account_id AND l.released_at IS NOT NULL AND m.state = 'created'
       AND CAST(:deletes_finished AS boolean)
       AND NOT EXISTS (SELECT FROM installation AS i WHERE i.deletion_stopped_at IS NOT NULL)) AS finished;

-- name: drained
-- Draining accounts with nothing left to do.
SELECT a.id
FROM accounts AS a
WHERE a.connection = 'draining'
  AND NOT EXISTS (SELECT FROM leases AS l WHERE l.account_id = a.id AND l.released_at IS NULL)
  AND NOT EXISTS (SELECT FROM meetings AS m WHERE m.account_id = a.id AND m.state IN ('deleting', 'unknown'))
  AND NOT EXISTS (SELECT FROM recordings AS r
                  WHERE r.account_id = a.id AND (r.outcome = 'sought' OR r.recheck_at IS NOT NULL))
  AND NOT (CAST(:deletes_finished AS boolean)
           AND NOT EXISTS (SELECT FROM installation AS i WHERE i.deletion_stopped_at IS NOT NULL)
           AND EXISTS (SELECT FROM meetings AS m JOIN leases AS l ON l.id = m.lease_id
                       WHERE l.account_id = a.id AND m.account_id = a.id AND l.released_at IS NOT NULL
                         AND m.state = 'created'))
ORDER BY a.id
LIMIT :limit;

-- name: revokes_due
SELECT EXISTS (SELECT FROM grants WHERE revoke_at <= :now);

-- name: claim_revokes
WITH owed AS (
    SELECT id FROM grants
    WHERE revoke_at <= :now AND (CAST(:only AS bigint) IS NULL OR id = :only)
    ORDER BY revoke_at, id
    LIMIT :limit
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE grants AS g SET revoke_at = :until FROM owed WHERE g.id = owed.id RETURNING g.id;

-- name: open_lease
-- The open lease of an account, with its appointment and the meeting on Zoom.
SELECT l.id, l.state, l.location_id, l.appointment_id, a.external_id, a.status, a.starts_at, a.ends_at, m.zoom_meeting_id
FROM leases AS l
JOIN appointments AS a ON a.id = l.appointment_id
LEFT JOIN LATERAL (SELECT zoom_meeting_id FROM meetings
                   WHERE lease_id = l.id AND state = 'created' ORDER BY id DESC LIMIT 1) AS m ON true
WHERE l.account_id = :account_id AND l.released_at IS NULL;

-- name: lock_open_lease
SELECT id FROM leases WHERE account_id = :account_id AND released_at IS NULL FOR NO KEY UPDATE;

-- name: take_off
-- The fence rises: a run that is at work on the lease can record nothing under it any more.
WITH released AS (
    UPDATE leases AS l
    SET state = 'released', released_at = :now, release_reason = coalesce(l.closing_reason, :reason), fence = l.fence + 1,
        claimed_by_run = NULL, claimed_until = NULL, look_at = NULL, ask_at = NULL
    WHERE l.id = :lease_id AND l.released_at IS NULL
    RETURNING l.id, l.account_id, l.location_id, l.appointment_id, l.release_reason
), idled AS (
    UPDATE accounts AS c SET idle_since = :now FROM released WHERE c.id = released.account_id
)
INSERT INTO events (at, kind, location_id, appointment_id, account_id, lease_id, actor, detail)
SELECT :now, 'lease_released', location_id, appointment_id, account_id, id, :actor, jsonb_build_object('reason', release_reason)
FROM released;

-- name: back_in_line
-- Opened anew under another account. What began too long ago for the line is put aside: an isolated run opens until the end.
UPDATE appointments AS a
SET link = CASE WHEN a.starts_at > :earliest THEN 'not_due' ELSE 'failed' END,
    reason = 'account_disconnected', reason_detail = NULL, attempts = 0, next_attempt_at = NULL,
    isolated_at = CASE WHEN a.starts_at > :earliest THEN NULL ELSE CAST(:now AS timestamptz) END,
    isolation = a.isolation + CASE WHEN a.starts_at > :earliest THEN 0 ELSE 1 END
WHERE a.id = :appointment_id AND a.status = 'booked' AND a.ends_at > :now
RETURNING a.id;

-- name: complete
UPDATE appointments SET status = 'completed', link = 'ended', reason = NULL, reason_detail = NULL
WHERE id = :appointment_id AND status = 'booked'
RETURNING id;

-- name: owed_meetings
SELECT id FROM meetings WHERE account_id = :account_id AND state IN ('deleting', 'unknown');

-- name: rest_deletions
-- Nobody can ask Zoom any more; the duty stays, and is due again when the account is reconnected.
UPDATE meetings SET next_attempt_at = NULL WHERE account_id = :account_id AND state IN ('deleting', 'unknown');

-- name: give_up_recordings
UPDATE recordings
SET outcome = 'gave_up', reason = 'disconnected', final_at = :now, next_attempt_at = NULL, recheck_at = NULL
WHERE account_id = :account_id AND outcome = 'sought';

-- name: give_up_unsought
-- What was held under the account and is not sought yet, because it has not ended.
INSERT INTO recordings (location_id, meeting_id, appointment_id, account_id, zoom_uuid, outcome, reason, sought_since, final_at)
SELECT i.location_id, m.id, l.appointment_id, m.account_id, i.zoom_uuid, 'gave_up', 'disconnected', :now, :now
FROM leases AS l
JOIN meetings AS m ON m.lease_id = l.id AND m.account_id = l.account_id AND m.recorded
JOIN meeting_instances AS i ON i.meeting_id = m.id
WHERE l.id = :lease_id
ON CONFLICT DO NOTHING;

-- name: resume_recordings
UPDATE recordings
SET outcome = 'sought', reason = NULL, final_at = NULL, next_attempt_at = :now
WHERE account_id = :account_id
  AND (outcome = 'sought' OR (outcome = 'gave_up' AND reason = 'disconnected' AND sought_since > :since))
RETURNING id;

-- name: keep_for_recording
-- A meeting is deleted only once its recording is final, and it is not any more.
UPDATE meetings AS m
SET state = 'created', deletion_wanted_at = NULL, next_attempt_at = NULL, last_error = NULL
WHERE m.account_id = :account_id AND m.state = 'deleting'
  AND EXISTS (SELECT FROM recordings AS r WHERE r.meeting_id = m.id AND r.outcome = 'sought');

-- name: resume_deletions
UPDATE meetings SET next_attempt_at = :now WHERE account_id = :account_id AND state IN ('deleting', 'unknown') RETURNING id;

-- name: resume_questions
-- What waited for an answer of Zoom's is asked at once.
UPDATE leases SET look_at = :now, ask_at = CASE WHEN ask_at IS NOT NULL THEN CAST(:now AS timestamptz) END
WHERE account_id = :account_id AND released_at IS NULL AND (look_at IS NOT NULL OR ask_at IS NOT NULL);

-- name: supersede_revokes
-- A new consent has ended the old tokens by itself (Zoom: OAuth error 4741).
UPDATE grants SET access_token = NULL, refresh_token = NULL, revoke_at = NULL
WHERE zoom_account_id = :zoom_account_id AND zoom_user_id = :zoom_user_id AND revoke_at IS NOT NULL;
