"""The pool state of every account, derived: it is stored nowhere, so it cannot be out of date."""

import sqlalchemy as sa

# A lease whose cooldown has passed counts as closed although nobody has looked at it yet. An account with a meeting
# that Zoom has not confirmed gone is closing, lease or not: somebody could still start that meeting. A bench without an
# end is stored as the last day there is, and read as none. Parameter: now.
#
# `fitness` is what its connection allows, `in_use` what its lease does, `state` the one of them that says more.
_ACCOUNTS_NOW = """
WITH held AS (
    SELECT a.id, a.location_id, a.seat_id, a.email, a.last_used_at, a.busy_elsewhere_since, a.bench_reason,
           CASE WHEN l.cooled THEN l.cooldown_until ELSE a.idle_since END AS idle_since,
           CASE WHEN a.benched_until < '9999-01-01' THEN a.benched_until END AS benched_until,
           CASE WHEN NOT l.cooled THEN l.id END AS lease_id,
           CASE WHEN NOT l.cooled THEN l.appointment_id END AS appointment_id,
           CASE WHEN NOT l.cooled THEN l.cooldown_until END AS cooldown_until,
           CASE WHEN a.connection IN ('disconnected', 'needs_reauth') THEN a.connection
                WHEN a.benched_until > :now THEN 'quarantined'
                WHEN a.busy_elsewhere_since IS NOT NULL THEN 'busy_elsewhere'
                ELSE a.connection END AS fitness,
           CASE WHEN NOT l.cooled THEN l.state
                WHEN EXISTS (SELECT FROM meetings AS m
                             WHERE m.account_id = a.id AND m.state IN ('deleting', 'unknown')) THEN 'closing'
                ELSE 'idle' END AS in_use
    FROM accounts AS a
    LEFT JOIN LATERAL (
        SELECT *, state = 'cooldown' AND cooldown_until <= :now AND ask_at IS NULL AS cooled
        FROM leases WHERE account_id = a.id AND released_at IS NULL) AS l ON true
), accounts_now AS (
    SELECT *, CASE WHEN lease_id IS NOT NULL THEN in_use END AS lease_state,
           CASE WHEN fitness <> 'connected' THEN fitness ELSE in_use END AS state
    FROM held
)
"""


def with_accounts(select: str) -> sa.TextClause:
    """The statement *select*, which may read `accounts_now`: a row per account with its state at `:now`."""
    return sa.text(_ACCOUNTS_NOW + select)
