"""Giving an appointment another account when the one it has turns out not to be able to do the work."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.sql import statements
from core.domain.due import OpeningHours
from core.domain.states import Release
from core.errors import AccountUnfit
from core.services.accounts import bench
from core.services.lease import allocate
from core.services.opening.opening import Opening, intend
from core.services.opening.record import Made, lose_meetings, release
from core.services.timeline import SYSTEM, note
from core.zoom.vault import TokenVault

LOCK_LOCATION = sa.text("SELECT FROM locations WHERE id = :location_id FOR NO KEY UPDATE")
BACK_IN_LINE = sa.text(
    "UPDATE appointments SET link = 'not_due', isolated_at = NULL, next_attempt_at = NULL "
    "WHERE id = :id AND status = 'booked'"
)


@dataclass(frozen=True)
class Hands:
    """What every step of one run needs to write with."""

    vault: TokenVault
    hours: OpeningHours
    run_id: str


def next_account(
    session: Session,
    opening: Opening,
    *,
    unfit: AccountUnfit | None,
    made: Made | None,
    hands: Hands,
    now: datetime,
) -> Opening | None:
    """Take the appointment off its account and lease the next one to it, in one transaction.

    Args:
        unfit: why the account is benched; None where that has been done already (its grant is dead).
        made: the meeting that was made under the account all the same, and is to be deleted.

    Returns:
        The new opening, or None: nothing is free and the appointment waits, or the claim was lost.
    """
    # The location first: the one lock that allocators take, so that this one is not taken for a busy location.
    session.execute(LOCK_LOCATION, {"location_id": opening.location_id})
    if not _take_off(
        session,
        opening,
        made=made,
        detail=str(unfit or "The grant is dead."),
        hands=hands,
        now=now,
    ):
        return None
    if unfit is not None:
        bench(
            session,
            opening.account_id,
            reason=unfit.reason,
            until=unfit.until,
            actor=SYSTEM,
            now=now,
        )
    return _lease_anew(session, opening, hands=hands, now=now)


def recording_account(session: Session, made: Made, *, hands: Hands, now: datetime) -> Opening | None:
    """Lease another account to an appointment whose meeting Zoom does not record; None: none is free, it keeps its own.

    The account is not benched: where no account records, links go out all the same, marked as not recorded.
    """
    session.execute(LOCK_LOCATION, {"location_id": made.opening.location_id})
    attempt = session.begin_nested()
    if _take_off(
        session,
        made.opening,
        made=made,
        detail="Zoom switched recording off.",
        hands=hands,
        now=now,
    ):
        opening = _lease_anew(session, made.opening, hands=hands, now=now)
        if opening is not None:
            attempt.commit()
            return opening
    attempt.rollback()
    return None


def _take_off(
    session: Session, opening: Opening, *, made: Made | None, detail: str, hands: Hands, now: datetime
) -> bool:
    session.execute(statements("opening")["lock_appointments"], {"appointments": [opening.appointment_id]})
    ours = release(
        session,
        opening,
        reason=Release.MOVED,
        detail=detail,
        absent=not opening.doubtful,
        made=made,
        run_id=hands.run_id,
        now=now,
    )
    if ours:
        session.execute(BACK_IN_LINE, {"id": opening.appointment_id})
    elif made is not None:
        lose_meetings(session, [made], now=now)
    return ours


def _lease_anew(session: Session, opening: Opening, *, hands: Hands, now: datetime) -> Opening | None:
    allocation = allocate(
        session,
        hours=hands.hours,
        limit=1,
        run_id=hands.run_id,
        now=now,
        only=[opening.appointment_id],
    )
    if not allocation.granted:
        return None
    [granted] = allocation.granted
    note(
        session,
        "account_replaced",
        at=now,
        actor=SYSTEM,
        location_id=opening.location_id,
        appointment_id=opening.appointment_id,
        account_id=opening.account_id,
        lease_id=granted.lease_id,
        run_id=hands.run_id,
    )
    openings = intend(
        session,
        run_id=hands.run_id,
        vault=hands.vault,
        now=now,
        lease_ids=[granted.lease_id],
    )
    return openings[0] if openings else None
