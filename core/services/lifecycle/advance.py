"""Moving leases to the states that their evidence stands for. Database only, many at once."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.sql import statements
from core.domain.lifecycle import Decision, Evidence, Held, Rules, Said, decide
from core.domain.states import TRANSITIONS, Lease
from core.services.closing import finish
from core.services.timeline import SYSTEM, note_all

DECIDED_ABOUT = frozenset({Lease.READY, Lease.LIVE, Lease.PROCESSING, Lease.COOLDOWN})
KINDS = {
    Lease.READY: "meeting_tried_out",
    Lease.LIVE: "meeting_live",
    Lease.PROCESSING: "meeting_over",
    Lease.COOLDOWN: "account_cooling",
    Lease.CLOSING: "no_show",
    Lease.RESERVED: "meeting_vanished",
}


@dataclass(frozen=True)
class Moved:
    """A lease that came to another state."""

    lease_id: int
    appointment_id: int
    was: Lease
    state: Lease


@dataclass(frozen=True)
class _Case:
    """One lease with what was decided about it."""

    row: sa.Row[Any]
    decision: Decision

    @property
    def moved(self) -> bool:
        return self.decision.state != Lease(self.row.state)


def lock_for(session: Session, appointment_ids: Collection[int], lease_ids: Collection[int]) -> None:
    """Lock what is going to be advanced, before anything of it is written: appointments, then leases.

    Instances and recordings come after leases for everybody, so that whoever meets another one only waits.
    """
    sql = statements("lifecycle")
    session.execute(sql["lock_appointments"], {"appointments": sorted(set(appointment_ids))})
    session.execute(sql["lock_only"], {"leases": sorted(set(lease_ids))})


def advance(
    session: Session, lease_ids: Sequence[int], *, rules: Rules, now: datetime, run_id: str | None = None
) -> list[Moved]:
    """Decide about these leases by what is known of them now; which of them moved.

    They and their appointments have been locked by `lock_for`. Leases that are being opened or closed are left alone.
    """
    sql = statements("lifecycle")
    rows = session.execute(sql["lock_leases"], {"leases": list(lease_ids)}).all()
    held = _held(session, [row.lease_id for row in rows])
    cases = [
        _Case(row, _allowed(row, decide(_evidence(row, held[row.lease_id]), _rules(rules, row), now)))
        for row in rows
        if row.state in DECIDED_ABOUT and row.meeting_id is not None
    ]
    idle = sorted(set(lease_ids) - {case.row.lease_id for case in cases})
    if idle:
        session.execute(sql["nothing_to_look_at"], {"leases": idle})
    if cases:
        session.execute(sql["decided"], {**_columns(cases), "now": now})
        _consequences(session, cases, run_id=run_id, now=now)
    return [
        Moved(case.row.lease_id, case.row.appointment_id, Lease(case.row.state), case.decision.state)
        for case in cases
        if case.moved
    ]


def _held(session: Session, lease_ids: list[int]) -> defaultdict[int, tuple[Held, ...]]:
    held: defaultdict[int, tuple[Held, ...]] = defaultdict(tuple)
    for row in session.execute(statements("lifecycle")["held_under"], {"leases": lease_ids}):
        held[row.lease_id] += (Held(row.started_at, row.ended_at, row.recorded_at),)
    return held


def _evidence(row: sa.Row[Any], held: tuple[Held, ...]) -> Evidence:
    return Evidence(
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ready_at=row.ready_at or row.reserved_at,
        void=row.void,
        held=held,
        said=Said(row.said) if row.said else None,
        said_at=row.said_at,
        not_found_since=row.not_found_since,
        deleted_in_portal=row.deleted_in_portal,
    )


def _rules(rules: Rules, row: sa.Row[Any]) -> Rules:
    return rules if row.hold_limit is None else replace(rules, hold_limit=row.hold_limit)


def _allowed(row: sa.Row[Any], decision: Decision) -> Decision:
    """A move that leases do not know (an account that cools down is not ready again) is not made."""
    was = Lease(row.state)
    if decision.state == was or decision.state in TRANSITIONS[was]:
        return decision
    return Decision(was, row.live_at, row.ended_at, row.hold_until, row.cooldown_at, row.cooldown_until)


def _columns(cases: Sequence[_Case]) -> dict[str, list[Any]]:
    decisions = [case.decision for case in cases]
    return {
        "leases": [case.row.lease_id for case in cases],
        "was": [case.row.state for case in cases],
        "states": [each.state for each in decisions],
        "live_ats": [each.live_at for each in decisions],
        "ended_ats": [each.ended_at for each in decisions],
        "hold_untils": [each.hold_until for each in decisions],
        "settled_ats": [each.settled_at for each in decisions],
        "cooldown_untils": [each.cooldown_until for each in decisions],
        "look_ats": [each.look_at for each in decisions],
        "ask_ats": [each.ask_at for each in decisions],
    }


def _consequences(session: Session, cases: Sequence[_Case], *, run_id: str | None, now: datetime) -> None:
    """What else is so once a lease has moved: of its appointment, its meeting, and on the timeline."""
    sql = statements("lifecycle")
    moved = [case for case in cases if case.moved]
    if over := [case for case in cases if case.decision.outcome is not None]:
        session.execute(
            sql["appointments_over"],
            {
                "appointments": [case.row.appointment_id for case in over],
                "revisions": [case.row.revision for case in over],
                "outcomes": [case.decision.outcome for case in over],
            },
        )
    if vanished := [case.row.lease_id for case in moved if case.decision.state is Lease.RESERVED]:
        session.execute(sql["meetings_vanished"], {"leases": vanished, "now": now})
    if no_shows := [case.row.lease_id for case in moved if case.decision.state is Lease.CLOSING]:
        session.execute(sql["no_shows"], {"leases": no_shows, "now": now})
    note_all(session, [_event(case, run_id, now) for case in moved])
    if no_shows:
        finish(session, no_shows, run_id=run_id, actor=SYSTEM, now=now)


def _event(case: _Case, run_id: str | None, now: datetime) -> dict[str, Any]:
    row, decision = case.row, case.decision
    detail: dict[str, Any] = {"was": row.state}
    if decision.cooldown_until is not None:
        detail["until"] = decision.cooldown_until.isoformat()
    return {
        "at": now,
        "kind": KINDS[decision.state],
        "actor": SYSTEM,
        "location_id": row.location_id,
        "appointment_id": row.appointment_id,
        "account_id": row.account_id,
        "lease_id": row.lease_id,
        "meeting_id": row.meeting_id,
        "run_id": run_id,
        "detail": detail,
    }
