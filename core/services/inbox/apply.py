"""Applying what Zoom has sent: evidence is added up, recordings are attached, and leases move. Database only."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from core.db.sql import statements
from core.domain.lifecycle import Rules
from core.errors import ZoomPoolError
from core.services.deauthorized import deauthorized
from core.services.elsewhere import busy_elsewhere, free_elsewhere
from core.services.inbox.evidence import (
    BEGINS,
    DEAUTHORIZED,
    DELETED,
    RECORDED,
    OurMeeting,
    recording_of,
    sign_of,
)
from core.services.lifecycle.advance import Moved, advance, lock_for
from core.services.lifecycle.signs import Sign, record_signs
from core.services.recordings.attach import FoundRecording, attach
from core.services.recordings.seek import seek_recordings
from core.services.timeline import note_all
from core.zoom.vault import TokenVault

ZOOM = "zoom"
log = structlog.get_logger()


@dataclass
class _Batch:
    """What the events of one batch come to, before any of it is written."""

    outcomes: dict[int, str] = field(default_factory=dict)
    signs: list[Sign] = field(default_factory=list)
    found: list[FoundRecording] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    touched: list[OurMeeting] = field(default_factory=list)
    foreign: list[sa.Row[Any]] = field(default_factory=list)
    deauthorized: list[sa.Row[Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Applied:
    """How many events came to what, and the leases that moved by them."""

    outcomes: Counter[str]
    moved: Sequence[Moved]


def apply_inbox(session: Session, *, vault: TokenVault, rules: Rules, now: datetime, limit: int = 500) -> Applied:
    """Apply up to *limit* events in the order in which they came. Applying an event again would change nothing."""
    sql = statements("lifecycle")
    rows = session.execute(sql["to_apply"], {"limit": limit}).all()
    if not rows:
        return Applied(Counter(), [])
    meetings = _meetings(session, rows)
    # First of all the locks, in the one order: appointments and leases here, accounts by what follows.
    ours = meetings.values()
    lock_for(session, [each.appointment_id for each in ours], [each.lease_id for each in ours])
    batch = _read(rows, meetings, vault)
    record_signs(session, batch.signs)
    if batch.deleted:
        session.execute(sql["deleted_in_portal"], {"meetings": batch.deleted, "now": now})
    touched = sorted({each.meeting_id for each in batch.touched})
    seek_recordings(session, touched, now=now)
    attach(session, batch.found, vault=vault, now=now, actor=ZOOM)
    leases = sorted({each.lease_id for each in batch.touched if each.leased})
    moved = advance(session, leases, rules=rules, now=now) if leases else []
    _elsewhere(session, batch, now)
    note_all(session, batch.events)
    given = {"ids": list(batch.outcomes), "outcomes": list(batch.outcomes.values()), "now": now}
    session.execute(sql["applied"], given)
    return Applied(Counter(batch.outcomes.values()), moved)


def put_aside_first(session: Session, *, now: datetime) -> None:
    """Keep the oldest event that waits as it came, unread: it cannot be applied and must not hold up all others."""
    event = session.execute(statements("lifecycle")["to_apply"], {"limit": 1}).one()
    log.warning("event_not_applied", inbox_id=event.id, zoom_event=event.event)
    session.execute(statements("lifecycle")["applied"], {"ids": [event.id], "outcomes": ["unreadable"], "now": now})


def unpark(session: Session, *, now: datetime) -> None:
    """Let events whose meeting was unknown when they came be applied, now that it is known."""
    session.execute(statements("lifecycle")["unpark"], {"now": now})


def _meetings(session: Session, rows: Sequence[sa.Row[Any]]) -> dict[str, OurMeeting]:
    ids = sorted({row.zoom_meeting_id for row in rows if row.zoom_meeting_id})
    found = session.execute(statements("lifecycle")["meetings_of"], {"zoom_ids": ids})
    return {row.zoom_meeting_id: OurMeeting(*row[1:]) for row in found}


def _read(rows: Sequence[sa.Row[Any]], meetings: dict[str, OurMeeting], vault: TokenVault) -> _Batch:
    batch = _Batch()
    for row in rows:
        meeting = meetings.get(row.zoom_meeting_id)
        try:
            batch.outcomes[row.id] = _take(batch, row, meeting, vault)
        except (ZoomPoolError, ValueError) as error:
            # Kept as it came; one that cannot be read must not stand in the way of all others.
            log.warning("event_not_read", inbox_id=row.id, zoom_event=row.event, error=type(error).__name__)
            batch.outcomes[row.id] = "unreadable"
    return batch


def _take(batch: _Batch, row: sa.Row[Any], meeting: OurMeeting | None, vault: TokenVault) -> str:
    """Sort one event into the batch; what became of it, as a short stable word."""
    if row.event == DEAUTHORIZED:
        batch.deauthorized.append(row)
        return "applied"
    if not row.event.startswith(("meeting.", "recording.")):
        return "unknown_event"
    if meeting is None or not meeting.leased:
        batch.foreign.append(row)
    if meeting is None:
        return "unknown_meeting"
    batch.events.append(_event(row, meeting))
    batch.touched.append(meeting)
    if row.event in DELETED:
        batch.deleted.append(meeting.meeting_id)
        return "applied"
    if row.zoom_uuid is None or row.body is None:
        return "noted"
    payload = json.loads(vault.decrypt_bytes(row.body))["payload"]
    sign = sign_of(row.event, payload, row.zoom_uuid, row.event_at, meeting)
    if sign is None:
        return "noted"
    batch.signs.append(sign)
    if row.event in RECORDED:
        recording = recording_of(payload)
        if recording is None:
            return "unreadable"
        whole = row.event == "recording.completed"
        batch.found.append(FoundRecording(meeting.meeting_id, row.zoom_uuid, recording, whole=whole, at=row.event_at))
    return "applied"


def _elsewhere(session: Session, batch: _Batch, now: datetime) -> None:
    """What concerns accounts: meetings on them that are not leased, and the ends of grants."""
    for row in batch.foreign:
        if row.zoom_user_id is None or row.zoom_account_id is None or row.zoom_meeting_id is None:
            continue
        change = busy_elsewhere if row.event in BEGINS else free_elsewhere if row.event == "meeting.ended" else None
        if change is not None:
            change(
                session,
                zoom_user_id=row.zoom_user_id,
                zoom_account_id=row.zoom_account_id,
                zoom_meeting_id=row.zoom_meeting_id,
                at=row.event_at,
                now=now,
            )
    for row in batch.deauthorized:
        if row.zoom_account_id is not None and row.zoom_user_id is not None:
            user = {"zoom_account_id": row.zoom_account_id, "zoom_user_id": row.zoom_user_id}
            deauthorized(session, **user, at=row.event_at, now=now)


def _event(row: sa.Row[Any], meeting: OurMeeting) -> dict[str, Any]:
    return {
        "at": row.event_at,
        "kind": f"zoom_{row.event.replace('.', '_')}",
        "actor": ZOOM,
        "location_id": meeting.location_id,
        "appointment_id": meeting.appointment_id,
        "account_id": meeting.account_id,
        "lease_id": meeting.lease_id,
        "meeting_id": meeting.meeting_id,
        "tracking_id": row.tracking_id,
    }
