"""How long the meetings of a location overrun, and how long its recordings take: by its last leases."""

import sqlalchemy as sa

# The medians of each of `:locations`, of those among its last hundred leases whose meeting was held; a location without
# any has no row. Few rows by an index, whatever the location's age. Ends are those that were planned when the lease
# was made: an appointment may have been moved since.
USUAL = """usual AS (
    SELECT w.id AS location_id,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY l.cooldown_at - l.ended_at) AS hold,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY l.ended_at - r.ends_at) AS overrun
    FROM unnest(CAST(:locations AS bigint[])) AS w (id)
    CROSS JOIN LATERAL (
        SELECT appointment_id, revision, ended_at, cooldown_at FROM leases
        WHERE location_id = w.id ORDER BY id DESC LIMIT 100) AS l
    LEFT JOIN appointment_revisions AS r ON r.appointment_id = l.appointment_id AND r.revision = l.revision
    WHERE l.ended_at IS NOT NULL AND l.cooldown_at IS NOT NULL
    GROUP BY w.id
)"""


def with_usual(select: str) -> sa.TextClause:
    """The statement *select*, which may read `usual`: a row per location of `:locations` that has a history."""
    return sa.text("WITH " + USUAL + select)
