-- What people do with their own hands: move an appointment to another account, free an account.

-- name: lock_location
-- The one lock that allocators take, so that this location is neither allocated meanwhile nor taken for short.
SELECT l.status, {allocation_is_on} AS allocation_is_on FROM locations AS l WHERE l.id = :location_id
FOR NO KEY UPDATE OF l;

-- name: lease_of
-- The open lease of the current revision, whose appointment has been locked before.
SELECT l.id, l.state, l.account_id, c.email
FROM leases AS l JOIN accounts AS c ON c.id = l.account_id
WHERE l.appointment_id = :appointment_id AND l.revision = :revision AND l.released_at IS NULL
FOR NO KEY UPDATE OF l;

-- name: free_accounts
-- Locked, the longest idle first; passed cooldowns have been closed before.
SELECT c.id, c.email, c.idle_since
FROM accounts AS c
WHERE c.location_id = :location_id AND {account_is_fit}
  AND NOT EXISTS (SELECT FROM leases AS o WHERE o.account_id = c.id AND o.released_at IS NULL)
ORDER BY c.idle_since, c.id
FOR NO KEY UPDATE OF c;

-- name: to_be_opened
UPDATE appointments
SET link = 'opening', reason = NULL, reason_detail = NULL, isolated_at = NULL, next_attempt_at = NULL,
    row_version = row_version + 1
WHERE id = :appointment_id;

-- name: open_lease
-- Of an account, with what is known of its appointment; r has the times of the lease's own revision.
SELECT o.id, o.state, o.fence, {lease_is_cooled} AS is_cooled, o.location_id, o.appointment_id, a.external_id, r.ends_at,
       a.status = 'booked' AND a.revision = o.revision AS is_current,
       r.ends_at <= :now OR a.status <> 'booked' OR a.revision <> o.revision AS is_over,
       o.live_at IS NOT NULL OR EXISTS (
           SELECT FROM meetings AS m JOIN meeting_instances AS i ON i.meeting_id = m.id WHERE m.lease_id = o.id) AS held,
       ARRAY(SELECT m.id FROM meetings AS m WHERE m.lease_id = o.id ORDER BY m.id) AS meetings
FROM leases AS o
JOIN appointments AS a ON a.id = o.appointment_id
JOIN appointment_revisions AS r ON r.appointment_id = o.appointment_id AND r.revision = o.revision
WHERE o.account_id = :account_id AND o.released_at IS NULL;

-- name: nobody_came
UPDATE appointments SET status = 'no_show', link = 'ended', reason = NULL, reason_detail = NULL
WHERE id = :appointment_id AND status = 'booked';

-- name: ask_at_once
-- What is owed to Zoom for this account is asked for now, whenever it was to be asked for again.
UPDATE meetings SET next_attempt_at = :now
WHERE account_id = :account_id AND state IN ('deleting', 'unknown')
RETURNING id;
