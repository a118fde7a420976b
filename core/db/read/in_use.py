"""Which accounts have a lease now and until when, as far as can be told: the beginning of everything that is ahead."""

# Reads `places` (id, tail and overrun of each location) and the parameters :now and :cooldown; a row per open lease. A
# meeting goes on for its usual overrun, which is a part of the tail, after its planned end, or at least until now; a
# recording comes when it usually does after the end, or at any moment. Whose account does not *serve* afterwards,
# because it is draining, say, takes none of those that do.
IN_USE = """in_use AS MATERIALIZED (
    SELECT w.id AS location_id, o.account_id, o.appointment_id, o.revision, o.reserved_at AS begins_at,
           CASE WHEN o.state = 'cooldown' THEN o.cooldown_until
                WHEN o.state IN ('processing', 'closing')
                    THEN greatest(o.ended_at + w.tail - w.overrun, CAST(:now AS timestamptz) + :cooldown)
                ELSE greatest(r.ends_at + w.overrun, :now) + w.tail - w.overrun END AS ends_at,
           a.connection = 'connected' AND (a.benched_until IS NULL OR a.benched_until <= :now) AS serves
    FROM places AS w
    JOIN accounts AS a ON a.location_id = w.id
    JOIN leases AS o ON o.account_id = a.id AND o.released_at IS NULL
    JOIN appointment_revisions AS r ON r.appointment_id = o.appointment_id AND r.revision = o.revision
)"""
