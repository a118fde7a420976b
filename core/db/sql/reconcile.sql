-- Comparing with Zoom: whose meetings are listed, what we know of them, and what is done about the differences.

-- name: accounts
-- Those that we can ask about their meetings.
SELECT c.id AS account_id, c.email
FROM accounts AS c
WHERE EXISTS (SELECT FROM grants AS g WHERE g.account_id = c.id AND g.ended_at IS NULL)
  AND (CAST(:location_id AS bigint) IS NULL OR c.location_id = :location_id)
ORDER BY c.id;

-- name: known
-- What we know of the listed meetings, and those that the accounts' open leases wait for.
WITH wanted AS (
    SELECT id FROM meetings WHERE reference = ANY (CAST(:references AS text[]))
    UNION SELECT id FROM meetings WHERE zoom_meeting_id = ANY (CAST(:zoom_ids AS text[]))
    UNION SELECT m.id FROM leases AS l JOIN meetings AS m ON m.lease_id = l.id AND m.state = 'created'
          WHERE l.account_id = ANY (CAST(:accounts AS bigint[])) AND l.released_at IS NULL
)
SELECT m.id AS meeting_id, m.lease_id, m.location_id, m.account_id, l.appointment_id, a.external_id, m.reference,
       m.zoom_meeting_id AS zoom_id, m.state, l.state AS lease,
       CASE WHEN m.state = 'gone' THEN m.gone_at
            ELSE greatest(coalesce(m.created_at, m.intended_at), l.released_at) END AS since,
       CASE WHEN EXISTS (SELECT FROM recordings AS r WHERE r.meeting_id = m.id AND r.outcome = 'sought')
              OR EXISTS (SELECT FROM meeting_instances AS i WHERE i.meeting_id = m.id
                         AND NOT EXISTS (SELECT FROM recordings AS r
                                         WHERE r.meeting_id = m.id AND r.zoom_uuid = i.zoom_uuid))
                 THEN 'recording_sought'
            WHEN NOT EXISTS (SELECT FROM recordings AS r WHERE r.meeting_id = m.id)
                 -- Without a trace of an instance the lease may still know that the meeting was held.
                 THEN CASE WHEN m.state = 'created' AND coalesce(l.live_at, l.ended_at, l.cooldown_at) IS NOT NULL
                           THEN CASE WHEN :deletion_off THEN 'deletion_off'
                                     WHEN m.recorded THEN 'recording_not_looked_for' ELSE '' END
                           ELSE '' END
            WHEN :deletion_off THEN 'deletion_off'
            ELSE '' END AS kept_for
FROM wanted JOIN meetings AS m ON m.id = wanted.id
JOIN leases AS l ON l.id = m.lease_id
JOIN appointments AS a ON a.id = l.appointment_id;

-- name: ask
-- Zoom is asked about these very meetings; what follows from it is decided there.
WITH open AS (
    SELECT id FROM leases
    WHERE id = ANY (CAST(:leases AS bigint[])) AND state IN ('ready', 'live')
    ORDER BY id
    FOR NO KEY UPDATE
)
UPDATE leases AS l SET ask_at = :now, look_at = NULL FROM open WHERE l.id = open.id
RETURNING l.id;

-- name: adopt
-- Found on Zoom after its creation got no answer: to be deleted, by the id it turned out to have.
UPDATE meetings
SET state = 'deleting', zoom_meeting_id = :zoom_id, deletion_wanted_at = coalesce(deletion_wanted_at, :now), next_attempt_at = :now
WHERE id = :meeting_id AND state = 'unknown'
RETURNING id;

-- name: delete
-- What is still over as it was when we looked, its recording included; that is read once more afterwards, for Zoom does not say
-- what a deletion does to it.
WITH over AS (
    SELECT m.id
    FROM meetings AS m JOIN leases AS l ON l.id = m.lease_id
    WHERE m.id = :meeting_id AND m.state IN ('created', 'gone') AND l.state = 'released'
      AND NOT EXISTS (SELECT FROM recordings AS r WHERE r.meeting_id = m.id AND r.outcome = 'sought')
    FOR NO KEY UPDATE OF m
), rechecked AS (
    UPDATE recordings AS r SET recheck_at = :recheck_at FROM over WHERE r.meeting_id = over.id AND r.outcome = 'attached'
)
UPDATE meetings AS m
SET state = 'deleting', zoom_meeting_id = :zoom_id, deletion_wanted_at = :now, gone_at = NULL, next_attempt_at = :now
FROM over WHERE m.id = over.id
RETURNING m.id;
