"""Opening certain appointments, one by one, for isolated and escalated runs: each step restores what it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.sql import statements
from core.domain.due import OpeningHours
from core.services.lease import allocate, claim_for

ISOLATED_RUN_TAKES = timedelta(minutes=2)


@dataclass(frozen=True)
class StillWaiting:
    """An appointment that has no account although its start is near."""

    appointment_id: int
    external_id: str
    location: str
    starts_at: datetime
    reason: str


@dataclass(frozen=True)
class State:
    """Where an appointment stands, as far as an isolated run asks."""

    external_id: str
    status: str
    link: str
    reason: str | None
    reason_detail: str | None


def begin_isolated(session: Session, appointment_id: int, *, hours: OpeningHours, now: datetime) -> bool:
    """Note that the isolated run of an appointment has begun; False if there is nothing left to open."""
    given = {
        "appointment_id": appointment_id,
        "until": now + ISOLATED_RUN_TAKES,
        "horizon": hours.horizon(now),
        "now": now,
    }
    return session.execute(statements("tidy")["begin_isolated"], given).first() is not None


def lease_for(
    session: Session, appointment_ids: Sequence[int], *, hours: OpeningHours, run_id: str, now: datetime
) -> int:
    """Claim the open leases of these appointments or lease anew where there is none; how many this run now has."""
    claimed = claim_for(session, appointment_ids, run_id=run_id, now=now)
    granted = allocate(
        session, hours=hours, limit=len(appointment_ids), run_id=run_id, now=now, only=appointment_ids
    ).granted
    return claimed + len(granted)


def back_in_line(session: Session, appointment_id: int, *, run_id: str, now: datetime) -> bool:
    """Let an isolated appointment without an account wait with the others; False if it has one or needs none."""
    about = {"appointment_id": appointment_id, "run_id": run_id, "now": now}
    return session.execute(statements("tidy")["back_in_line"], about).first() is not None


def state_of(session: Session, appointment_id: int) -> State | None:
    """Where the appointment stands; None if there is no such appointment."""
    row = session.execute(
        sa.text("SELECT external_id, status, link, reason, reason_detail FROM appointments WHERE id = :id"),
        {"id": appointment_id},
    ).first()
    return State(*row) if row else None


def escalate(
    session: Session, appointment_ids: Sequence[int], *, hours: OpeningHours, run_id: str, now: datetime
) -> list[StillWaiting]:
    """Try once more to lease to those who still wait shortly before their start; returns who waits all the same.

    If any do, what was leased just now is handed to the next bulk run, for this one is going to fail in plain sight.
    """
    given = {"appointments": list(appointment_ids), "now": now}
    session.execute(statements("tidy")["escalate"], given)
    lease_for(session, appointment_ids, hours=hours, run_id=run_id, now=now)
    waiting = [StillWaiting(*row) for row in session.execute(statements("tidy")["still_waiting"], given)]
    if waiting:
        session.execute(
            sa.text("UPDATE leases SET claimed_by_run = NULL, claimed_until = :now WHERE claimed_by_run = :run_id"),
            {"now": now, "run_id": run_id},
        )
    return waiting
