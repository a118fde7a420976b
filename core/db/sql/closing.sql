-- Ending a lease before its time: the meeting is deleted on Zoom, and only then is the account free.
-- A meeting in which somebody was is not deleted before its recording is final, since Zoom does not say whether the recording
-- would outlive it: such a lease goes on, through processing and cooldown, although its appointment has left it.

-- name: lock_open_leases
-- A statement of its own, so that the next one sees what was committed by whoever held these locks.
SELECT id FROM leases
WHERE appointment_id = :appointment_id AND revision = :revision AND released_at IS NULL
ORDER BY id
FOR NO KEY UPDATE;

-- name: open_leases
-- With what our own rows know of each: whether anybody was ever in its meeting, and which meetings should have people inside.
-- Not in one that is gone: what was recorded there is sought whatever becomes of the lease and of the meeting it has now.
SELECT l.id, l.state, l.account_id,
       l.live_at IS NOT NULL OR EXISTS (
           SELECT FROM meetings AS m JOIN meeting_instances AS i ON i.meeting_id = m.id
           WHERE m.lease_id = l.id AND m.state <> 'gone') AS held,
       ARRAY(SELECT m.id FROM meetings AS m WHERE m.lease_id = l.id AND m.state = 'created') AS meetings,
       ARRAY(SELECT DISTINCT m.id FROM meetings AS m JOIN meeting_instances AS i ON i.meeting_id = m.id
             WHERE m.lease_id = l.id AND m.state = 'created' AND i.ended_at IS NULL) AS entered
FROM leases AS l
WHERE l.appointment_id = :appointment_id AND l.revision = :revision AND l.released_at IS NULL
  AND l.state IN ('reserved', 'ready', 'live')
ORDER BY l.id;

-- name: close_leases
-- Into closing; a run that is at work on one loses its claim by the fence.
-- A lease under which nothing was made is closed by finish_closed at once.
UPDATE leases
SET state = 'closing', closing_at = :now, closing_reason = :reason, fence = fence + 1, claimed_by_run = NULL,
    claimed_until = NULL, look_at = NULL, ask_at = NULL
WHERE id = ANY (CAST(:leases AS bigint[])) AND state IN ('reserved', 'ready', 'live')
RETURNING id;

-- name: go_on
-- What is decided about these leases may be another by now, and Zoom may say more.
UPDATE leases SET look_at = :now, ask_at = :now
WHERE id = ANY (CAST(:leases AS bigint[])) AND released_at IS NULL;

-- name: everybody_out
-- Nobody is inside any more, as Zoom says.
UPDATE meeting_instances SET ended_at = greatest(started_at, :now), ended_by = 'asked'
WHERE meeting_id = :meeting_id AND ended_at IS NULL;

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
-- for its account. Where we have no access, nobody can be asked: it is due at once when the account is reconnected.
WITH owed AS (
    SELECT m.id
    FROM meetings AS m JOIN accounts AS c ON c.id = m.account_id
    WHERE m.state IN ('deleting', 'unknown') AND m.next_attempt_at <= :now AND c.connection IN ('connected', 'draining')
      AND (CAST(:only AS bigint[]) IS NULL OR m.id = ANY (CAST(:only AS bigint[])))
    ORDER BY m.next_attempt_at, m.id
    LIMIT :limit
    FOR NO KEY UPDATE OF m SKIP LOCKED
), taken AS (
    UPDATE meetings AS m SET next_attempt_at = :until, attempts = m.attempts + 1
    FROM owed WHERE m.id = owed.id
    RETURNING m.*
)
SELECT t.id AS meeting_id, t.location_id, t.lease_id, t.account_id, t.state, t.zoom_meeting_id, t.reference, t.intended_at,
       l.appointment_id, l.state AS lease_state,
       EXISTS (SELECT FROM meeting_instances AS i
               LEFT JOIN recordings AS r ON r.meeting_id = i.meeting_id AND r.zoom_uuid = i.zoom_uuid
               WHERE i.meeting_id = t.id AND (r.id IS NULL OR r.outcome = 'sought')) AS recording_open,
       EXISTS (SELECT FROM meeting_instances AS i WHERE i.meeting_id = t.id) AS heard_of
FROM taken AS t JOIN leases AS l ON l.id = t.lease_id
ORDER BY t.id;

-- name: lock_appointment
SELECT id FROM appointments WHERE id = :appointment_id FOR NO KEY UPDATE;

-- name: reopen
-- Somebody was or is inside after all: the lease goes on, and its meeting is deleted when its recording is final.
WITH reopened AS (
    UPDATE leases AS l
    SET state = 'live', live_at = coalesce(live_at, :now), closing_at = NULL, closing_reason = NULL, fence = fence + 1,
        look_at = :now, ask_at = :now
    WHERE id = :lease_id AND state = 'closing'
    RETURNING id
)
UPDATE meetings AS m SET state = 'created', deletion_wanted_at = NULL, next_attempt_at = NULL, last_error = NULL
FROM reopened WHERE m.id = :meeting_id AND m.state = 'deleting'
RETURNING m.lease_id;

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
SELECT EXISTS (
    SELECT FROM meetings AS m JOIN accounts AS c ON c.id = m.account_id
    WHERE m.state IN ('deleting', 'unknown') AND m.next_attempt_at <= :now AND c.connection IN ('connected', 'draining'));
