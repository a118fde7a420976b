-- What a bulk run tidies up before it allocates: links that nobody opened in time, and isolated runs that died.

-- name: miss
-- The window has passed and no link was opened. A failed one may still be opened by a person, until the end.
WITH passed AS (
    SELECT a.id, a.location_id, a.revision, a.reason,
           CASE WHEN a.reason IN ('zoom_unavailable', 'rate_limited', 'zoom_rejected') THEN 'zoom'
                WHEN {waited_for_an_account} THEN 'capacity'
                ELSE 'us' END AS cause
    FROM appointments AS a
    JOIN appointment_revisions AS r ON r.appointment_id = a.id AND r.revision = a.revision
    WHERE a.status = 'booked' AND a.starts_at <= :now
      AND ((a.link IN ('not_due', 'waiting', 'opening') AND (a.starts_at <= :earliest OR a.ends_at <= :now))
           OR (a.link = 'failed' AND a.ends_at <= :now))
      AND NOT EXISTS (SELECT FROM leases AS l WHERE l.appointment_id = a.id AND l.released_at IS NULL
                      AND l.claimed_by_run IS NOT NULL AND l.claimed_until > :now)
    ORDER BY a.id
    LIMIT :limit
    FOR NO KEY UPDATE OF a SKIP LOCKED
), missed AS (
    UPDATE appointments AS a
    SET status = 'missed', link = 'missed', isolated_at = NULL, next_attempt_at = NULL
    FROM passed WHERE a.id = passed.id
), judged AS (
    UPDATE appointment_revisions AS r SET outcome = 'missed', cause = passed.cause
    FROM passed WHERE r.appointment_id = passed.id AND r.revision = passed.revision
), released AS (
    UPDATE leases AS l
    SET state = 'released', released_at = :now, release_reason = 'failed', claimed_by_run = NULL, claimed_until = NULL
    FROM passed
    WHERE l.appointment_id = passed.id AND l.revision = passed.revision AND l.state = 'reserved'
    RETURNING l.id, l.account_id
), idled AS (
    UPDATE accounts AS c SET idle_since = :now FROM released WHERE c.id = released.account_id
), doubted AS (
    -- What may have been made is looked for, and keeps the account out of the pool until Zoom has answered.
    UPDATE meetings AS m SET state = 'unknown', deletion_wanted_at = :now, next_attempt_at = :now
    FROM released WHERE m.lease_id = released.id AND m.state = 'intended' AND NOT m.absent
), undoubted AS (
    UPDATE meetings AS m SET state = 'gone', gone_at = :now
    FROM released WHERE m.lease_id = released.id AND m.state = 'intended' AND m.absent
)
INSERT INTO events (at, kind, location_id, appointment_id, actor, run_id, detail)
SELECT :now, 'link_missed', location_id, id, 'system', :run_id, jsonb_build_object('cause', cause, 'reason', reason) FROM passed
RETURNING appointment_id;

-- name: revive_isolated
-- An isolated run that began and neither succeeded nor failed has died: it is asked for again, under the next number.
WITH dead AS (
    SELECT a.id, a.location_id
    FROM appointments AS a
    WHERE a.status = 'booked' AND a.isolated_at IS NOT NULL AND a.next_attempt_at <= :now AND a.starts_at <= :horizon
      AND a.link IN ('not_due', 'waiting', 'opening', 'failed')
    ORDER BY a.id
    FOR NO KEY UPDATE OF a SKIP LOCKED
), unclaimed AS (
    UPDATE leases AS l SET claimed_by_run = NULL, claimed_until = NULL
    FROM dead WHERE l.appointment_id = dead.id AND l.state = 'reserved'
)
UPDATE appointments AS a
SET link = 'failed', isolation = a.isolation + 1, next_attempt_at = NULL
FROM dead WHERE a.id = dead.id
RETURNING a.id;

-- name: begin_isolated
-- The claim of an isolated run; who does not end it within that time has died.
UPDATE appointments
SET isolation_claimed = isolation, next_attempt_at = :until
WHERE id = :appointment_id AND status = 'booked' AND link IN ('not_due', 'waiting', 'failed', 'opening')
  AND starts_at <= :horizon AND ends_at > :now
RETURNING id;

-- name: back_in_line
-- No account for an isolated one: it waits like everybody else and is served in its turn.
WITH before AS (
    SELECT id, link FROM appointments WHERE id = :appointment_id
), waits AS (
    UPDATE appointments SET link = 'waiting', reason = 'no_free_account', isolated_at = NULL, next_attempt_at = NULL
    WHERE id = :appointment_id AND status = 'booked' AND link IN ('not_due', 'failed', 'waiting')
      AND NOT EXISTS (SELECT FROM leases AS l WHERE l.appointment_id = :appointment_id AND l.released_at IS NULL)
    RETURNING id, location_id, revision
), since AS (
    UPDATE appointment_revisions AS r SET waiting_since = coalesce(r.waiting_since, :now)
    FROM waits WHERE r.appointment_id = waits.id AND r.revision = waits.revision
), noted AS (
    INSERT INTO events (at, kind, location_id, appointment_id, actor, run_id, detail)
    SELECT :now, 'link_waiting', w.location_id, w.id, 'system', :run_id, jsonb_build_object('reason', 'no_free_account')
    FROM waits AS w JOIN before AS b ON b.id = w.id AND b.link <> 'waiting'
)
SELECT id FROM waits;

-- name: escalate
UPDATE appointments SET escalated_at = :now
WHERE id = ANY (CAST(:appointments AS bigint[])) AND escalated_at IS NULL;

-- name: still_waiting
SELECT a.id AS appointment_id, a.external_id, l.name AS location, a.starts_at, a.reason
FROM appointments AS a JOIN locations AS l ON l.id = a.location_id
WHERE a.id = ANY (CAST(:appointments AS bigint[])) AND a.status = 'booked' AND a.link = 'waiting'
ORDER BY a.starts_at, a.id;
