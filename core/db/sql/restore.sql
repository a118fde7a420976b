-- After a restore: what the backup remembers may have gone on without it.

-- name: new_installation
-- Under another id, so that no meeting made after the backup is ever taken for one of ours and deleted. Links wait until a
-- person has looked.
UPDATE installation
SET installation_id = replace(gen_random_uuid()::text, '-', ''), allocation_paused_at = :now, allocation_paused_by = :actor,
    allocation_paused_reason = 'restored from a backup'
RETURNING installation_id;

-- name: ask_about_leases
-- What became of the meetings that were open when the backup was taken, Zoom says. They are not looked at before it has: a look
-- would find nothing amiss and put the question off. Whoever held a claim then holds none now.
WITH open AS (SELECT id FROM leases WHERE released_at IS NULL ORDER BY id FOR NO KEY UPDATE)
UPDATE leases AS l
SET ask_at = CASE WHEN l.state IN ('ready', 'live', 'processing', 'cooldown') THEN CAST(:now AS timestamptz) END,
    look_at = CASE WHEN l.state IN ('reserved', 'closing') THEN CAST(:now AS timestamptz) END,
    fence = l.fence + 1, claimed_by_run = NULL,
    claimed_until = CASE WHEN l.state = 'reserved' THEN CAST(:now AS timestamptz) END -- without a time nobody would take it over
FROM open WHERE l.id = open.id
RETURNING l.id;

-- name: doubt_intents
-- The backup knows an intent; its meeting may have been made since, so it is looked for before another one is made.
UPDATE meetings SET absent = false WHERE state = 'intended' RETURNING id;

-- name: settle_now
UPDATE meetings SET next_attempt_at = :now WHERE state IN ('deleting', 'unknown') RETURNING id;

-- name: waiting_messages
SELECT id FROM messages WHERE status IN ('queued', 'retrying', 'in_flight') ORDER BY id FOR NO KEY UPDATE;

-- name: drop_messages
UPDATE messages SET status = 'dropped', reason = 'restored', claimed_by = NULL, in_flight_since = NULL
WHERE status IN ('queued', 'retrying', 'in_flight');

-- name: expire_tokens
-- Each account's token is exchanged before it is used: the restored refresh token may have been exchanged since.
UPDATE grants SET access_expires_at = :now WHERE ended_at IS NULL RETURNING account_id;
