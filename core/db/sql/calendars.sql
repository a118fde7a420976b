-- What a calendar that meets elsewhere means for the links of its appointments. *Opened* is what ever had a link: its client
-- has it in the inbox, and keeps it even where the meeting has to be made anew.

-- name: count_change
-- Of appointments that are still ahead or running; none lasts longer than a day.
SELECT count(*) FILTER (WHERE {begins_to_need}) AS begin_to_need,
       count(*) FILTER (WHERE {ceases_to_need}) AS cease_to_need,
       count(*) FILTER (WHERE {keeps_its_link}) AS keep_their_link,
       count(*) FILTER (WHERE {begins_to_need} AND a.starts_at <= :horizon) AS due_now
FROM appointments AS a
JOIN appointment_revisions AS v ON v.appointment_id = a.id AND v.revision = a.revision
WHERE a.calendar_id = :calendar_id AND a.status = 'booked' AND a.ends_at > :now AND a.starts_at > :now - INTERVAL '1 day';

-- name: lock_concerned
-- In the one order everybody keeps. Who was leased an account, or got his link, while this waited for his row is judged by that.
SELECT a.id
FROM appointments AS a
JOIN appointment_revisions AS v ON v.appointment_id = a.id AND v.revision = a.revision
WHERE a.calendar_id = :calendar_id AND a.status = 'booked' AND a.ends_at > :now AND a.starts_at > :now - INTERVAL '1 day'
  AND ({begins_to_need} OR {ceases_to_need})
ORDER BY a.id
FOR NO KEY UPDATE OF a;

-- name: begin_to_need
-- What should have been due before now is due from now on: nobody is late before he was asked.
WITH due AS (
    UPDATE appointments SET link = 'not_due', reason = NULL, reason_detail = NULL
    WHERE id = ANY (CAST(:appointments AS bigint[]))
    RETURNING id, revision, location_id, starts_at
), asked AS (
    UPDATE appointment_revisions AS v SET due_at = :now
    FROM due WHERE v.appointment_id = due.id AND v.revision = due.revision AND v.due_at < :now AND v.outcome IS NULL
), noted AS (
    INSERT INTO events (at, kind, location_id, appointment_id, actor) SELECT :now, 'link_needed', location_id, id, :actor FROM due
)
SELECT count(*) AS begin_to_need, 0 AS cease_to_need, count(*) FILTER (WHERE starts_at <= :horizon) AS due_now FROM due;

-- name: cease_to_need
WITH off AS (
    UPDATE appointments
    SET link = 'not_needed', reason = NULL, reason_detail = NULL, attempts = 0, isolated_at = NULL, next_attempt_at = NULL,
        escalated_at = NULL
    WHERE id = ANY (CAST(:appointments AS bigint[]))
    RETURNING id, location_id
), noted AS (
    INSERT INTO events (at, kind, location_id, appointment_id, actor)
    SELECT :now, 'link_not_needed', location_id, id, :actor FROM off
)
SELECT 0 AS begin_to_need, count(*) AS cease_to_need, 0 AS due_now FROM off;

-- name: lock_reserved
-- The accounts that were leased for links which nobody needs any more. A statement of its own, after the appointments are
-- locked: what an allocator granted just before is seen.
SELECT l.id
FROM leases AS l JOIN appointments AS a ON a.id = l.appointment_id AND a.revision = l.revision
WHERE l.appointment_id = ANY (CAST(:appointments AS bigint[])) AND l.state = 'reserved'
ORDER BY l.id
FOR NO KEY UPDATE OF l;
