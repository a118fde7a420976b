-- From evidence to the states of leases. Locks in the one order everybody keeps: appointment, lease, account.

-- name: look_again
UPDATE leases AS l SET look_at = :now
WHERE l.released_at IS NULL
  AND l.id IN (SELECT m.lease_id FROM meetings AS m WHERE m.id = ANY (CAST(:meetings AS bigint[])));

-- name: to_look_at
-- Leases whose time has come, with the appointments to be locked before them. Those whose cooldown has passed are not decided
-- about but closed; decided about, they would stay as they are and be found again.
SELECT l.id, l.appointment_id
FROM leases AS l
WHERE l.look_at <= :now AND NOT (l.state = 'cooldown' AND l.look_at = l.cooldown_until)
ORDER BY l.look_at
LIMIT :limit;

-- name: lock_appointments
SELECT id FROM appointments WHERE id = ANY (CAST(:appointments AS bigint[])) ORDER BY id FOR NO KEY UPDATE;

-- name: lock_only
SELECT id FROM leases WHERE id = ANY (CAST(:leases AS bigint[])) ORDER BY id FOR NO KEY UPDATE;

-- name: lock_leases
-- What is decided about, as it is after the lock; the meeting is the newest, whose link is out.
WITH held AS MATERIALIZED (
    SELECT l.* FROM leases AS l WHERE l.id = ANY (CAST(:leases AS bigint[])) ORDER BY l.id FOR NO KEY UPDATE
)
SELECT h.id AS lease_id, h.location_id, h.account_id, h.appointment_id, h.revision, h.state, h.ready_at, h.reserved_at,
       h.live_at, h.ended_at, h.hold_until, h.cooldown_at, h.cooldown_until,
       r.starts_at, r.ends_at, a.status AS appointment_status,
       a.status = 'cancelled' OR a.revision <> h.revision AS void,
       p.recording_hold_limit AS hold_limit,
       m.id AS meeting_id, m.zoom_status AS said, m.zoom_status_at AS said_at, m.not_found_since,
       -- Not any more when Zoom knows it again: what was deleted can be recovered.
       m.portal_deleted_at IS NOT NULL
           AND (m.zoom_status IN ('waiting', 'started') AND m.zoom_status_at > m.portal_deleted_at) IS NOT TRUE
           AS deleted_in_portal
FROM held AS h
JOIN appointments AS a ON a.id = h.appointment_id
JOIN appointment_revisions AS r ON r.appointment_id = h.appointment_id AND r.revision = h.revision
JOIN locations AS p ON p.id = h.location_id
LEFT JOIN LATERAL (
    SELECT * FROM meetings AS n WHERE n.lease_id = h.id AND n.created_at IS NOT NULL ORDER BY n.id DESC LIMIT 1) AS m ON true
ORDER BY h.id;

-- name: held_under
-- Every instance of every meeting of these leases, with when its recording became final.
SELECT m.lease_id, i.started_at, i.ended_at, v.final_at AS recorded_at
FROM meetings AS m
JOIN meeting_instances AS i ON i.meeting_id = m.id
LEFT JOIN recordings AS v ON v.meeting_id = i.meeting_id AND v.zoom_uuid = i.zoom_uuid AND v.outcome <> 'sought'
WHERE m.lease_id = ANY (CAST(:leases AS bigint[]))
ORDER BY i.started_at, i.id;

-- name: decided
-- Guarded by the state that was read: whoever changed it meanwhile decides anew. Most events change nothing about the lease, and
-- what is as it was is not written again.
UPDATE leases AS l
SET state = d.state,
    live_at = d.live_at,
    ended_at = d.ended_at,
    hold_until = d.hold_until,
    cooldown_at = d.settled_at,
    cooldown_until = d.cooldown_until,
    closing_at = CASE WHEN d.state = 'closing' THEN CAST(:now AS timestamptz) END,
    closing_reason = CASE WHEN d.state = 'closing' THEN 'no_show' END,
    -- Reserved again: open to the next run, which makes another meeting under the same account.
    ready_at = CASE WHEN d.state = 'reserved' THEN NULL ELSE l.ready_at END,
    claimed_by_run = NULL,
    claimed_until = CASE WHEN d.state = 'reserved' THEN CAST(:now AS timestamptz) END,
    fence = l.fence + CASE WHEN l.state <> d.state THEN 1 ELSE 0 END,
    look_at = d.look_at,
    ask_at = d.ask_at
FROM unnest(CAST(:leases AS bigint[]), CAST(:was AS text[]), CAST(:states AS text[]), CAST(:live_ats AS timestamptz[]),
            CAST(:ended_ats AS timestamptz[]), CAST(:hold_untils AS timestamptz[]), CAST(:settled_ats AS timestamptz[]),
            CAST(:cooldown_untils AS timestamptz[]), CAST(:look_ats AS timestamptz[]), CAST(:ask_ats AS timestamptz[]))
     AS d (lease_id, was, state, live_at, ended_at, hold_until, settled_at, cooldown_until, look_at, ask_at)
WHERE l.id = d.lease_id AND l.state = d.was AND l.released_at IS NULL
  AND (l.state, l.live_at, l.ended_at, l.hold_until, l.cooldown_at, l.cooldown_until, l.look_at, l.ask_at)
      IS DISTINCT FROM
      (d.state, d.live_at, d.ended_at, d.hold_until, d.settled_at, d.cooldown_until, d.look_at, d.ask_at);

-- name: nothing_to_look_at
UPDATE leases SET look_at = NULL, ask_at = NULL WHERE id = ANY (CAST(:leases AS bigint[]));

-- name: appointments_over
UPDATE appointments AS a
SET status = d.outcome, link = 'ended', reason = NULL, reason_detail = NULL
FROM unnest(CAST(:appointments AS bigint[]), CAST(:revisions AS bigint[]), CAST(:outcomes AS text[]))
     AS d (appointment_id, revision, outcome)
WHERE a.id = d.appointment_id AND a.revision = d.revision AND a.status IN ('booked', 'completed', 'no_show')
  AND (a.status, a.link) <> (d.outcome, 'ended');

-- name: meetings_vanished
-- Zoom does not know them any more; their leases get others.
WITH vanished AS (
    UPDATE meetings AS m SET state = 'gone', gone_at = :now, next_attempt_at = NULL
    WHERE m.lease_id = ANY (CAST(:leases AS bigint[])) AND m.state = 'created'
)
UPDATE appointments AS a SET link = 'opening', reason = NULL, reason_detail = NULL
FROM leases AS l
WHERE l.id = ANY (CAST(:leases AS bigint[])) AND a.id = l.appointment_id AND a.revision = l.revision AND a.status = 'booked';

-- name: no_shows
-- Nobody came: their meetings are deleted, and the account is free as soon as Zoom has confirmed.
UPDATE meetings AS m
SET state = CASE WHEN m.zoom_status = 'not_found' THEN 'gone' ELSE 'deleting' END,
    gone_at = CASE WHEN m.zoom_status = 'not_found' THEN CAST(:now AS timestamptz) END,
    deletion_wanted_at = :now,
    next_attempt_at = CASE WHEN m.zoom_status = 'not_found' THEN NULL ELSE CAST(:now AS timestamptz) END
WHERE m.lease_id = ANY (CAST(:leases AS bigint[])) AND m.state = 'created';

-- name: cooling_locations
-- Where a cooldown has passed.
SELECT DISTINCT location_id FROM leases WHERE look_at <= :now AND state = 'cooldown' AND cooldown_until <= :now
  AND ask_at IS NULL;

-- name: to_ask_about
-- What Zoom is asked about now; taken until :until, so that two runs do not ask twice.
WITH due AS (
    SELECT l.id
    FROM leases AS l
    WHERE l.ask_at <= :now
    ORDER BY l.ask_at
    LIMIT :limit
    FOR NO KEY UPDATE SKIP LOCKED
), taken AS (
    UPDATE leases AS l SET ask_at = CASE WHEN l.state IN ('ready', 'live', 'processing', 'cooldown') THEN CAST(:until AS timestamptz) END
    FROM due WHERE l.id = due.id
    RETURNING l.*
)
SELECT t.id AS lease_id, t.location_id, t.account_id, t.appointment_id, m.id AS meeting_id, m.zoom_meeting_id,
       r.starts_at, m.zoom_status AS said_before,
       ARRAY(SELECT i.zoom_uuid FROM meeting_instances AS i WHERE i.meeting_id = m.id AND i.ended_at IS NOT NULL) AS ended_uuids
FROM taken AS t
JOIN appointment_revisions AS r ON r.appointment_id = t.appointment_id AND r.revision = t.revision
-- The one that is decided about, although it may be deleted by now: a question without an answer would keep the account.
CROSS JOIN LATERAL (
    SELECT * FROM meetings AS n WHERE n.lease_id = t.id AND n.created_at IS NOT NULL ORDER BY n.id DESC LIMIT 1) AS m
WHERE t.ask_at IS NOT NULL
ORDER BY t.id;

-- name: anything_to_ask
SELECT EXISTS (SELECT FROM leases WHERE ask_at <= :now);

-- name: ask_later
UPDATE leases SET ask_at = :until WHERE id = :lease_id AND released_at IS NULL AND state IN ('ready', 'live', 'processing', 'cooldown');

-- name: zoom_said
UPDATE meetings
SET zoom_status = :said, zoom_status_at = :at,
    not_found_since = CASE WHEN :said = 'not_found' THEN coalesce(not_found_since, CAST(:at AS timestamptz)) END
WHERE id = :meeting_id;

-- name: sign_instances
-- Evidence adds up, whatever the order in which it comes: the earliest start, the latest sign of life, the end that Zoom told.
-- An end that was only inferred (from an answer, or from a recording that is there) is taken back by a sign of life that is
-- newer than it and than the answer.
INSERT INTO meeting_instances AS i (location_id, meeting_id, zoom_uuid, started_at, last_sign_at, ended_at, ended_by,
                                    recording_started_at, events)
SELECT location_id, meeting_id, zoom_uuid, started_at, last_sign_at, ended_at, ended_by, recording_started_at, events
FROM unnest(CAST(:locations AS bigint[]), CAST(:meetings AS bigint[]), CAST(:uuids AS text[]), CAST(:starts AS timestamptz[]),
            CAST(:signs AS timestamptz[]), CAST(:ends AS timestamptz[]), CAST(:ended_bys AS text[]),
            CAST(:recording_starts AS timestamptz[]), CAST(:events AS bigint[]))
     AS d (location_id, meeting_id, zoom_uuid, started_at, last_sign_at, ended_at, ended_by, recording_started_at, events)
ON CONFLICT (meeting_id, zoom_uuid) DO UPDATE
SET started_at = least(i.started_at, excluded.started_at),
    last_sign_at = greatest(i.last_sign_at, excluded.last_sign_at),
    (ended_at, ended_by) = (
        SELECT CASE WHEN e.told IS NOT NULL THEN e.told
                    WHEN e.newer THEN NULL
                    WHEN i.ended_at IS NULL AND excluded.ended_by = 'asked' THEN excluded.ended_at
                    WHEN i.ended_at IS NOT NULL THEN greatest(i.ended_at, excluded.last_sign_at) END,
               CASE WHEN e.told IS NOT NULL THEN 'event'
                    WHEN e.newer THEN NULL
                    WHEN i.ended_at IS NULL AND excluded.ended_by = 'asked' THEN 'asked'
                    ELSE i.ended_by END
        FROM (SELECT least(CASE WHEN i.ended_by = 'event' THEN i.ended_at END,
                           CASE WHEN excluded.ended_by = 'event' THEN excluded.ended_at END) AS told,
                     excluded.ended_by IS NULL AND excluded.last_sign_at > greatest(i.ended_at, m.zoom_status_at) AS newer
              FROM meetings AS m WHERE m.id = i.meeting_id) AS e),
    recording_started_at = least(i.recording_started_at, excluded.recording_started_at),
    events = i.events + excluded.events;

-- name: end_silent
-- Zoom says that nobody is inside: what was running when it was asked is over, and when, only our last sign of it tells. A sign
-- of life that is newer than the question is newer than the answer.
UPDATE meeting_instances SET ended_at = greatest(started_at, last_sign_at), ended_by = 'asked'
WHERE meeting_id = :meeting_id AND ended_at IS NULL AND last_sign_at <= :asked_at;

-- name: unpark
-- Events of a meeting that nobody knew when they came (Zoom may be faster than our own commit), known by now.
UPDATE inbox AS i SET applied_at = NULL, outcome = NULL
FROM meetings AS m
WHERE i.outcome = 'unknown_meeting' AND i.received_at > CAST(:now AS timestamptz) - INTERVAL '15 minutes'
  AND m.zoom_meeting_id = i.zoom_meeting_id;

-- name: to_apply
-- What has come and is not applied, in the order in which it came.
SELECT i.id, i.event, i.zoom_meeting_id, i.zoom_uuid, i.zoom_account_id, i.zoom_user_id, i.event_at, i.body, i.tracking_id
FROM inbox AS i
WHERE i.applied_at IS NULL
ORDER BY i.id
LIMIT :limit
FOR NO KEY UPDATE SKIP LOCKED;

-- name: meetings_of
-- Which of our meetings these ids of Zoom's are.
SELECT DISTINCT ON (m.zoom_meeting_id)
       m.zoom_meeting_id, m.id AS meeting_id, m.location_id, m.lease_id, m.account_id, l.appointment_id,
       l.released_at IS NULL AS leased
FROM meetings AS m
JOIN leases AS l ON l.id = m.lease_id
WHERE m.zoom_meeting_id = ANY (CAST(:zoom_ids AS text[]))
ORDER BY m.zoom_meeting_id, m.id DESC;

-- name: deleted_in_portal
-- Our own deletions are told as well; what is being deleted, or gone, is no news.
UPDATE meetings SET portal_deleted_at = coalesce(portal_deleted_at, :now)
WHERE id = ANY (CAST(:meetings AS bigint[])) AND state = 'created';

-- name: applied
UPDATE inbox AS i SET applied_at = :now, outcome = d.outcome
FROM unnest(CAST(:ids AS bigint[]), CAST(:outcomes AS text[])) AS d (id, outcome)
WHERE i.id = d.id;
