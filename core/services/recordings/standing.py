"""Writing down how the search for recordings stands, with a line on the timeline where that is news."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.sql import statements
from core.domain.recording import FAULTS, Standing
from core.domain.states import Recording
from core.services.lifecycle.look import look_again
from core.services.timeline import note_all

NEWS = {
    Recording.ATTACHED: "recording_attached",
    Recording.NONE_MADE: "recording_none_made",
    Recording.FAILED: "recording_failed",
    Recording.GAVE_UP: "recording_gave_up",
}


@dataclass(frozen=True)
class Stands:
    """How one recording stood and stands; *at* is when that became known, *files* how many of it are there."""

    row: sa.Row[Any]
    before: Standing
    after: Standing
    at: datetime
    error: str | None = None
    files: int | None = None

    @property
    def news(self) -> str | None:
        """The kind of the timeline's line; None where nothing has changed that anybody would ask about."""
        if self.after.outcome is not self.before.outcome:
            # Sought again: files came although there were said to be none; the rest is looked for.
            return NEWS.get(self.after.outcome, "recording_incomplete")
        if self.after.outcome is Recording.SOUGHT and self.after.reason != self.before.reason:
            return "recording_incomplete" if self.after.reason in FAULTS else None
        return None

    @property
    def _detail(self) -> dict[str, Any]:
        told = {"reason": self.after.reason, "files": self.files, "minutes": self.row.minutes if self.files else None}
        return {name: value for name, value in told.items() if value is not None}

    def line(self, kind: str, actor: str, run_id: str | None, **detail: Any) -> dict[str, Any]:
        """A line of the timeline about this recording."""
        return {
            "kind": kind,
            "at": self.at,
            "actor": actor,
            "location_id": self.row.location_id,
            "appointment_id": self.row.appointment_id,
            "account_id": self.row.account_id,
            "lease_id": self.row.lease_id,
            "meeting_id": self.row.meeting_id,
            "run_id": run_id,
            "detail": detail or self._detail,
        }


def standing_of(row: sa.Row[Any]) -> Standing:
    """How the search stands by the table."""
    return Standing(Recording(row.outcome), row.reason, row.next_attempt_at, row.attempts, row.none_since)


def lock_leases(session: Session, meeting_ids: Sequence[int]) -> None:
    """Lock the leases of these meetings, which come before their recordings."""
    session.execute(statements("recordings")["lock_leases"], {"meetings": sorted(set(meeting_ids))})


def write_down(session: Session, stands: Sequence[Stands], *, actor: str, run_id: str | None, now: datetime) -> None:
    """Write how each stands, tell the timelines, and have the lifecycle look where an outcome changed."""
    if not stands:
        return
    session.execute(statements("recordings")["stand"], {"standings": json.dumps([_columns(each) for each in stands])})
    note_all(session, [each.line(each.news, actor, run_id) for each in stands if each.news])
    changed = [each.row.meeting_id for each in stands if each.after.outcome is not each.before.outcome]
    look_again(session, changed, now=now)


def _columns(stands: Stands) -> dict[str, Any]:
    after = stands.after
    final_at = stands.row.final_at or stands.at
    if after.outcome is not stands.before.outcome:
        final_at = stands.at
    return {
        "id": stands.row.id,
        "outcome": after.outcome,
        "reason": after.reason,
        "final_at": None if after.outcome is Recording.SOUGHT else final_at.isoformat(),
        "looks": after.looks,
        "none_since": iso(after.none_since),
        "next_attempt_at": iso(after.next_attempt_at),
        "error": stands.error,
    }


def iso(moment: date | None) -> str | None:
    """*moment* as it travels in JSON."""
    return moment.isoformat() if moment else None
