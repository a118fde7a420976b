"""A whole pass: look, decide how much may be deleted without a person, heal, report."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from core.domain.alerts import Kind
from core.domain.reconcile import TO_ASK, TO_DELETE, Finding, most_deletions
from core.services.alerts.raise_ import clear_alert, raise_alert
from core.services.opening.attempt import Zoom
from core.services.reconcile.heal import ASKED, REFUSED, REPORTED, WOULD, Done, heal
from core.services.reconcile.look import NotListed, Seen, look
from core.services.timeline import SYSTEM

REFUSALS = "reconcile:refused"
HEALED = TO_ASK | TO_DELETE | {Finding.FOUND}


@dataclass(frozen=True)
class Line:
    """One finding in the words of a report. *meeting* is its id on Zoom; *appointment* the booking's, where known."""

    account: str
    meeting: str | None
    appointment: str | None
    finding: str
    done: str
    detail: str


@dataclass(frozen=True)
class Reconciled:
    """What a pass saw and did. *listed* meetings on Zoom, of which *ours* carry this installation's reference."""

    accounts: int
    listed: int
    ours: int
    lines: tuple[Line, ...]
    not_listed: tuple[NotListed, ...]

    @property
    def fixed(self) -> int:
        """How many findings are healed, or being healed: Zoom is asked, or the meeting is gone."""
        return sum(each.done in (ASKED, "gone") for each in self.lines)

    @property
    def refused(self) -> int:
        """How many deletions wait for a person, because they are too many for a leftover."""
        return sum(each.done == REFUSED for each in self.lines)


def reconcile(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    *,
    delete_finished: bool,
    clock: Callable[[], datetime],
    run_id: str | None,
    actor: str = SYSTEM,
    location_id: int | None = None,
    dry_run: bool = False,
    allow_many: bool = False,
    threads: int = 8,
) -> Reconciled:
    """Compare every account's meetings on Zoom with ours, of one location or all.

    *dry_run* only looks. More deletions than a leftover explains are refused, all of them, unless a person has looked
    and says *allow_many*. *delete_finished* is the setting: False keeps what was held.
    """
    seen = look(sessions, zoom, location_id=location_id, delete_finished=delete_finished, clock=clock, threads=threads)
    deletions = sum(each.finding in TO_DELETE for each in seen.found)
    may_delete = allow_many or deletions <= most_deletions(seen.ours)
    if dry_run:
        done = [Done(each, WOULD if each.finding in HEALED else REPORTED, each.detail) for each in seen.found]
    else:
        done = heal(
            sessions,
            zoom,
            seen.found,
            may_delete=may_delete,
            clock=clock,
            run_id=run_id,
            actor=actor,
            threads=threads,
        )
    lines = tuple(_line(each, seen) for each in done)
    result = Reconciled(seen.accounts, seen.listed, seen.ours, lines, tuple(seen.not_listed))
    if not dry_run and location_id is None:
        with sessions.begin() as session:
            _tell(session, result, looked_at=allow_many, now=clock())
    return result


def _tell(session: Session, result: Reconciled, *, looked_at: bool, now: datetime) -> None:
    """Somebody has to look at refused deletions, and is told once; also when they are settled.

    A pass without every list does not know whether they are, unless somebody has *looked_at* them.
    """
    if result.refused:
        text = f"{result.refused} meetings seem to be left behind on Zoom, too many for one pass to delete by itself."
        step = "Compare `zoompool reconcile --dry-run` with Zoom; if they are to go: zoompool reconcile --allow-many."
        raise_alert(session, REFUSALS, kind=Kind.RECONCILE, text=text, next_step=step, now=now)
    elif looked_at or not result.not_listed:
        clear_alert(session, REFUSALS, now=now)


def _line(done: Done, seen: Seen) -> Line:
    found = done.found
    appointment = seen.external_ids.get(found.known.appointment_id) if found.known else None
    return Line(
        account=seen.emails[found.account_id],
        meeting=found.zoom_id,
        appointment=appointment,
        finding=found.finding.value,
        done=done.done,
        detail=done.detail,
    )
