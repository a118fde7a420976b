"""How many accounts were in which state over time, in buckets: exact averages of each state, and the exact peak of use.

Nothing is sampled. A state is a step function: each lease and each connection period adds one at its beginning and
takes it away at its end. Its integral over a bucket is what was carried into it for the whole of it, and each change
within it for the rest. Only the peak needs the running sum at every change.
"""

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
    CROSS JOIN LATERAL generate_series(0, ceil(extract(epoch FROM s.ends_at - s.origin) / :seconds)::int - 1) AS n
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
), changes AS (
    SELECT h.scope, h.origin, h.ends_at, c.state, c.at, c.step
    FROM held AS h
    CROSS JOIN LATERAL (SELECT greatest(h.reserved_at, least(h.closing_at, h.over_at)) AS closing) AS e
    CROSS JOIN LATERAL (SELECT greatest(h.reserved_at, least(h.cooldown_at, e.closing)) AS cooldown) AS d
    CROSS JOIN LATERAL (SELECT greatest(h.reserved_at, least(h.ended_at, d.cooldown)) AS processing) AS o
    CROSS JOIN LATERAL (SELECT greatest(h.reserved_at, least(h.live_at, o.processing)) AS live) AS b
    CROSS JOIN LATERAL (SELECT greatest(h.reserved_at, least(h.ready_at, b.live)) AS ready) AS a
    CROSS JOIN LATERAL (VALUES
        ('reserved', h.reserved_at, 1), ('reserved', a.ready, -1), ('ready', a.ready, 1), ('ready', b.live, -1),
        ('live', b.live, 1), ('live', o.processing, -1), ('processing', o.processing, 1),
        ('processing', d.cooldown, -1), ('cooldown', d.cooldown, 1), ('cooldown', e.closing, -1),
        ('closing', e.closing, 1), ('closing', h.over_at, -1)
    ) AS c (state, at, step)
    UNION ALL
    SELECT p.scope, p.origin, p.ends_at, e.state, e.at, e.step
    FROM periods AS p
    CROSS JOIN LATERAL (VALUES
        (p.status, p.from_at, 1), (p.status, p.to_at, -1),
        (CASE WHEN p.status = 'connected' THEN 'usable' END, p.from_at, 1),
        (CASE WHEN p.status = 'connected' THEN 'usable' END, p.to_at, -1)
    ) AS e (state, at, step)
    UNION ALL
    -- What an account was beside its lease is not counted again.
    SELECT p.scope, p.origin, p.ends_at, p.status, e.at, e.step
    FROM held AS h
    JOIN periods AS p ON p.account_id = h.account_id AND p.from_at < h.over_at AND p.to_at > h.reserved_at
    CROSS JOIN LATERAL (VALUES
        (greatest(p.from_at, h.reserved_at), -1), (least(p.to_at, h.over_at), 1)) AS e (at, step)
), placed AS (
    SELECT scope, state, step, n, least((n + 1) * :seconds, lasts) - after AS rest
    FROM (
        SELECT scope, state, step, extract(epoch FROM ends_at - origin)::float8 AS lasts,
               greatest(extract(epoch FROM at - origin)::float8, 0) AS after
        FROM changes WHERE at < ends_at AND state IS NOT NULL) AS c
    CROSS JOIN LATERAL (SELECT floor(after / :seconds)::int AS n) AS b
), sums AS (
    SELECT scope, n, {sums} FROM placed GROUP BY scope, n
), averages AS (
    SELECT g.scope, g.n, g.from_at, {averages}
    FROM grid AS g
    LEFT JOIN sums AS s USING (scope, n)
    WINDOW w AS (PARTITION BY g.scope ORDER BY g.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), running AS (
    SELECT scope, n, sum(sum(step)) OVER (PARTITION BY scope ORDER BY at) AS used
    FROM (
        SELECT scope, greatest(reserved_at, origin) AS at, 1 AS step FROM held WHERE reserved_at < ends_at
        UNION ALL SELECT scope, greatest(over_at, origin), -1 FROM held WHERE over_at < ends_at
        UNION ALL SELECT scope, from_at, 0 FROM grid) AS e
    JOIN scopes USING (scope)
    CROSS JOIN LATERAL (SELECT floor(extract(epoch FROM at - origin)::float8 / :seconds)::int AS n) AS b
    GROUP BY scope, n, at
), peaks AS (
    SELECT scope, n, max(used)::int AS peak FROM running GROUP BY scope, n
), occupancy AS (
    SELECT a.scope, a.from_at, p.peak, {names} FROM averages AS a JOIN peaks AS p USING (scope, n)
)
"""


def with_occupancy(select: str) -> sa.TextClause:
    """The statement *select*, which may read `occupancy`: a row per scope and bucket."""
    each = [(name, f"FILTER (WHERE state = '{name}')") for name in COLUMNS]
    width = "extract(epoch FROM g.to_at - g.from_at)::float8"
    parts = {
        "{sums}": ", ".join(f"sum(step) {at} AS d_{name}, sum(step * rest) {at} AS w_{name}" for name, at in each),
        "{averages}": ", ".join(
            f"coalesce(sum(s.d_{name}) OVER w, 0) + coalesce(s.w_{name}, 0) / {width} AS {name}" for name in COLUMNS
        ),
        "{names}": ", ".join(f"a.{name}" for name in COLUMNS),
    }
    text = _OCCUPANCY
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return sa.text(text + select)
