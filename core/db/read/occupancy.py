"""How many accounts were in which state over time, in buckets: exact averages of each state, and the exact peak of use.

Nothing is sampled. A state is a step function: each lease and each connection period adds one at its beginning and
takes it away at its end. Its integral over a bucket is what was carried into it for the whole of it, and each change
within it for the rest. Only the peak needs the running sum at every change.
"""

from itertools import pairwise

import sqlalchemy as sa

# Which columns there are: what an account does under a lease first, then what it is without one.
LEASED = ("reserved", "ready", "live", "processing", "cooldown", "closing")
UNLEASED = ("connected", "busy_elsewhere", "quarantined", "needs_reauth", "draining")
COLUMNS = (*LEASED, *UNLEASED, "usable")

# A lease shows before the trouble of its account: it is what the account was used for. No lease is open for a week
# after it began unless it is open still, so a window is read from a week before it. The states of a lease follow one
# another, whatever order its times were noted in, and share all of its time.
# `scope` is a location or 0 for all together; with :apart there is one of each location, whose hours are those of its
# own clock. Parameters: since, until, seconds (of a bucket), now, location (or NULL), apart.
_OCCUPANCY = """
WITH scopes AS (
    SELECT CAST(0 AS bigint) AS scope, CAST(:since AS timestamptz) AS origin, CAST(:until AS timestamptz) AS ends_at
    WHERE NOT :apart
    UNION ALL
    SELECT l.id, CAST(:since AS timestamptz) + s.shift, CAST(:until AS timestamptz) + s.shift
    FROM locations AS l
    CROSS JOIN LATERAL (
        SELECT make_interval(secs => mod(3600 - mod(extract(epoch FROM CAST(:since AS timestamptz) AT TIME ZONE l.zone),
                                                   3600), 3600)) AS shift) AS s
    WHERE :apart
), grid AS (
    SELECT s.scope, n, s.origin + make_interval(secs => n * :seconds) AS from_at,
           least(s.origin + make_interval(secs => (n + 1) * :seconds), s.ends_at) AS to_at
    FROM scopes AS s
    CROSS JOIN LATERAL generate_series(0, ceil(date_part('epoch', s.ends_at - s.origin) / :seconds)::int - 1) AS n
), held AS MATERIALIZED (
    SELECT s.scope, s.origin, s.ends_at, l.account_id, l.reserved_at, l.ready_at, l.live_at, l.ended_at, l.cooldown_at,
           l.closing_at,
           coalesce(l.released_at, CASE WHEN l.state = 'cooldown' AND l.ask_at IS NULL
                                        THEN least(l.cooldown_until, :now) ELSE :now END) AS over_at
    FROM (
        SELECT * FROM leases
        WHERE reserved_at >= CAST(:since AS timestamptz) - INTERVAL '7 days'
          AND reserved_at < CAST(:until AS timestamptz) + INTERVAL '1 hour' AND released_at > :since
        UNION ALL
        SELECT * FROM leases WHERE released_at IS NULL) AS l
    JOIN scopes AS s ON s.scope = CASE WHEN :apart THEN l.location_id ELSE 0 END
    WHERE CAST(:location AS bigint) IS NULL OR l.location_id = :location
), periods AS MATERIALIZED (
    SELECT s.scope, s.origin, s.ends_at, c.account_id, c.status, c.from_at, coalesce(c.to_at, 'infinity') AS to_at
    FROM connection_periods AS c
    JOIN scopes AS s ON s.scope = CASE WHEN :apart THEN c.location_id ELSE 0 END
    WHERE c.status <> 'disconnected' AND c.from_at < s.ends_at AND (c.to_at IS NULL OR c.to_at > s.origin)
      AND (CAST(:location AS bigint) IS NULL OR c.location_id = :location)
), reached AS (
    SELECT scope, origin, ends_at,
           unnest(ARRAY['reserved', 'ready', 'live', 'processing', 'cooldown', 'closing', 'over']) AS what,
           unnest(ARRAY[h.reserved_at, a.ready, b.live, o.processing, d.cooldown, e.closing, h.over_at]) AS at
    FROM held AS h
    CROSS JOIN LATERAL (SELECT greatest(h.reserved_at, least(h.closing_at, h.over_at)) AS closing) AS e
    CROSS JOIN LATERAL (SELECT greatest(h.reserved_at, least(h.cooldown_at, e.closing)) AS cooldown) AS d
    CROSS JOIN LATERAL (SELECT greatest(h.reserved_at, least(h.ended_at, d.cooldown)) AS processing) AS o
    CROSS JOIN LATERAL (SELECT greatest(h.reserved_at, least(h.live_at, o.processing)) AS live) AS b
    CROSS JOIN LATERAL (SELECT greatest(h.reserved_at, least(h.ready_at, b.live)) AS ready) AS a
), beside AS (
    -- What an account is beside its lease is not counted again.
    SELECT p.scope, p.origin, p.ends_at, p.status, greatest(p.from_at, h.reserved_at) AS from_at,
           least(p.to_at, h.over_at) AS to_at
    FROM held AS h
    JOIN periods AS p ON p.account_id = h.account_id AND p.from_at < h.over_at AND p.to_at > h.reserved_at
), changes AS (
    SELECT scope, origin, ends_at, what, at, 1 AS step FROM reached
    UNION ALL SELECT scope, origin, ends_at, status, from_at, 1 FROM periods
    UNION ALL SELECT scope, origin, ends_at, status, to_at, -1 FROM periods
    UNION ALL SELECT scope, origin, ends_at, 'usable', from_at, 1 FROM periods WHERE status = 'connected'
    UNION ALL SELECT scope, origin, ends_at, 'usable', to_at, -1 FROM periods WHERE status = 'connected'
    UNION ALL SELECT scope, origin, ends_at, status, from_at, -1 FROM beside
    UNION ALL SELECT scope, origin, ends_at, status, to_at, 1 FROM beside
), sums AS (
    SELECT scope, n, what, sum(step) AS steps, sum(step * (least((n + 1) * :seconds, lasts) - after)) AS within
    FROM (
        SELECT scope, what, step, date_part('epoch', ends_at - origin) AS lasts,
               greatest(date_part('epoch', at - origin), 0) AS after
        FROM changes WHERE at < ends_at) AS c
    CROSS JOIN LATERAL (SELECT floor(after / :seconds)::int AS n) AS b
    GROUP BY scope, n, what
), counted AS (
    SELECT g.scope, g.n, g.from_at, {counted}
    FROM grid AS g
    CROSS JOIN LATERAL (SELECT date_part('epoch', g.to_at - g.from_at) AS width) AS lasts
    LEFT JOIN (SELECT scope, n, {pivoted} FROM sums GROUP BY scope, n) AS s USING (scope, n)
    WINDOW w AS (PARTITION BY g.scope ORDER BY g.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), running AS (
    SELECT scope, n, sum(sum(step)) OVER (PARTITION BY scope ORDER BY at) AS used
    FROM (
        SELECT scope, greatest(reserved_at, origin) AS at, 1 AS step FROM held WHERE reserved_at < ends_at
        UNION ALL SELECT scope, greatest(over_at, origin), -1 FROM held WHERE over_at < ends_at
        UNION ALL SELECT scope, from_at, 0 FROM grid) AS e
    JOIN scopes USING (scope)
    CROSS JOIN LATERAL (SELECT floor(date_part('epoch', at - origin) / :seconds)::int AS n) AS b
    GROUP BY scope, n, at
), peaks AS (
    SELECT scope, n, max(used)::int AS peak FROM running GROUP BY scope, n
), occupancy AS (
    SELECT c.scope, c.from_at, p.peak, {columns} FROM counted AS c JOIN peaks AS p USING (scope, n)
)
"""


def with_occupancy(select: str) -> sa.TextClause:
    """The statement *select*, which may read `occupancy`: a row per scope and bucket."""
    # Of a lease it is counted who has come so far; who is in a state has come to it, and not yet to the next.
    reached = (*LEASED, "over")
    counted = (*reached, *UNLEASED, "usable")
    parts = {
        "{pivoted}": ", ".join(
            f"sum({what}) FILTER (WHERE what = '{name}') AS {what[0]}_{name}"
            for name in counted
            for what in ("steps", "within")
        ),
        "{counted}": ", ".join(
            f"coalesce(sum(s.s_{name}) OVER w, 0) + coalesce(s.w_{name}, 0) / width AS {name}" for name in counted
        ),
        "{columns}": ", ".join(
            [
                *(_rounded(f"c.{name} - c.{after}", name) for name, after in pairwise(reached)),
                *(_rounded(f"c.{name}", name) for name in (*UNLEASED, "usable")),
            ]
        ),
    }
    text = _OCCUPANCY
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return sa.text(text + select)


def _rounded(value: str, name: str) -> str:
    """Sums of floats differ in their last digits each time they are read; what is the same has to look the same."""
    return f"round(({value}) * 1e6) / 1e6 AS {name}"
