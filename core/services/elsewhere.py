"""Accounts used by hand: a meeting that is not ours runs on one, so that no meeting of ours can.

Locations hold the credentials of their seats. So does an old link: a meeting whose lease is released makes its account
busy like any other.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Account, Grant
from core.services.accounts import locked_account
from core.services.connection_periods import begin_period
from core.services.timeline import SYSTEM, note

# A meeting belongs to an open lease, or may be about to: its intent is out and its id has not been recorded yet.
OURS = sa.text("""
SELECT EXISTS (
    SELECT FROM meetings AS m JOIN leases AS l ON l.id = m.lease_id
    WHERE l.account_id = :account_id AND l.released_at IS NULL AND m.state <> 'gone'
      AND (m.zoom_meeting_id = :zoom_meeting_id OR (m.state IN ('intended', 'unknown') AND m.zoom_meeting_id IS NULL)))
""")

# Events come in any order: its end may have been received before its start.
HAS_ENDED = sa.text("""
SELECT EXISTS (
    SELECT FROM inbox WHERE zoom_meeting_id = :zoom_meeting_id AND event = 'meeting.ended' AND event_at >= :at)
""")


def busy_elsewhere(
    session: Session, *, zoom_user_id: str, zoom_account_id: str, zoom_meeting_id: str, at: datetime, now: datetime
) -> bool:
    """Zoom said that a meeting began *at*. One that is none of ours makes its account busy; whether it did."""
    account = _connected(session, zoom_user_id, zoom_account_id)
    if account is None:
        return False
    meeting = {"account_id": account.id, "zoom_meeting_id": zoom_meeting_id, "at": at}
    if session.scalar(OURS, meeting) or session.scalar(HAS_ENDED, meeting):
        return False
    mark_busy(session, account, zoom_meeting_id, since=at, now=now)
    return True


def free_elsewhere(
    session: Session, *, zoom_user_id: str, zoom_account_id: str, zoom_meeting_id: str, at: datetime, now: datetime
) -> bool:
    """Zoom said that a meeting ended *at*. Whether that made its account free again.

    The end of another meeting than the one that is known to run says little; Zoom is then asked at once.
    """
    account = _connected(session, zoom_user_id, zoom_account_id)
    if account is None or account.busy_elsewhere_since is None or at < account.busy_elsewhere_since:
        return False
    if account.busy_elsewhere_with != zoom_meeting_id:
        account.probed_at = None
        return False
    mark_free(session, account, now=now)
    return True


def mark_busy(
    session: Session,
    account: Account,
    zoom_meeting_id: str | None,
    *,
    since: datetime,
    now: datetime,
    **ids: Any,
) -> None:
    """Record that a foreign meeting runs on *account*, which the caller has locked."""
    was_busy = account.busy_elsewhere_since is not None
    account.busy_elsewhere_with = zoom_meeting_id
    if was_busy:
        return
    account.busy_elsewhere_since = min(since, now)
    account.row_version += 1
    begin_period(session, account, at=now, actor=SYSTEM)
    _note(session, account, "account_busy_elsewhere", now, zoom_meeting_id=zoom_meeting_id, **ids)


def mark_free(session: Session, account: Account, *, now: datetime, **ids: Any) -> None:
    """Record that nothing foreign runs on *account*, which the caller has locked, any more."""
    if account.busy_elsewhere_since is None:
        return
    since = account.busy_elsewhere_since
    account.busy_elsewhere_since = account.busy_elsewhere_with = None
    account.row_version += 1
    begin_period(session, account, at=now, actor=SYSTEM)
    _note(session, account, "account_free_elsewhere", now, since=since.isoformat(), **ids)


def _connected(session: Session, zoom_user_id: str, zoom_account_id: str) -> Account | None:
    """The account that holds the live grant of this Zoom user, locked."""
    account_id = session.scalar(
        sa.select(Grant.account_id).where(
            Grant.zoom_user_id == zoom_user_id, Grant.zoom_account_id == zoom_account_id, Grant.ended_at.is_(None)
        )
    )
    return locked_account(session, account_id) if account_id is not None else None


def _note(session: Session, account: Account, kind: str, now: datetime, **detail: Any) -> None:
    about: dict[str, Any] = {"location_id": account.location_id, "account_id": account.id}
    note(session, kind, at=now, actor=SYSTEM, **about, **detail)
