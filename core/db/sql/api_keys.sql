-- Who calls. Read with every request of the API.

-- name: known
SELECT k.id, k.name, k.secret_hash, k.access, k.all_locations, k.per_minute, k.last_used_at,
       ARRAY(SELECT l.location_id FROM api_key_locations AS l WHERE l.api_key_id = k.id) AS locations
FROM api_keys AS k
WHERE k.public_id = :public_id AND k.revoked_at IS NULL;

-- name: touch
-- Many requests of one key find it old at once; one of them writes.
UPDATE api_keys SET last_used_at = :now
WHERE id = :id AND (last_used_at IS NULL OR last_used_at <= :before);
