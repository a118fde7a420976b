"""What is done about what stands out: Zoom is asked, what was lost is adopted, what was left behind is deleted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.domain.reconcile import TO_ASK, TO_DELETE, Finding, Found, Known
from core.services.closing import settle_owed
from core.services.opening.attempt import Zoom
from core.services.recordings.finished import RECHECK_AFTER
from core.services.timeline import note

# What was done about a finding. Of a deletion also what came of it: `gone`, `live` or `later`.
REPORTED, ASKED, CHANGED, REFUSED, WOULD = "reported", "asked about", "changed meanwhile", "refused", "would be done"


@dataclass(frozen=True)
class Done:
    """What came of one finding."""

    found: Found
    done: str
    detail: str = ""


def heal(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    found: Sequence[Found],
    *,
    may_delete: bool,
    clock: Callable[[], datetime],
    run_id: str | None,
    actor: str,
    threads: int,
) -> list[Done]:
    """Do about *found* what can be done; unless *may_delete*, deletions are refused."""
    now = clock()
    done, owed = [], {}
    with sessions.begin() as session:
        for each in sorted(found, key=lambda one: one.known.lease_id if one.known else 0):
            said = _begin(session, each, may_delete=may_delete, now=now)
            if said is None and each.known is not None:
                owed[each.known.meeting_id] = each
            else:
                done.append(Done(each, said or REPORTED, each.detail))
            if each.known is not None and said in (None, ASKED):
                _note(session, each, each.known, run_id=run_id, actor=actor, now=now)
    settled = settle_owed(
        sessions, zoom, clock=clock, run_id=run_id, actor=actor, only=list(owed), limit=len(owed), threads=threads
    )
    outcomes = {each.meeting_id: each for each in settled}
    for meeting_id, each in owed.items():
        outcome = outcomes.get(meeting_id)  # none: a settling run took it first
        done.append(Done(each, outcome.outcome if outcome else "later", outcome.detail if outcome else ""))
    return done


def _begin(session: Session, each: Found, *, may_delete: bool, now: datetime) -> str | None:
    """What was done; None: the meeting is to be deleted from now on."""
    sql, known = statements("reconcile"), each.known
    if known is None:
        return REPORTED
    if each.finding in TO_ASK:
        asked = session.execute(sql["ask"], {"leases": [known.lease_id], "now": now}).first()
        return ASKED if asked else CHANGED
    if each.finding in TO_DELETE and not may_delete:
        return REFUSED
    if each.finding in TO_DELETE or each.finding is Finding.FOUND:
        name = "adopt" if each.finding is Finding.FOUND else "delete"
        given: dict[str, object] = {"meeting_id": known.meeting_id, "zoom_id": each.zoom_id, "now": now}
        if name == "delete":
            given["recheck_at"] = now + RECHECK_AFTER
        return None if session.execute(sql[name], given).first() else CHANGED
    return REPORTED


def _note(session: Session, each: Found, known: Known, *, run_id: str | None, actor: str, now: datetime) -> None:
    note(
        session,
        f"reconcile_{each.finding}",
        at=now,
        actor=actor,
        location_id=known.location_id,
        appointment_id=known.appointment_id,
        account_id=known.account_id,
        lease_id=known.lease_id,
        meeting_id=known.meeting_id,
        run_id=run_id,
    )
