-- What-if: asked for by people and by the night, computed by a run, read by the page.

-- name: ask
-- While one is under way, whoever asks gets that one.
INSERT INTO what_if_results (location_id, requested_at, requested_by)
VALUES (:location, :now, :actor)
ON CONFLICT (location_id) WHERE computed_at IS NULL AND failed_at IS NULL DO NOTHING
RETURNING id;

-- name: ask_for_all
INSERT INTO what_if_results (location_id, requested_at, requested_by)
SELECT l.id, :now, :actor FROM locations AS l
WHERE EXISTS (SELECT FROM accounts AS a WHERE a.location_id = l.id)
ON CONFLICT (location_id) WHERE computed_at IS NULL AND failed_at IS NULL DO NOTHING;

-- name: anything_asked
SELECT EXISTS (
    SELECT FROM what_if_results
    WHERE computed_at IS NULL AND failed_at IS NULL AND (claimed_at IS NULL OR claimed_at < :abandoned));

-- name: claim
-- Those that people wait for come before those of the night: one at a time, so that several runs share them.
UPDATE what_if_results SET claimed_at = :now, run_id = :run_id, done = 0, steps = 0
WHERE id = (
    SELECT id FROM what_if_results
    WHERE computed_at IS NULL AND failed_at IS NULL AND (claimed_at IS NULL OR claimed_at < :abandoned)
    ORDER BY requested_by = 'system', id
    LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id, location_id;

-- name: progress
UPDATE what_if_results SET done = :done, steps = :steps, claimed_at = :now WHERE id = :id AND run_id = :run_id;

-- name: computed
UPDATE what_if_results SET past = :past, booked = :booked, computed_at = :now
WHERE id = :id AND run_id = :run_id AND computed_at IS NULL;

-- name: failed
UPDATE what_if_results SET failed_at = :now WHERE id = :id AND run_id = :run_id AND computed_at IS NULL;
