-- What is kept for a time only. Each statement takes the oldest rows, at most :limit of them, and leaves alone what somebody works on.

-- name: events
DELETE FROM events WHERE id IN (
    SELECT id FROM events WHERE at < :before ORDER BY at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED);

-- name: inbox_bodies
-- What has been applied: one that has not is still to be read.
UPDATE inbox SET body = NULL WHERE id IN (
    SELECT id FROM inbox WHERE received_at < :before AND body IS NOT NULL AND applied_at IS NOT NULL
    ORDER BY received_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED);

-- name: inbox
DELETE FROM inbox WHERE id IN (
    SELECT id FROM inbox WHERE received_at < :before ORDER BY received_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED);

-- name: messages
DELETE FROM messages WHERE id IN (
    SELECT id FROM messages WHERE created_at < :before ORDER BY created_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED);

-- name: alerts
-- An open one stays, however old: nobody has mended what it is about.
DELETE FROM alerts WHERE id IN (
    SELECT id FROM alerts WHERE raised_at < :before AND cleared_at < :before
    ORDER BY raised_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED);

-- name: oauth_states
DELETE FROM oauth_states WHERE state_hash IN (
    SELECT state_hash FROM oauth_states WHERE expires_at < :before LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED);

-- name: idempotency_keys
DELETE FROM idempotency_keys WHERE (caller, key) IN (
    SELECT caller, key FROM idempotency_keys WHERE created_at < :before LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED);

-- name: what_if_results
DELETE FROM what_if_results WHERE id IN (
    SELECT id FROM what_if_results WHERE requested_at < :before ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED);

-- name: zoom_budget
DELETE FROM zoom_budget WHERE (zoom_user_id, utc_day) IN (
    SELECT zoom_user_id, utc_day FROM zoom_budget WHERE utc_day < CAST(:before AS timestamptz) AT TIME ZONE 'UTC'
    LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED);
