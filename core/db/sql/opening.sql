-- From a reserved lease to a recorded result. Results are written WHERE fence = :mine: a run that lost its claim writes none.

-- name: claimed
-- The leases a run has claimed, with an intent of an earlier try if there is one. Locked, so that a cancellation comes before
-- (and the lease is not here) or after (and finds the intent that is about to be written).
-- Locations in turn: one whose every call fails must not make up the front of the batch, where it looks like an outage.
WITH held AS MATERIALIZED (
    SELECT l.id, l.fence, l.location_id, l.account_id, l.appointment_id, l.revision
    FROM leases AS l
    WHERE l.claimed_by_run = :run_id AND l.state = 'reserved'
      AND (CAST(:lease_ids AS bigint[]) IS NULL OR l.id = ANY (CAST(:lease_ids AS bigint[])))
    ORDER BY l.id
    FOR NO KEY UPDATE
)
SELECT l.id AS lease_id, l.fence, l.location_id, l.account_id, c.email AS account_email, c.zoom_user_id,
       a.id AS appointment_id, l.revision, a.external_id, k.name AS calendar_name, a.client_email, a.starts_at, a.ends_at,
       a.attempts, a.isolated_at IS NOT NULL AS isolated,
       m.id AS meeting_id, m.reference, m.passcode, coalesce(NOT m.absent, false) AS doubtful
FROM held AS l
JOIN appointments AS a ON a.id = l.appointment_id AND a.revision = l.revision AND a.status = 'booked'
JOIN calendars AS k ON k.id = a.calendar_id
JOIN accounts AS c ON c.id = l.account_id
LEFT JOIN meetings AS m ON m.lease_id = l.id AND m.account_id = l.account_id AND m.state = 'intended'
ORDER BY row_number() OVER (PARTITION BY l.location_id ORDER BY a.starts_at, a.id), a.starts_at, a.id;

-- name: intend
WITH wanted AS (
    SELECT nextval(pg_get_serial_sequence('meetings', 'id')) AS id, w.*
    FROM unnest(CAST(:lease_ids AS bigint[]), CAST(:location_ids AS bigint[]), CAST(:account_ids AS bigint[]),
                CAST(:passcodes AS bytea[])) AS w (lease_id, location_id, account_id, passcode)
)
INSERT INTO meetings (id, location_id, lease_id, account_id, reference, state, passcode, intended_at)
OVERRIDING SYSTEM VALUE
SELECT w.id, w.location_id, w.lease_id, w.account_id, 'zp:' || i.installation_id || ':' || w.id, 'intended', w.passcode, :now
FROM wanted AS w CROSS JOIN installation AS i
RETURNING id, lease_id, reference;

-- name: try_again
-- From here on the meetings of earlier tries may exist again.
UPDATE meetings SET absent = false, attempts = attempts + 1 WHERE id = ANY (CAST(:meeting_ids AS bigint[]));

-- name: lock_appointments
-- Before anything of theirs is written, in the one order everybody keeps: appointment, lease, account.
SELECT id FROM appointments WHERE id = ANY (CAST(:appointments AS bigint[])) ORDER BY id FOR NO KEY UPDATE;

-- name: win
-- The leases that are still ours become ready; who is not among them has lost its claim.
UPDATE leases AS l
SET state = 'ready', ready_at = :now, claimed_by_run = NULL, claimed_until = NULL, look_at = :now
FROM unnest(CAST(:lease_ids AS bigint[]), CAST(:fences AS bigint[])) AS mine (lease_id, fence)
WHERE l.id = mine.lease_id AND l.fence = mine.fence AND l.state = 'reserved'
RETURNING l.id;

-- name: record_meetings
-- What Zoom made for the leases that were won.
UPDATE meetings AS m
SET state = 'created', zoom_meeting_id = r.zoom_id, zoom_uuid = r.uuid, join_url = r.join_url, passcode = r.passcode,
    recorded = r.recorded, adopted = r.adopted, created_at = :now, last_error = NULL, next_attempt_at = NULL
FROM unnest(CAST(:meeting_ids AS bigint[]), CAST(:zoom_ids AS text[]), CAST(:uuids AS text[]), CAST(:join_urls AS text[]),
            CAST(:passcodes AS bytea[]), CAST(:recorded AS boolean[]), CAST(:adopted AS boolean[]))
     AS r (meeting_id, zoom_id, uuid, join_url, passcode, recorded, adopted)
WHERE m.id = r.meeting_id;

-- name: lost_meetings
-- What Zoom made for claims that were lost is to be deleted, unless the intent still stands: then it is the other run's to
-- find by its reference; and what that run has found is the client's link by now.
UPDATE meetings AS m
SET state = 'deleting', zoom_meeting_id = r.zoom_id, zoom_uuid = r.uuid, created_at = :now, gone_at = NULL,
    deletion_wanted_at = :now, next_attempt_at = :now
FROM leases AS l,
     unnest(CAST(:meeting_ids AS bigint[]), CAST(:zoom_ids AS text[]), CAST(:uuids AS text[])) AS r (meeting_id, zoom_id, uuid)
WHERE m.id = r.meeting_id AND l.id = m.lease_id
  AND m.state <> 'created' AND NOT (m.state = 'intended' AND l.state = 'reserved');

-- name: link_ready
WITH ready AS (
    UPDATE appointments AS a
    SET link = 'ready', reason = NULL, reason_detail = NULL, isolated_at = NULL, next_attempt_at = NULL,
        not_recorded = NOT r.recorded
    FROM unnest(CAST(:appointments AS bigint[]), CAST(:recorded AS boolean[])) AS r (appointment_id, recorded)
    WHERE a.id = r.appointment_id
    RETURNING a.id, a.revision
)
UPDATE appointment_revisions AS v SET link_ready_at = :now
FROM ready WHERE v.appointment_id = ready.id AND v.revision = ready.revision;

-- name: used
UPDATE accounts SET last_used_at = :now WHERE id = ANY (CAST(:accounts AS bigint[]));

-- name: put_back
-- Tried again later by whoever comes: the lease stays, its claim ends at :until. :absent, where the try certainly made nothing.
WITH back AS (
    UPDATE leases AS l SET claimed_by_run = NULL, claimed_until = :until
    WHERE l.id = :lease_id AND l.fence = :fence AND l.state = 'reserved'
    RETURNING l.appointment_id
), tried AS (
    UPDATE meetings AS m SET absent = :absent, last_error = :detail FROM back WHERE m.id = :meeting_id AND m.state = 'intended'
)
UPDATE appointments AS a
SET attempts = a.attempts + :counted, reason = :reason, reason_detail = :detail
FROM back WHERE a.id = back.appointment_id;

-- name: set_aside
-- Put aside for an isolated run, once; a failure within that run keeps its number.
UPDATE appointments AS a
SET link = 'failed', reason = :reason, reason_detail = :detail, next_attempt_at = NULL,
    isolation = a.isolation + CASE WHEN a.isolated_at IS NULL THEN 1 ELSE 0 END, isolated_at = coalesce(a.isolated_at, :now)
WHERE a.id = :appointment_id AND a.status = 'booked';

-- name: unclaim
UPDATE leases SET claimed_by_run = NULL, claimed_until = NULL
WHERE id = :lease_id AND fence = :fence AND state = 'reserved' RETURNING id;

-- name: release
-- The lease is over and its account idle from now on, once nothing is left of its meeting; :fate is what becomes of that.
WITH released AS (
    UPDATE leases AS l
    SET state = 'released', released_at = :now, release_reason = :reason, claimed_by_run = NULL, claimed_until = NULL
    WHERE l.id = :lease_id AND l.fence = :fence AND l.state = 'reserved'
    RETURNING l.id, l.account_id, l.location_id, l.appointment_id
), idled AS (
    UPDATE accounts AS c SET idle_since = :now FROM released WHERE c.id = released.account_id
), undone AS (
    UPDATE meetings AS m
    SET state = :fate, last_error = :detail, zoom_meeting_id = :zoom_id, zoom_uuid = :uuid,
        gone_at = CASE WHEN :fate = 'gone' THEN CAST(:now AS timestamptz) END,
        deletion_wanted_at = CASE WHEN :fate <> 'gone' THEN CAST(:now AS timestamptz) END,
        next_attempt_at = CASE WHEN :fate <> 'gone' THEN CAST(:now AS timestamptz) END
    FROM released WHERE m.id = :meeting_id AND m.state = 'intended'
)
INSERT INTO events (at, kind, location_id, appointment_id, account_id, lease_id, actor, run_id, detail)
SELECT :now, 'lease_released', location_id, appointment_id, account_id, id, 'system', :run_id,
       jsonb_build_object('reason', CAST(:reason AS text))
FROM released
RETURNING lease_id;

-- name: others_pass
-- Whether Zoom made any meeting of late: then a failure is not everybody's.
SELECT coalesce(bool_or(created_at > :since), false)
FROM (SELECT created_at FROM meetings ORDER BY id DESC LIMIT 300) AS latest;

-- name: not_found
UPDATE meetings AS m SET state = 'unknown', next_attempt_at = :look_again_at
FROM leases AS l
WHERE m.id = :meeting_id AND m.state = 'intended' AND l.id = m.lease_id AND l.fence = :fence AND l.state = 'reserved';
