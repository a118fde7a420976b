-- Grant leases to the appointments that are due: longest idle account first, earliest start first.
--
-- Separate statements in one transaction at READ COMMITTED, and separate they must stay: each takes a fresh snapshot, and
-- `grant_leases` is right only because its snapshot is taken after `lock_locations` holds its locks, so that it sees every
-- lease which the previous holder committed.
--
-- The allocator waits for nobody (every lock is SKIP LOCKED), so it can be in no deadlock. Code that does wait (book, cancel,
-- record, disconnect) locks in one order: appointment, then lease, then account.
--
-- Parameters of all: now, horizon (now + lead time), earliest (the earliest start still opened), only (bigint[] or NULL:
-- just these appointments, isolated ones included), utc_day.

-- name: lock_locations
-- One allocator at a time per location; two work on different locations in parallel. FOR NO KEY UPDATE, not FOR UPDATE: every
-- insert that refers to a location holds FOR KEY SHARE on it, FOR UPDATE conflicts with that, and SKIP LOCKED would then
-- silently skip the location. Locations with nothing free take no lock and none of the batch. Who locks all of them at once
-- keeps every other allocator waiting, so at most :at_once are taken, earliest start first; SKIP LOCKED does not count what it
-- skips.
SELECT l.id
FROM locations AS l
JOIN (
    SELECT a.location_id, min(a.starts_at) AS first_start
    FROM appointments AS a
    WHERE a.status = 'booked' AND a.link IN ('not_due', 'waiting', 'failed')
      AND a.starts_at > :earliest AND a.starts_at <= :horizon AND a.ends_at > :now
      AND (a.id = ANY (CAST(:only AS bigint[]))
           OR (CAST(:only AS bigint[]) IS NULL AND a.isolated_at IS NULL
               AND (a.next_attempt_at IS NULL OR a.next_attempt_at <= :now)))
    GROUP BY a.location_id) AS d ON d.location_id = l.id
WHERE {allocation_is_on}
  AND EXISTS (
        SELECT
        FROM accounts AS c
        LEFT JOIN leases AS o ON o.account_id = c.id AND o.released_at IS NULL
        WHERE c.location_id = l.id AND {account_is_fit} AND (o.id IS NULL OR {lease_is_cooled}))
ORDER BY d.first_start, l.id
LIMIT CAST(:at_once AS int)
FOR NO KEY UPDATE OF l SKIP LOCKED;

-- name: close_passed_cooldowns
-- A statement of its own: a data-modifying CTE beside the grant would share its snapshot, and the grant would still see these
-- leases as open. The account became idle when the cooldown ended, not when somebody looked.
WITH passed AS (
    SELECT l.id
    FROM leases AS l
    JOIN accounts AS c ON c.id = l.account_id
    WHERE l.released_at IS NULL AND l.state = 'cooldown' AND l.cooldown_until <= :now AND l.ask_at IS NULL
      AND l.location_id = ANY (CAST(:locations AS bigint[]))
    ORDER BY l.id
    FOR NO KEY UPDATE OF l, c SKIP LOCKED
), closed AS (
    UPDATE leases AS l
    SET state = 'released', released_at = l.cooldown_until, release_reason = 'cooled', look_at = NULL, ask_at = NULL
    FROM passed
    WHERE l.id = passed.id AND l.state = 'cooldown'
    RETURNING l.id, l.location_id, l.account_id, l.appointment_id, l.released_at
), idled AS (
    UPDATE accounts AS c SET idle_since = closed.released_at FROM closed WHERE c.id = closed.account_id
)
INSERT INTO events (at, kind, location_id, appointment_id, account_id, lease_id, actor, run_id)
SELECT released_at, 'lease_released', location_id, appointment_id, account_id, id, :actor, :run_id FROM closed
RETURNING lease_id;

-- name: grant_leases
-- FOR ... is not allowed at a query level with window functions: lock first (MATERIALIZED), rank the locked rows one level up,
-- pair rank by rank. Only as many appointments are locked as there are free accounts, so that a cancellation or a booking
-- never waits behind rows that could not be served anyway. SKIP LOCKED yields only to people here: other allocators of the
-- same location are kept out by its lock, so the ranks are exact.
WITH free AS MATERIALIZED (
    SELECT c.id, c.location_id, c.idle_since
    FROM accounts AS c
    WHERE c.location_id = ANY (CAST(:locations AS bigint[])) AND {account_is_fit}
      AND NOT EXISTS (SELECT FROM leases AS o WHERE o.account_id = c.id AND o.released_at IS NULL)
    ORDER BY c.id
    FOR NO KEY UPDATE OF c SKIP LOCKED
), free_ranked AS (
    SELECT id, location_id, idle_since, row_number() OVER (PARTITION BY location_id ORDER BY idle_since, id) AS place
    FROM free
), supply AS (
    SELECT location_id, count(*) AS accounts FROM free GROUP BY location_id
), due AS MATERIALIZED (
    SELECT d.id, d.location_id, d.revision, d.starts_at, s.accounts
    FROM supply AS s
    CROSS JOIN LATERAL (
        SELECT a.id, a.location_id, a.revision, a.starts_at
        FROM appointments AS a
        WHERE a.location_id = s.location_id
          AND a.status = 'booked' AND a.link IN ('not_due', 'waiting', 'failed')
          AND a.starts_at > :earliest AND a.starts_at <= :horizon AND a.ends_at > :now
          AND (a.id = ANY (CAST(:only AS bigint[]))
               OR (CAST(:only AS bigint[]) IS NULL AND a.isolated_at IS NULL
                   AND (a.next_attempt_at IS NULL OR a.next_attempt_at <= :now)))
          AND NOT EXISTS (SELECT FROM leases AS o
                          WHERE o.appointment_id = a.id AND o.revision = a.revision AND o.released_at IS NULL)
        ORDER BY a.starts_at, a.id
        LIMIT s.accounts
        FOR NO KEY UPDATE OF a SKIP LOCKED) AS d
), due_ranked AS (
    SELECT id, location_id, revision, starts_at, accounts,
           row_number() OVER (PARTITION BY location_id ORDER BY starts_at, id) AS place
    FROM due
), pairs AS (
    SELECT d.location_id, d.id AS appointment_id, d.revision, d.accounts, f.id AS account_id, f.idle_since
    FROM due_ranked AS d
    JOIN free_ranked AS f USING (location_id, place)
    ORDER BY d.starts_at, d.id
    LIMIT :limit            -- bounds pairs; a limit on due rows would let one starved location block all the others
), granted AS (
    INSERT INTO leases (location_id, account_id, appointment_id, revision, state, reserved_at, fence,
                        claimed_by_run, claimed_until, account_idle_since, free_accounts)
    SELECT location_id, account_id, appointment_id, revision, 'reserved', :now, 1, :run_id, :claimed_until, idle_since, accounts
    FROM pairs
    ON CONFLICT DO NOTHING  -- no target: yields to either unique index; one lost pair must not abort all the others
    RETURNING id, location_id, account_id, appointment_id, revision, account_idle_since, free_accounts
), opening AS (
    UPDATE appointments AS a SET link = 'opening', reason = NULL, reason_detail = NULL
    FROM granted AS g WHERE a.id = g.appointment_id
), noted AS (
    INSERT INTO events (at, kind, location_id, appointment_id, account_id, lease_id, actor, run_id, detail)
    SELECT :now, 'lease_granted', location_id, appointment_id, account_id, id, :actor, :run_id,
           jsonb_build_object('idle_since', account_idle_since, 'free_accounts', free_accounts)
    FROM granted
)
SELECT id AS lease_id, location_id, account_id, appointment_id, revision FROM granted ORDER BY id;

-- name: mark_waiting
-- What is due where nothing is free waits. Written once per appointment (link = 'not_due'), so ticks over waiting rows write
-- nothing; a batch cut short by its limit is not waiting. SKIP LOCKED: whoever holds the row is about to decide about it.
-- The location is locked as well: an allocator that came upon rows locked here would pass over them and serve later starts.
WITH short AS (
    SELECT w.id, w.revision, w.location_id,
           CASE WHEN l.status <> 'active' THEN 'location_suspended'
                WHEN NOT {allocation_is_on} THEN 'allocation_paused'
                WHEN NOT EXISTS (SELECT FROM accounts AS c WHERE c.location_id = w.location_id AND c.connection = 'connected')
                     THEN 'no_connected_account'
                ELSE 'no_free_account' END AS reason
    FROM appointments AS w
    JOIN locations AS l ON l.id = w.location_id
    WHERE w.status = 'booked' AND w.link = 'not_due' AND w.isolated_at IS NULL
      AND w.starts_at > :earliest AND w.starts_at <= :horizon AND w.ends_at > :now
      AND (CAST(:only AS bigint[]) IS NULL OR w.id = ANY (CAST(:only AS bigint[])))
      AND NOT ({allocation_is_on} AND EXISTS (
            SELECT FROM accounts AS c
            LEFT JOIN leases AS o ON o.account_id = c.id AND o.released_at IS NULL
            WHERE c.location_id = w.location_id AND {account_is_fit} AND (o.id IS NULL OR {lease_is_cooled})))
    ORDER BY w.id
    FOR NO KEY UPDATE OF w, l SKIP LOCKED
), marked AS (
    UPDATE appointments AS a SET link = 'waiting', reason = short.reason FROM short WHERE a.id = short.id
), since AS (
    UPDATE appointment_revisions AS r SET waiting_since = coalesce(r.waiting_since, :now)
    FROM short WHERE r.appointment_id = short.id AND r.revision = short.revision
), noted AS (
    INSERT INTO events (at, kind, location_id, appointment_id, actor, run_id, detail)
    SELECT :now, 'link_waiting', location_id, id, :actor, :run_id, jsonb_build_object('reason', reason) FROM short
)
SELECT id AS appointment_id, location_id, reason FROM short ORDER BY id;

-- name: look_again
-- What waited only because no account was leased there is due anew: it is served, or says what it waits for by now.
WITH held_up AS (
    SELECT a.id FROM appointments AS a JOIN locations AS l ON l.id = a.location_id
    WHERE a.status = 'booked' AND a.link = 'waiting' AND a.reason IN ('allocation_paused', 'location_suspended')
      AND (CAST(:location AS bigint) IS NULL OR a.location_id = :location) AND {allocation_is_on}
    ORDER BY a.id
    FOR NO KEY UPDATE OF a
)
UPDATE appointments AS a SET link = 'not_due', reason = NULL FROM held_up WHERE a.id = held_up.id;

-- name: claim_stalled
-- Leases whose run died, or that were put back to be tried again: their time has come and nobody has them. The fence rises, so
-- that the run which had them before, if it still lives, can record nothing any more.
WITH stalled AS (
    SELECT l.id
    FROM leases AS l
    JOIN appointments AS a ON a.id = l.appointment_id AND a.revision = l.revision AND a.status = 'booked'
    WHERE l.state = 'reserved' AND l.claimed_until <= :now AND a.isolated_at IS NULL
    ORDER BY a.starts_at, l.id
    LIMIT :limit
    FOR NO KEY UPDATE OF l SKIP LOCKED
)
UPDATE leases AS l SET fence = l.fence + 1, claimed_by_run = :run_id, claimed_until = :claimed_until
FROM stalled WHERE l.id = stalled.id
RETURNING l.id;

-- name: claim_for
-- The open lease of certain appointments, unless a living run has it. Their links are being opened from now on, the failed ones'
-- too: that is how a second run sees that another one has it.
WITH mine AS (
    SELECT l.id, a.id AS appointment_id
    FROM leases AS l
    JOIN appointments AS a ON a.id = l.appointment_id AND a.revision = l.revision AND a.status = 'booked'
    WHERE l.state = 'reserved' AND l.appointment_id = ANY (CAST(:only AS bigint[]))
      AND (l.claimed_until IS NULL OR l.claimed_until <= :now OR l.claimed_by_run IS NULL OR l.claimed_by_run = :run_id)
    ORDER BY l.id
    FOR NO KEY UPDATE OF l, a SKIP LOCKED
), opening AS (
    UPDATE appointments AS a SET link = 'opening' FROM mine WHERE a.id = mine.appointment_id
)
UPDATE leases AS l SET fence = l.fence + 1, claimed_by_run = :run_id, claimed_until = :claimed_until
FROM mine WHERE l.id = mine.id
RETURNING l.id;
