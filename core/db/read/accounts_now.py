"""The pool state of every account, derived: it is stored nowhere, so it cannot be out of date."""

import sqlalchemy as sa

# A lease whose cooldown has passed counts as closed although nobody has looked at it yet. An account with a meeting
# that Zoom has not confirmed gone is closing, lease or not: somebody could still start that meeting. A bench without an
# end is stored as the last day there is, and read as none. Parameter: now.
_ACCOUNTS_NOW = """
WITH accounts_now AS (
    SELECT a.id, a.location_id, a.seat_id, a.email, a.last_used_at, a.busy_elsewhere_since, a.bench_reason,
           coalesce(cooled.cooldown_until, a.idle_since) AS idle_since,
           CASE WHEN a.benched_until < '9999-01-01' THEN a.benched_until END AS benched_until,
           l.id AS lease_id, l.state AS lease_state, l.appointment_id, l.cooldown_until,
           CASE
               WHEN a.connection IN ('disconnected', 'needs_reauth') THEN a.connection
               WHEN a.benched_until > :now THEN 'quarantined'
               WHEN a.busy_elsewhere_since IS NOT NULL THEN 'busy_elsewhere'
               WHEN a.connection <> 'connected' THEN a.connection
               WHEN l.state IS NOT NULL THEN l.state
               WHEN EXISTS (SELECT FROM meetings AS m WHERE m.account_id = a.id AND m.state IN ('deleting', 'unknown'))
                   THEN 'closing'
               ELSE 'idle'
           END AS state
    FROM accounts AS a
    LEFT JOIN leases AS l ON l.account_id = a.id AND l.released_at IS NULL
        AND NOT (l.state = 'cooldown' AND l.cooldown_until <= :now)
    LEFT JOIN leases AS cooled ON cooled.account_id = a.id AND cooled.released_at IS NULL
        AND cooled.state = 'cooldown' AND cooled.cooldown_until <= :now
)
"""


def with_accounts(select: str) -> sa.TextClause:
    """The statement *select*, which may read `accounts_now`: a row per account with its state at `:now`."""
    return sa.text(_ACCOUNTS_NOW + select)
