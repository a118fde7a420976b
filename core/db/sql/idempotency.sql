-- The answer that a write was given, so that its repetition gets the same one. A row without a status is a write under way.

-- name: keep
-- No row comes back where the key is taken: its first use decides.
INSERT INTO idempotency_keys (caller, key, request_hash, status, answer, created_at)
VALUES (:caller, :key, :request_hash, :status, :answer, :now)
ON CONFLICT (caller, key) DO NOTHING
RETURNING key;

-- name: keep_many
-- In the order of the keys: of two transactions with the same ones each would wait for the other.
INSERT INTO idempotency_keys (caller, key, request_hash, status, answer, created_at)
SELECT n.*, :now
FROM unnest(CAST(:callers AS text[]), CAST(:keys AS text[]), CAST(:hashes AS bytea[]), CAST(:statuses AS bigint[]),
            CAST(:answers AS bytea[])) AS n (caller, key, request_hash, status, answer)
ORDER BY n.caller, n.key
ON CONFLICT (caller, key) DO NOTHING
RETURNING key;

-- name: found
SELECT request_hash, status, answer, created_at FROM idempotency_keys WHERE caller = :caller AND key = :key;

-- name: take_over
-- Its process died: nobody takes a minute for one request.
UPDATE idempotency_keys SET created_at = :now
WHERE caller = :caller AND key = :key AND request_hash = :request_hash AND status IS NULL AND created_at <= :dead
RETURNING key;

-- name: answered
-- Only by whoever holds the claim: one that took too long finds another's.
UPDATE idempotency_keys SET status = :status, answer = :answer
WHERE caller = :caller AND key = :key AND status IS NULL AND created_at = :claimed_at;

-- name: give_back
DELETE FROM idempotency_keys
WHERE caller = :caller AND key = :key AND status IS NULL AND created_at = :claimed_at;
