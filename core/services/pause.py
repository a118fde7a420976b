"""Pausing the allocation, of one location or of all: no account is leased any more, and opened links stay."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Installation, Location
from core.db.sql import statements
from core.domain import checks
from core.services.input import checked
from core.services.timeline import note


def pause_allocation(
    session: Session, *, location: Location | None, actor: str, role: str, reason: str, now: datetime
) -> bool:
    """Lease no account of *location* (None: of any) until somebody resumes it; False if it is paused already.

    Who becomes due meanwhile waits, and says why.
    """
    with checked():
        reason = checks.text("reason", reason)
    paused = _locked(session, location)
    if paused.allocation_paused_at is not None:
        return False
    paused.allocation_paused_at, paused.allocation_paused_by, paused.allocation_paused_reason = now, actor, reason
    _note(session, "allocation_paused", location, actor=actor, role=role, reason=reason, now=now)
    return True


def resume_allocation(
    session: Session, *, location: Location | None, actor: str, role: str, reason: str, now: datetime
) -> bool:
    """Lease accounts of *location* (None: of all that are not paused themselves) again; False if none was paused.

    Who waited for that alone is due anew: served, or told what else he waits for.
    """
    with checked():
        reason = checks.text("reason", reason)
    paused = _locked(session, location)
    if paused.allocation_paused_at is None:
        return False
    paused.allocation_paused_at = paused.allocation_paused_by = paused.allocation_paused_reason = None
    _note(session, "allocation_resumed", location, actor=actor, role=role, reason=reason, now=now)
    look_again(session, location)
    return True


def look_again(session: Session, location: Location | None) -> None:
    """Accounts of *location* (None: of all) may be leased again: what had to wait for that waits for it no more."""
    session.flush()
    session.execute(statements("allocate")["look_again"], {"location": location.id if location is not None else None})


def _locked(session: Session, location: Location | None) -> Location | Installation:
    # Who allocates at a location has locked it and is waited for: no lease is granted once its pause is said to hold.
    if location is None:
        return session.scalars(sa.select(Installation).with_for_update(key_share=True)).one()
    return session.get_one(Location, location.id, with_for_update={"key_share": True}, populate_existing=True)


def _note(
    session: Session, kind: str, location: Location | None, *, actor: str, role: str, reason: str, now: datetime
) -> None:
    location_id = location.id if location is not None else None
    note(session, kind, at=now, actor=actor, location_id=location_id, role=role, reason=reason)
