-- What came from Zoom. (How it is applied is in lifecycle.sql.)

-- name: receive
-- In the order of the keys: of two transactions with the same events in different orders each would wait for the other.
-- The same event in both: the second waits for the first one's commit, and only then has nothing to do.
INSERT INTO inbox (key, event, zoom_meeting_id, zoom_uuid, zoom_account_id, zoom_user_id, event_at, body, tracking_id,
                   received_at)
SELECT n.*, :now
FROM unnest(CAST(:key AS text[]), CAST(:event AS text[]), CAST(:zoom_meeting_id AS text[]), CAST(:zoom_uuid AS text[]),
            CAST(:zoom_account_id AS text[]), CAST(:zoom_user_id AS text[]), CAST(:event_at AS timestamptz[]),
            CAST(:body AS bytea[]), CAST(:tracking_id AS text[]))
     AS n (key, event, zoom_meeting_id, zoom_uuid, zoom_account_id, zoom_user_id, event_at, body, tracking_id)
ORDER BY n.key
ON CONFLICT (key) DO NOTHING
RETURNING id;
