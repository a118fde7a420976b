-- Time that passes for one appointment of the sandbox.

-- name: time_passes
-- What is not due yet is due from :now at the earliest; what was due stays so, or its link would count as late.
WITH passed AS (
    UPDATE appointments
    SET starts_at = starts_at - CAST(:by AS interval), ends_at = ends_at - CAST(:by AS interval),
        row_version = row_version + 1
    WHERE id = :id
    RETURNING id, revision, starts_at, ends_at
), revised AS (
    UPDATE appointment_revisions AS r
    SET starts_at = p.starts_at, ends_at = p.ends_at,
        due_at = LEAST(r.due_at, GREATEST(r.due_at - CAST(:by AS interval), :now))
    FROM passed AS p WHERE r.appointment_id = p.id AND r.revision = p.revision
)
UPDATE leases AS l SET look_at = :now
FROM passed AS p WHERE l.appointment_id = p.id AND l.revision = p.revision AND l.released_at IS NULL;

-- name: end_rest
-- Not while Zoom is still to be asked whether the meeting is really over: its answer would begin the cooldown anew.
UPDATE leases SET cooldown_until = :now, look_at = :now
WHERE appointment_id = :id AND released_at IS NULL AND state = 'cooldown' AND ask_at IS NULL AND cooldown_until > :now
RETURNING id, account_id;
