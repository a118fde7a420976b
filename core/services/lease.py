"""Allocation: which appointment gets which account, decided in one transaction over a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.sql import statements
from core.domain.due import OpeningHours
from core.services.timeline import SYSTEM

CLAIM = timedelta(seconds=45)
# A quarter of what a full batch needs at five appointments each: four allocators work side by side.
LOCATIONS_AT_ONCE = 50
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Granted:
    """One lease that was granted."""

    lease_id: int
    location_id: int
    account_id: int
    appointment_id: int
    revision: int


@dataclass(frozen=True)
class Waiting:
    """One appointment that was found waiting, and why (a short stable word)."""

    appointment_id: int
    location_id: int
    reason: str


@dataclass(frozen=True)
class Allocation:
    """What one allocation did. Scarcity is an outcome, not an error."""

    granted: Sequence[Granted]
    waiting: Sequence[Waiting]


def allocate(
    session: Session,
    *,
    hours: OpeningHours,
    limit: int,
    run_id: str,
    now: datetime,
    only: Sequence[int] | None = None,
    actor: str = SYSTEM,
) -> Allocation:
    """Lease free accounts to due appointments, longest idle first, earliest start first, and mark who waits.

    Does not commit. Locations that another allocator holds are passed over: they are busy, not short.

    Args:
        limit: the most leases to grant.
        run_id: who claims the new leases, for `CLAIM` from *now*.
        only: just these appointments, isolated ones included, up to their end; None: everything due.
    """
    sql = statements("allocate")
    given = {
        "now": now,
        "horizon": hours.horizon(now),
        "earliest": hours.earliest(now) if only is None else LONG_AGO,
        "only": None if only is None else list(only),
        "utc_day": now.astimezone(UTC).date(),
        "actor": actor,
        "run_id": run_id,
        "claimed_until": now + CLAIM,
        "limit": limit,
        "at_once": LOCATIONS_AT_ONCE if only is None else None,
    }
    locations = list(session.scalars(sql["lock_locations"], given))
    granted: list[Granted] = []
    if locations:
        session.execute(sql["close_passed_cooldowns"], {**given, "locations": locations})
        rows = session.execute(sql["grant_leases"], {**given, "locations": locations})
        granted = [Granted(*row) for row in rows]
    waiting = [Waiting(*row) for row in session.execute(sql["mark_waiting"], given)]
    return Allocation(granted, waiting)


def claim_stalled(session: Session, *, run_id: str, limit: int, now: datetime) -> int:
    """Take over up to *limit* leases whose run died or that were put back for now; how many they were."""
    rows = session.execute(
        statements("allocate")["claim_stalled"],
        {"run_id": run_id, "limit": limit, "now": now, "claimed_until": now + CLAIM},
    )
    return len(rows.all())


def claim_for(session: Session, appointment_ids: Sequence[int], *, run_id: str, now: datetime) -> int:
    """Take the open leases of these appointments, unless a living run has them; how many were taken."""
    rows = session.execute(
        statements("allocate")["claim_for"],
        {
            "run_id": run_id,
            "only": list(appointment_ids),
            "now": now,
            "claimed_until": now + CLAIM,
        },
    )
    return len(rows.all())


def renew_claims(session: Session, *, run_id: str, now: datetime) -> None:
    """Say that *run_id* is alive and still at work on its leases."""
    session.execute(
        sa.text("UPDATE leases SET claimed_until = :until WHERE claimed_by_run = :run_id AND state = 'reserved'"),
        {"until": now + CLAIM, "run_id": run_id},
    )
