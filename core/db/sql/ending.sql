-- After the scheduled end: Zoom is asked whether anybody is still inside; only then does the account cool down.

-- name: claim_past
-- Leases whose appointment has ended by its schedule; taken until :until, so that two runs do not ask twice.
WITH past AS (
    SELECT l.id
    FROM leases AS l
    JOIN appointments AS a ON a.id = l.appointment_id AND a.revision = l.revision
    WHERE l.state IN ('ready', 'live') AND a.ends_at <= :now
      AND (l.claimed_until IS NULL OR l.claimed_until <= :now)
    ORDER BY l.id
    LIMIT :limit
    FOR NO KEY UPDATE OF l SKIP LOCKED
), taken AS (
    UPDATE leases AS l SET claimed_until = :until FROM past WHERE l.id = past.id RETURNING l.*
)
SELECT t.id AS lease_id, t.location_id, t.account_id, t.appointment_id, t.fence, m.id AS meeting_id, m.zoom_meeting_id
FROM taken AS t
LEFT JOIN meetings AS m ON m.lease_id = t.id AND m.state = 'created'
ORDER BY t.id;

-- name: lock_appointment
SELECT id FROM appointments WHERE id = :appointment_id FOR NO KEY UPDATE;

-- name: cool_down
WITH cooling AS (
    UPDATE leases AS l
    SET state = 'cooldown', ended_at = coalesce(l.ended_at, :now), cooldown_at = :now, cooldown_until = :until,
        claimed_until = NULL
    WHERE l.id = :lease_id AND l.fence = :fence AND l.state IN ('ready', 'live')
    RETURNING l.id, l.location_id, l.account_id, l.appointment_id
), over AS (
    UPDATE appointments AS a SET status = 'completed', link = 'ended'
    FROM cooling WHERE a.id = cooling.appointment_id AND a.status = 'booked'
)
INSERT INTO events (at, kind, location_id, appointment_id, account_id, lease_id, actor, run_id)
SELECT :now, 'meeting_over', location_id, appointment_id, account_id, id, 'system', :run_id FROM cooling
RETURNING lease_id;

-- name: still_live
UPDATE leases SET state = 'live', live_at = coalesce(live_at, :now)
WHERE id = :lease_id AND fence = :fence AND state = 'ready';

-- name: past_now
SELECT EXISTS (
    SELECT FROM leases AS l
    JOIN appointments AS a ON a.id = l.appointment_id AND a.revision = l.revision
    WHERE l.released_at IS NULL AND l.state IN ('ready', 'live') AND a.ends_at <= :now
      AND (l.claimed_until IS NULL OR l.claimed_until <= :now));
