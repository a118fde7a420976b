-- Which accounts Zoom is asked about before they are needed, or while they are used by hand.

-- name: to_probe
-- Per location as many as there are appointments that become due within the next minutes, and one more; longest idle first, as
-- they will be leased. Accounts used by hand are asked about again, every :again, whoever needs them.
WITH wanted AS (
    SELECT a.location_id, count(*) AS appointments
    FROM appointments AS a
    WHERE a.status = 'booked' AND a.link IN ('not_due', 'waiting', 'failed')
      AND a.starts_at > :horizon AND a.starts_at <= :until
    GROUP BY a.location_id
), next AS (
    SELECT n.id
    FROM wanted AS w
    JOIN locations AS l ON l.id = w.location_id
    CROSS JOIN LATERAL (
        SELECT c.id, c.probed_at
        FROM accounts AS c
        LEFT JOIN leases AS o ON o.account_id = c.id AND o.released_at IS NULL
        WHERE c.location_id = w.location_id AND {account_is_fit} AND (o.id IS NULL OR {lease_is_cooled})
        ORDER BY coalesce(o.cooldown_until, c.idle_since), c.id
        LIMIT w.appointments + 1) AS n
    WHERE {allocation_is_on} AND (n.probed_at IS NULL OR n.probed_at <= CAST(:now AS timestamptz) - :fresh_for)
    UNION
    SELECT c.id
    FROM accounts AS c
    WHERE c.busy_elsewhere_since IS NOT NULL AND c.connection IN ('connected', 'draining')
      AND (c.probed_at IS NULL OR c.probed_at <= CAST(:now AS timestamptz) - :again)
)
SELECT id FROM next ORDER BY id LIMIT :limit;

-- name: claim
-- Two runs do not ask about the same account: who comes second finds it probed.
WITH mine AS (
    SELECT id FROM accounts
    WHERE id = ANY (CAST(:accounts AS bigint[])) AND (probed_at IS NULL OR probed_at <= CAST(:now AS timestamptz) - :again)
    ORDER BY id
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE accounts AS c SET probed_at = :now FROM mine WHERE c.id = mine.id RETURNING c.id;

-- name: ours
-- Meetings of an account that may run there because of an open lease.
SELECT m.zoom_meeting_id
FROM meetings AS m JOIN leases AS l ON l.id = m.lease_id
WHERE l.account_id = :account_id AND l.released_at IS NULL AND m.zoom_meeting_id IS NOT NULL;

-- name: about_to_have_one
-- A meeting is being made: it may run before its id is recorded.
SELECT EXISTS (
    SELECT FROM meetings AS m JOIN leases AS l ON l.id = m.lease_id
    WHERE l.account_id = :account_id AND l.released_at IS NULL AND m.state IN ('intended', 'unknown')
      AND m.zoom_meeting_id IS NULL);

-- name: left_open
-- Instances of meetings whose leases are over and which do not run, as Zoom says: nobody else asks about them any more. Leases
-- older than a week are no concern: no old link lives that long.
WITH over AS (
    SELECT i.id
    FROM leases AS l
    JOIN meetings AS m ON m.lease_id = l.id
    JOIN meeting_instances AS i ON i.meeting_id = m.id
    WHERE l.account_id = :account_id AND l.reserved_at > CAST(:asked_at AS timestamptz) - INTERVAL '7 days'
      AND l.released_at IS NOT NULL AND i.ended_at IS NULL AND i.last_sign_at <= :asked_at
      AND m.zoom_meeting_id <> ALL (CAST(:live AS text[]))
    ORDER BY i.id
    FOR NO KEY UPDATE OF i
)
UPDATE meeting_instances AS i SET ended_at = greatest(i.started_at, i.last_sign_at), ended_by = 'asked'
FROM over WHERE i.id = over.id
RETURNING i.meeting_id;
