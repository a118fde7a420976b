-- What the watchdog asks, every few seconds: of the product's database, and of Dagster's.

-- name: unclaimed
-- What could have been begun at :now, which is a while ago, and that nobody has taken since. What anything happened to in
-- between (booked late, moved, freed, resumed) was perhaps not to be taken yet; a fresh one is taken even if only to wait.
WITH due AS (
    SELECT a.location_id, count(*) FILTER (WHERE a.link = 'not_due') AS fresh, count(*) FILTER (WHERE a.link = 'waiting') AS waiting
    FROM appointments AS a
    WHERE a.status = 'booked' AND a.link IN ('not_due', 'waiting') AND a.isolated_at IS NULL
      AND a.starts_at > :earliest AND a.starts_at <= :horizon AND a.ends_at > :now
      AND (a.next_attempt_at IS NULL OR a.next_attempt_at <= :now)
      AND NOT EXISTS (SELECT FROM events AS e WHERE e.appointment_id = a.id AND e.at > :now)
    GROUP BY a.location_id
), supply AS (
    SELECT d.fresh, d.waiting,
           CASE WHEN d.waiting > 0 AND {allocation_is_on}
                THEN (SELECT count(*) FROM accounts AS c
                      LEFT JOIN leases AS o ON o.account_id = c.id AND o.released_at IS NULL
                      WHERE c.location_id = d.location_id AND {account_is_fit} AND c.idle_since <= :now
                        AND (o.id IS NULL OR {lease_is_cooled})
                        AND NOT EXISTS (SELECT FROM events AS e WHERE e.account_id = c.id AND e.at > :now))
                ELSE 0 END AS free
    FROM due AS d JOIN locations AS l ON l.id = d.location_id
)
SELECT (SELECT coalesce(sum(fresh + least(waiting, free)), 0)::bigint FROM supply)
     + (SELECT count(*) FROM leases AS l
        JOIN appointments AS a ON a.id = l.appointment_id AND a.revision = l.revision
        WHERE l.state = 'reserved' AND l.claimed_until <= :now AND a.isolated_at IS NULL AND a.status = 'booked') AS unclaimed;

-- name: inbox
SELECT count(*) AS events, min(received_at) AS since
FROM (SELECT received_at FROM inbox WHERE applied_at IS NULL AND received_at <= :now ORDER BY id LIMIT 1000) AS waiting;

-- name: heartbeats
-- Of Dagster's database, whose times are in UTC without saying so.
SELECT daemon_type AS name, timestamp AT TIME ZONE 'UTC' AS at FROM daemon_heartbeats;

-- name: ticks
-- When each sensor last ticked without failing, in the last ten minutes; and whether somebody has switched it off.
SELECT CAST(i.instigator_body AS jsonb) #>> '{origin,job_name}' AS name, i.status = 'STOPPED' AS is_off,
       (SELECT max(t.timestamp) AT TIME ZONE 'UTC' FROM job_ticks AS t
        WHERE t.selector_id = i.selector_id AND t.status IN ('SUCCESS', 'SKIPPED')
          AND t.timestamp > CAST(:now AS timestamptz) AT TIME ZONE 'UTC' - INTERVAL '10 minutes') AS at
FROM instigators AS i WHERE i.instigator_type = 'SENSOR';
