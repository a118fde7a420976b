-- Ending a lease before its time: the meeting is deleted on Zoom, and only then is the account free.

-- name: close_leases
-- The open leases of an appointment go into closing; a run that is at work on one loses its claim by the fence.
-- A lease under which nothing was made is closed by finish_closed at once.
UPDATE leases
SET state = 'closing', closing_at = :now, closing_reason = :reason, fence = fence + 1, claimed_by_run = NULL, claimed_until = NULL
WHERE appointment_id = :appointment_id AND released_at IS NULL AND state IN ('reserved', 'ready')
RETURNING id, account_id;

-- name: want_deletion
-- An intent without a result may exist on Zoom, or a run may be about to make it: it is looked for a little later.
UPDATE meetings
SET state = CASE WHEN state = 'created' THEN 'deleting' WHEN absent THEN 'gone' ELSE 'unknown' END,
    deletion_wanted_at = :now,
    gone_at = CASE WHEN state = 'intended' AND absent THEN CAST(:now AS timestamptz) END,
    next_attempt_at = CASE WHEN state = 'created' THEN CAST(:now AS timestamptz) ELSE CAST(:look_at AS timestamptz) END
WHERE lease_id = ANY (CAST(:leases AS bigint[])) AND state IN ('created', 'intended')
RETURNING id;

-- name: claim_owed
-- What is owed to Zoom and due; taken until :until, so that two runs do not ask twice. A meeting goes first when somebody waits
-- for its account.
WITH owed AS (
    SELECT m.id
    FROM meetings AS m
    WHERE m.state IN ('deleting', 'unknown') AND m.next_attempt_at <= :now
      AND (CAST(:only AS bigint[]) IS NULL OR m.id = ANY (CAST(:only AS bigint[])))
    ORDER BY m.next_attempt_at, m.id
    LIMIT :limit
    FOR NO KEY UPDATE SKIP LOCKED
), taken AS (
    UPDATE meetings AS m SET next_attempt_at = :until, attempts = m.attempts + 1
    FROM owed WHERE m.id = owed.id
    RETURNING m.*
)
SELECT t.id AS meeting_id, t.location_id, t.lease_id, t.account_id, t.state, t.zoom_meeting_id, t.reference, t.intended_at,
       l.appointment_id
FROM taken AS t JOIN leases AS l ON l.id = t.lease_id
ORDER BY t.id;

-- name: found
UPDATE meetings SET state = 'deleting', zoom_meeting_id = :zoom_id, deletion_wanted_at = coalesce(deletion_wanted_at, :now)
WHERE id = :meeting_id AND state = 'unknown';

-- name: gone
UPDATE meetings SET state = 'gone', gone_at = :now, next_attempt_at = NULL, last_error = NULL
WHERE id = :meeting_id AND state IN ('deleting', 'unknown')
RETURNING id;

-- name: again_later
UPDATE meetings SET next_attempt_at = :until, last_error = :error
WHERE id = :meeting_id AND state IN ('deleting', 'unknown');

-- name: finish_closed
-- A closing lease without any meeting left on Zoom is over, and its account idle from now on.
WITH over AS (
    SELECT l.id, l.account_id
    FROM leases AS l
    WHERE l.id = ANY (CAST(:leases AS bigint[])) AND l.state = 'closing'
      AND NOT EXISTS (SELECT FROM meetings AS m WHERE m.lease_id = l.id AND m.state <> 'gone')
    ORDER BY l.id
    FOR NO KEY UPDATE OF l
), released AS (
    UPDATE leases AS l SET state = 'released', released_at = :now, release_reason = coalesce(l.closing_reason, 'freed')
    FROM over WHERE l.id = over.id
    RETURNING l.id, l.account_id, l.location_id, l.appointment_id, l.release_reason
), idled AS (
    UPDATE accounts AS c SET idle_since = :now FROM released WHERE c.id = released.account_id
)
INSERT INTO events (at, kind, location_id, appointment_id, account_id, lease_id, actor, run_id, detail)
SELECT :now, 'lease_released', location_id, appointment_id, account_id, id, :actor, :run_id,
       jsonb_build_object('reason', release_reason)
FROM released
RETURNING lease_id;

-- name: owed_now
SELECT EXISTS (SELECT FROM meetings WHERE state IN ('deleting', 'unknown') AND next_attempt_at <= :now);
