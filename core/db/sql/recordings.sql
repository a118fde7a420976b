-- Recordings: sought from an instance's end on, found by events and by asking, and looked at once more after the deletion.

-- name: lock_leases
-- Leases come before recordings for everybody, so that two who touch the same ones wait instead of killing each other.
SELECT l.id FROM leases AS l
WHERE l.id IN (SELECT lease_id FROM meetings WHERE id = ANY (CAST(:meetings AS bigint[])))
ORDER BY l.id
FOR NO KEY UPDATE;

-- name: seek
-- Every instance that has ended is sought the recording of. One that turned out to go on is sought from its later end.
WITH sought AS (
    INSERT INTO recordings AS r (location_id, meeting_id, appointment_id, account_id, zoom_uuid, outcome, reason, sought_since,
                                 final_at, next_attempt_at)
    SELECT m.location_id, m.id, l.appointment_id, m.account_id, i.zoom_uuid,
           CASE WHEN m.recorded THEN 'sought' ELSE 'none_made' END,
           CASE WHEN NOT m.recorded THEN 'not_recorded' END,
           i.ended_at,
           CASE WHEN NOT m.recorded THEN i.ended_at END,
           CASE WHEN m.recorded THEN i.ended_at + CAST(:first_rung AS interval) END
    FROM meeting_instances AS i
    JOIN meetings AS m ON m.id = i.meeting_id
    JOIN leases AS l ON l.id = m.lease_id
    WHERE i.meeting_id = ANY (CAST(:meetings AS bigint[])) AND i.ended_at IS NOT NULL
    ORDER BY i.meeting_id, i.zoom_uuid
    ON CONFLICT (meeting_id, zoom_uuid) DO UPDATE
    SET sought_since = excluded.sought_since, next_attempt_at = excluded.next_attempt_at
    WHERE r.outcome = 'sought' AND r.reason IS NULL AND r.sought_since < excluded.sought_since
    RETURNING r.*
)
INSERT INTO events (at, kind, location_id, appointment_id, account_id, lease_id, meeting_id, actor, detail)
SELECT :now, 'recording_none_made', s.location_id, s.appointment_id, s.account_id, m.lease_id, s.meeting_id, :actor,
       jsonb_build_object('reason', s.reason)
FROM sought AS s JOIN meetings AS m ON m.id = s.meeting_id
WHERE s.outcome = 'none_made';

-- name: keep_recordings
-- What came with them; how the search stands is decided afterwards. What an answer leaves out stays as it was.
WITH found AS (
    SELECT * FROM jsonb_to_recordset(CAST(:found AS jsonb)) AS f (
        meeting_id bigint, zoom_uuid text, at timestamptz, share_url text, passcode text, started_at timestamptz,
        minutes bigint, total_size bigint, auto_delete_on timestamptz)
), kept AS (
    INSERT INTO recordings AS r (location_id, meeting_id, appointment_id, account_id, zoom_uuid, sought_since, share_url,
                                 passcode, started_at, minutes, total_size, auto_delete_on)
    SELECT m.location_id, m.id, l.appointment_id, m.account_id, f.zoom_uuid, coalesce(i.ended_at, f.at), f.share_url,
           convert_to(f.passcode, 'UTF8'), f.started_at, f.minutes, f.total_size, f.auto_delete_on
    FROM found AS f
    JOIN meetings AS m ON m.id = f.meeting_id
    JOIN leases AS l ON l.id = m.lease_id
    LEFT JOIN meeting_instances AS i ON i.meeting_id = f.meeting_id AND i.zoom_uuid = f.zoom_uuid
    ORDER BY f.meeting_id, f.zoom_uuid
    ON CONFLICT (meeting_id, zoom_uuid) DO UPDATE
    SET share_url = coalesce(excluded.share_url, r.share_url),
        passcode = coalesce(excluded.passcode, r.passcode),
        started_at = coalesce(excluded.started_at, r.started_at),
        minutes = greatest(excluded.minutes, r.minutes),
        total_size = greatest(excluded.total_size, r.total_size),
        auto_delete_on = coalesce(excluded.auto_delete_on, r.auto_delete_on),
        last_error = NULL
    RETURNING r.*
)
SELECT k.id, k.location_id, k.meeting_id, k.appointment_id, k.account_id, m.lease_id, k.zoom_uuid, k.outcome, k.reason,
       k.final_at, k.sought_since, k.attempts, k.none_since, k.next_attempt_at, k.minutes, i.ended_at - i.started_at AS held
FROM kept AS k
JOIN meetings AS m ON m.id = k.meeting_id
LEFT JOIN meeting_instances AS i ON i.meeting_id = k.meeting_id AND i.zoom_uuid = k.zoom_uuid
ORDER BY k.id;

-- name: keep_files
-- Files are known by their key, so what comes twice is there once. Says which of them are new.
INSERT INTO recording_files AS held (location_id, recording_id, file_key, zoom_file_id, file_type, file_extension,
                                     recording_type, size, recorded_from, recorded_to, play_url, status,
                                     next_attempt_at)
SELECT r.location_id, r.id, f.file_key, f.zoom_file_id, f.file_type, f.file_extension, f.recording_type, f.size,
       f.recorded_from, f.recorded_to, f.play_url, f.status, :now
FROM jsonb_to_recordset(CAST(:files AS jsonb)) AS f (
    recording_id bigint, file_key text, zoom_file_id text, file_type text, file_extension text, recording_type text,
    size bigint, recorded_from timestamptz, recorded_to timestamptz, play_url text, status text)
JOIN recordings AS r ON r.id = f.recording_id
ORDER BY r.id, f.file_key
ON CONFLICT (recording_id, file_key) DO UPDATE
SET file_type = excluded.file_type,
    file_extension = coalesce(excluded.file_extension, held.file_extension),
    recording_type = coalesce(excluded.recording_type, held.recording_type),
    size = greatest(excluded.size, held.size),
    recorded_from = coalesce(excluded.recorded_from, held.recorded_from),
    recorded_to = coalesce(excluded.recorded_to, held.recorded_to),
    play_url = coalesce(excluded.play_url, held.play_url),
    status = coalesce(excluded.status, held.status)
RETURNING recording_id, xmax = 0 AS is_new;

-- name: files_of
SELECT recording_id, file_type, size, status, recorded_from, recorded_to
FROM recording_files
WHERE recording_id = ANY (CAST(:recordings AS bigint[]));

-- name: stand
-- How the search for each stands from now on. A recording is never smaller than its files together.
UPDATE recordings AS r
SET outcome = s.outcome, reason = s.reason, final_at = s.final_at, attempts = s.looks, none_since = s.none_since,
    next_attempt_at = s.next_attempt_at, last_error = s.error,
    total_size = greatest(r.total_size, (SELECT sum(f.size)::bigint FROM recording_files AS f WHERE f.recording_id = r.id))
FROM jsonb_to_recordset(CAST(:standings AS jsonb)) AS s (
    id bigint, outcome text, reason text, final_at timestamptz, looks bigint, none_since timestamptz,
    next_attempt_at timestamptz, error text)
WHERE r.id = s.id;

-- name: claim_due
-- Taken until :until, so that two runs do not ask twice.
WITH due AS (
    SELECT r.id
    FROM recordings AS r JOIN accounts AS a ON a.id = r.account_id
    WHERE {recording_is_due} AND (CAST(:only AS bigint[]) IS NULL OR r.id = ANY (CAST(:only AS bigint[])))
    ORDER BY r.next_attempt_at, r.id
    LIMIT :limit
    FOR NO KEY UPDATE OF r SKIP LOCKED
)
UPDATE recordings AS r SET next_attempt_at = :until
FROM due WHERE r.id = due.id
RETURNING r.id, r.location_id, r.meeting_id, r.appointment_id, r.account_id, r.zoom_uuid;

-- name: out_of_reach
SELECT r.id, r.meeting_id
FROM recordings AS r JOIN accounts AS a ON a.id = r.account_id
WHERE {recording_is_out_of_reach}
ORDER BY r.next_attempt_at, r.id
LIMIT :limit;

-- name: stand_now
-- How each stands by now: an event may have told of it while Zoom was asked.
SELECT r.id, r.location_id, r.meeting_id, r.appointment_id, r.account_id, m.lease_id, r.zoom_uuid, r.outcome, r.reason,
       r.final_at, r.sought_since, r.attempts, r.none_since, r.next_attempt_at, r.minutes,
       coalesce(i.events, 0) AS events, i.recording_started_at IS NOT NULL AS recording_started
FROM recordings AS r
JOIN meetings AS m ON m.id = r.meeting_id
LEFT JOIN meeting_instances AS i ON i.meeting_id = r.meeting_id AND i.zoom_uuid = r.zoom_uuid
WHERE r.id = ANY (CAST(:recordings AS bigint[]))
ORDER BY r.id
FOR NO KEY UPDATE OF r;

-- name: collect_now
SELECT EXISTS (SELECT FROM recordings AS r JOIN accounts AS a ON a.id = r.account_id
               WHERE {recording_is_due} OR {recording_is_out_of_reach})
    OR EXISTS (SELECT FROM recordings AS r JOIN accounts AS a ON a.id = r.account_id JOIN meetings AS m ON m.id = r.meeting_id
               WHERE {recording_is_to_be_rechecked});

-- name: ask_now
UPDATE recordings SET next_attempt_at = :now WHERE id = :id RETURNING id;

-- name: delete_finished
-- Meetings that took place, are over, and whose recordings are all known: an old link must not start them again. Their
-- recordings are read once more afterwards, for Zoom does not say what a deletion does to them.
WITH finished AS (
    SELECT m.id
    FROM meetings AS m JOIN leases AS l ON l.id = m.lease_id
    WHERE m.state = 'created' AND l.state IN ('cooldown', 'released')
      AND (l.released_at IS NOT NULL OR l.ask_at IS NULL) -- Zoom has said that it is over, and what was held
      AND (SELECT deletion_stopped_at IS NULL FROM installation)
      -- Held under another meeting of the lease counts: that was tried out, deleted on Zoom, and this one made in its stead.
      AND EXISTS (SELECT FROM meetings AS s JOIN meeting_instances AS i ON i.meeting_id = s.id WHERE s.lease_id = m.lease_id)
      AND NOT EXISTS (
            SELECT
            FROM meeting_instances AS i
            LEFT JOIN recordings AS r ON r.meeting_id = i.meeting_id AND r.zoom_uuid = i.zoom_uuid
            WHERE i.meeting_id = m.id AND (i.ended_at IS NULL OR r.id IS NULL))
      AND NOT EXISTS (SELECT FROM recordings AS r WHERE r.meeting_id = m.id AND r.outcome = 'sought')
    ORDER BY m.id
    LIMIT :limit
    -- The leases too: whoever attaches holds them, and then locks recordings.
    FOR NO KEY UPDATE OF m, l SKIP LOCKED
), rechecked AS (
    UPDATE recordings AS r SET recheck_at = :recheck_at
    FROM finished WHERE r.meeting_id = finished.id AND r.outcome = 'attached'
)
UPDATE meetings AS m SET state = 'deleting', deletion_wanted_at = :now, next_attempt_at = :now
FROM finished WHERE m.id = finished.id
RETURNING m.id;

-- name: claim_rechecks
WITH due AS (
    SELECT r.id
    FROM recordings AS r JOIN accounts AS a ON a.id = r.account_id JOIN meetings AS m ON m.id = r.meeting_id
    WHERE {recording_is_to_be_rechecked}
    ORDER BY r.recheck_at, r.id
    LIMIT :limit
    FOR NO KEY UPDATE OF r SKIP LOCKED
)
UPDATE recordings AS r SET recheck_at = :until
FROM due JOIN recordings AS d ON d.id = due.id JOIN meetings AS m ON m.id = d.meeting_id
WHERE r.id = due.id
RETURNING r.id, r.location_id, r.meeting_id, r.appointment_id, r.account_id, r.zoom_uuid, m.lease_id;

-- name: rechecked
UPDATE recordings SET recheck_at = :again_at, last_error = :error WHERE id = :id;

-- name: stop_deleting
UPDATE installation SET deletion_stopped_at = :now, deletion_stopped_reason = :reason WHERE deletion_stopped_at IS NULL;

-- name: resume_deleting
UPDATE installation SET deletion_stopped_at = NULL, deletion_stopped_reason = NULL
WHERE deletion_stopped_at IS NOT NULL
RETURNING only_row;

-- name: claim_to_archive
-- Taken until :until: large files take their time, and what a run that died had begun is gone on with.
WITH due AS (
    SELECT f.id
    FROM recording_files AS f JOIN recordings AS r ON r.id = f.recording_id JOIN accounts AS a ON a.id = r.account_id
    WHERE {file_is_to_be_archived}
    ORDER BY f.next_attempt_at, f.id
    LIMIT :limit
    FOR NO KEY UPDATE OF f SKIP LOCKED
), taken AS (
    UPDATE recording_files AS f SET next_attempt_at = :until, attempts = f.attempts + 1
    FROM due WHERE f.id = due.id
    RETURNING f.*
)
SELECT t.id, t.location_id, t.recording_id, t.file_key, t.file_type, t.file_extension, t.recording_type, t.size, t.attempts,
       r.zoom_uuid, r.meeting_id, r.appointment_id, r.account_id, coalesce(r.started_at, r.sought_since) AS made_at
FROM taken AS t JOIN recordings AS r ON r.id = t.recording_id
ORDER BY t.recording_id, t.id;

-- name: archive_now
SELECT EXISTS (SELECT FROM recording_files AS f JOIN recordings AS r ON r.id = f.recording_id
                                                JOIN accounts AS a ON a.id = r.account_id
               WHERE {file_is_to_be_archived});

-- name: archived
UPDATE recording_files SET archived_at = :now, archive_path = :path, next_attempt_at = NULL, last_error = NULL
WHERE id = :id AND archived_at IS NULL;

-- name: not_archived
UPDATE recording_files SET next_attempt_at = :again_at, last_error = :error WHERE id = :id AND archived_at IS NULL;
