-- Conditions that tick and allocator have to agree on: if one found a free account where the other finds none, runs would be
-- asked for that have nothing to do, or nobody would be asked for a link that could be made.

-- name: account_is_fit
-- Of an account c: it may be leased as far as it goes itself. Not while somebody could still start its old meeting (one that is
-- to be deleted, or that may exist), nor when its day's creates are spent (100 a user and UTC day, Zoom API > Rate limits).
(c.connection = 'connected' AND c.busy_elsewhere_since IS NULL
 AND (c.benched_until IS NULL OR c.benched_until <= :now)
 AND NOT EXISTS (SELECT FROM meetings AS m WHERE m.account_id = c.id AND m.state IN ('deleting', 'unknown'))
 AND NOT EXISTS (SELECT FROM zoom_budget AS b
                 WHERE b.zoom_user_id = c.zoom_user_id AND b.utc_day = :utc_day AND b.creates >= 100))

-- name: lease_is_cooled
-- Of an open lease o: its account is free although nobody has closed it yet. Not while Zoom is still to be asked whether the
-- meeting is really over.
(o.state = 'cooldown' AND o.cooldown_until <= :now AND o.ask_at IS NULL)

-- name: allocation_is_on
-- Of a location l: leases are granted there.
(l.status = 'active' AND l.allocation_paused_at IS NULL
 AND NOT EXISTS (SELECT FROM installation AS i WHERE i.allocation_paused_at IS NOT NULL))

-- name: waited_for_an_account
-- Of a revision r: it stood in line because no account was free, not only because somebody had paused the allocation or
-- suspended the location, where more accounts would have been of no help.
(r.waiting_since IS NOT NULL
 AND EXISTS (SELECT FROM events AS v
             WHERE v.appointment_id = r.appointment_id AND v.kind = 'link_waiting' AND v.at >= r.waiting_since
               AND v.detail ->> 'reason' IN ('no_free_account', 'no_connected_account')))

-- name: recording_is_due
-- Of recordings r and accounts a. Nobody can be asked about a disconnected account; reconnected, its search goes on at once.
(r.next_attempt_at <= :now AND a.connection IN ('connected', 'draining'))

-- name: recording_is_out_of_reach
-- Of recordings r and accounts a, since :long_ago and so for good.
(r.next_attempt_at <= :now AND a.connection NOT IN ('connected', 'draining') AND r.sought_since <= :long_ago)

-- name: recording_is_to_be_rechecked
-- Of recordings r, accounts a and meetings m: long enough after the deletion that its consequences show.
(r.recheck_at <= :now AND m.state = 'gone' AND m.gone_at <= :gone_by AND a.connection IN ('connected', 'draining'))

-- name: file_is_to_be_archived
-- Of recording files f, recordings r and accounts a. Parts of what is still sought wait until it is known what it is.
(f.archived_at IS NULL AND f.next_attempt_at <= :now AND r.outcome IN ('attached', 'failed')
 AND a.connection IN ('connected', 'draining'))

-- name: begins_to_need
-- Of an appointment a, whose calendar now meets on Zoom. What began too long ago to be opened is left as it is: it would be
-- missed before anybody could do anything about it.
(CAST(:to_zoom AS boolean) AND a.link = 'not_needed' AND a.starts_at > :earliest)

-- name: ceases_to_need
-- Of an appointment a and its revision v, whose calendar meets elsewhere by now. One whose meeting is being made is not opened
-- yet: during an outage of Zoom that may take long, and the outage may be why the calendar meets elsewhere.
(NOT CAST(:to_zoom AS boolean) AND a.link IN ('not_due', 'waiting', 'opening', 'failed') AND v.link_ready_at IS NULL)

-- name: keeps_its_link
-- Of an appointment a and its revision v: a link was made, and its client has it.
(v.link_ready_at IS NOT NULL AND a.link IN ('ready', 'not_due', 'waiting', 'opening', 'failed'))
