"""Which appointments suffer when accounts cannot be used: who has one of them, and for whom there are too few left."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.db.read.accounts_now import with_accounts

MOST = 100


@dataclass(frozen=True)
class AtRisk:
    """An appointment at risk. *leased*: it has an account that cannot be used; else no account may be left for it."""

    appointment_id: int
    external_id: str
    location_id: int
    location: str
    starts_at: datetime
    leased: bool


# An appointment may be left without an account if as many others as there are usable ones need one at its start. An
# account in use counts as usable, for it will be free; how long recordings take is not known and left out.
AT_RISK = with_accounts("""
, concerned AS (
    SELECT a.id, a.location_id, a.lease_id, a.fitness FROM accounts_now AS a
    WHERE (CAST(:accounts AS bigint[]) IS NULL OR a.id = ANY (CAST(:accounts AS bigint[])))
      AND (CAST(:location AS bigint) IS NULL OR a.location_id = :location)
      AND (CAST(:accounts AS bigint[]) IS NOT NULL OR a.fitness NOT IN ('connected', 'disconnected'))
), usable AS (
    SELECT c.location_id,
           (SELECT count(*) FROM accounts_now AS n
            WHERE n.location_id = c.location_id AND n.fitness = 'connected'
              AND NOT n.id = ANY (coalesce(CAST(:accounts AS bigint[]), '{}'))) AS accounts
    FROM (SELECT DISTINCT location_id FROM concerned) AS c
), leased AS (
    SELECT p.id, true AS leased
    FROM concerned AS c
    JOIN leases AS l ON l.id = c.lease_id AND l.released_at IS NULL AND l.state IN ('reserved', 'ready', 'live')
    JOIN appointments AS p ON p.id = l.appointment_id AND p.revision = l.revision
    WHERE c.fitness <> 'draining'
), short AS (
    SELECT p.id, false AS leased
    FROM usable AS u
    JOIN LATERAL (
        SELECT p.id, p.starts_at FROM appointments AS p
        WHERE p.location_id = u.location_id AND p.status = 'booked' AND p.link IN ('not_due', 'waiting', 'failed')
          AND p.ends_at > :now AND p.starts_at <= :until
          AND p.starts_at > CAST(:now AS timestamptz) - interval '12 hours'
        ORDER BY p.starts_at, p.id LIMIT :limit) AS p ON true
    WHERE (SELECT count(*) FROM appointments AS q
           WHERE q.location_id = u.location_id AND q.status = 'booked'
             AND q.link NOT IN ('not_needed', 'ended', 'missed')
             AND q.starts_at > p.starts_at - interval '12 hours' AND q.ends_at + :cooldown > p.starts_at
             AND (q.starts_at, q.id) < (p.starts_at, p.id)) >= u.accounts
)
SELECT p.id AS appointment_id, p.external_id, p.location_id, o.name AS location, p.starts_at,
       bool_or(r.leased) AS leased
FROM (SELECT * FROM leased UNION ALL SELECT * FROM short) AS r
JOIN appointments AS p ON p.id = r.id
JOIN locations AS o ON o.id = p.location_id
GROUP BY p.id, o.name
ORDER BY p.starts_at, p.id
LIMIT :limit
""")


def appointments_at_risk(
    session: Session,
    account_ids: Collection[int] | None = None,
    location: int | None = None,
    *,
    now: datetime,
    until: datetime,
    cooldown: timedelta = timedelta(minutes=5),
) -> list[AtRisk]:
    """The appointments that suffer if these accounts cannot be used, by start, up to a hundred that start by *until*.

    Without *account_ids*: those accounts, of *location* or of all, that cannot be used now.
    """
    values = {
        "accounts": sorted(account_ids) if account_ids is not None else None,
        "location": location,
        "now": now,
        "until": until,
        "cooldown": cooldown,
        "limit": MOST,
    }
    return [AtRisk(**row) for row in session.execute(AT_RISK, values).mappings()]
