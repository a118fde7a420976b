-- What the minute-level sensor asks, every time: one statement, bounded by what is due and not by what exists. It only reads.

-- name: due_work
WITH due AS (
    SELECT a.location_id,
           count(*) FILTER (WHERE a.link = 'not_due') AS fresh,
           count(*) FILTER (WHERE a.link = 'waiting') AS waiting
    FROM appointments AS a
    WHERE a.status = 'booked' AND a.link IN ('not_due', 'waiting') AND a.isolated_at IS NULL
      AND a.starts_at > :earliest AND a.starts_at <= :horizon AND a.ends_at > :now
      AND (a.next_attempt_at IS NULL OR a.next_attempt_at <= :now)
    GROUP BY a.location_id
), supply AS (
    SELECT d.location_id, d.fresh, d.waiting,
           CASE WHEN {allocation_is_on}
                THEN (SELECT count(*)
                      FROM accounts AS c
                      LEFT JOIN leases AS o ON o.account_id = c.id AND o.released_at IS NULL
                      WHERE c.location_id = d.location_id AND {account_is_fit} AND (o.id IS NULL OR {lease_is_cooled}))
                ELSE 0 END AS free
    FROM due AS d
    JOIN locations AS l ON l.id = d.location_id
)
SELECT
    (SELECT coalesce(sum(least(fresh + waiting, free)), 0)::bigint FROM supply) AS servable,
    (SELECT coalesce(sum(greatest(fresh - greatest(free - waiting, 0), 0)), 0)::bigint FROM supply) AS to_mark,
    (SELECT count(*) FROM leases AS l
     JOIN appointments AS a ON a.id = l.appointment_id AND a.revision = l.revision
     WHERE l.state = 'reserved' AND l.claimed_until <= :now AND a.isolated_at IS NULL AND a.status = 'booked') AS stalled,
    (SELECT count(*) FROM (
        SELECT FROM appointments AS a
        WHERE a.status = 'booked' AND a.starts_at <= :horizon
          AND ((a.link IN ('not_due', 'waiting', 'opening') AND (a.starts_at <= :earliest OR a.ends_at <= :now))
               OR (a.link = 'failed' AND a.ends_at <= :now)
               -- an isolated run that died, at whichever step
               OR (a.link IN ('not_due', 'waiting', 'opening', 'failed') AND a.isolated_at IS NOT NULL
                   AND a.next_attempt_at <= :now))
        LIMIT 1000) AS passed) AS to_give_up,
    ARRAY(SELECT a.id FROM appointments AS a
          WHERE a.status = 'booked' AND a.link = 'waiting' AND a.escalated_at IS NULL
            AND a.starts_at > :earliest AND a.starts_at <= :escalation_horizon AND a.ends_at > :now
          ORDER BY a.starts_at, a.id LIMIT 200) AS to_escalate;

-- name: isolated_work
-- The appointments that were put aside and whose isolated run has not begun.
SELECT a.id AS appointment_id, a.location_id, a.external_id, a.revision, a.isolation
FROM appointments AS a
WHERE a.status = 'booked' AND a.link = 'failed' AND a.isolation > a.isolation_claimed
  AND a.starts_at > :now - INTERVAL '1 day' AND a.starts_at <= :horizon AND a.ends_at > :now
ORDER BY a.starts_at, a.id
LIMIT :limit;
