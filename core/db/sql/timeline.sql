-- The timeline, where many lines are written at once.

-- name: note_all
-- In the order in which they are given, which is the order of their ids.
INSERT INTO events (at, kind, actor, location_id, appointment_id, account_id, lease_id, meeting_id, message_id, run_id,
                    tracking_id, detail)
SELECT e.at, e.kind, e.actor, e.location_id, e.appointment_id, e.account_id, e.lease_id, e.meeting_id, e.message_id,
       e.run_id, e.tracking_id, e.detail
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS e (
    at timestamptz, kind text, actor text, location_id bigint, appointment_id bigint, account_id bigint, lease_id bigint,
    meeting_id bigint, message_id bigint, run_id text, tracking_id text, detail jsonb);
