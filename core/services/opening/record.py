"""Writing down what became of openings; every write is guarded by the fence of the claim it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.db.sql import statements
from core.domain.states import Release
from core.services.opening.opening import Opening
from core.services.outbox import Mail, join_link, queue_mails
from core.services.timeline import SYSTEM, note, note_all
from core.zoom.payloads import ZoomMeeting
from core.zoom.vault import TokenVault


@dataclass(frozen=True)
class Made:
    """A meeting that exists on Zoom for an opening; *adopted* if an earlier, unanswered try had made it."""

    opening: Opening
    meeting: ZoomMeeting
    adopted: bool


def record_ready(
    session: Session,
    made: Sequence[Made],
    *,
    vault: TokenVault,
    run_id: str,
    now: datetime,
) -> set[int]:
    """Give the appointments their links and queue the mails, in one transaction; returns the lease ids that were
    still ours.

    For the others the claim was lost: the meeting they made is recorded as to be deleted.
    """
    sql = statements("opening")
    openings = [each.opening for each in made]
    session.execute(sql["lock_appointments"], {"appointments": [o.appointment_id for o in openings]})
    won = set(
        session.scalars(
            sql["win"],
            {
                "lease_ids": [o.lease_id for o in openings],
                "fences": [o.fence for o in openings],
                "now": now,
            },
        )
    )
    session.execute(sql["record_meetings"], {**_meeting_columns(made, won, vault), "now": now})
    ours = [each for each in made if each.opening.lease_id in won]
    if ours:
        session.execute(
            sql["link_ready"],
            {
                "appointments": [each.opening.appointment_id for each in ours],
                "recorded": [each.meeting.recorded for each in ours],
                "now": now,
            },
        )
        session.execute(
            sql["used"],
            {"accounts": sorted(each.opening.account_id for each in ours), "now": now},
        )
        queue_mails(session, [_mail(each.opening) for each in ours], now=now)
    note_all(
        session,
        [_event(each, each.opening.lease_id in won, run_id, now) for each in made],
    )
    return won


def put_back(
    session: Session,
    opening: Opening,
    *,
    reason: str,
    detail: str,
    counted: bool,
    absent: bool,
    until: datetime,
) -> None:
    """Leave the opening to whoever comes after *until*; *counted* if the failure was its own, *absent* if surely
    nothing was made."""
    sql = statements("opening")
    session.execute(sql["lock_appointments"], {"appointments": [opening.appointment_id]})
    session.execute(
        sql["put_back"],
        {
            "lease_id": opening.lease_id,
            "fence": opening.fence,
            "meeting_id": opening.meeting_id,
            "reason": reason,
            "detail": detail,
            "counted": int(counted),
            "absent": absent,
            "until": until,
        },
    )


def set_aside(
    session: Session,
    opening: Opening,
    *,
    reason: str,
    detail: str,
    absent: bool,
    run_id: str,
    now: datetime,
) -> None:
    """Put the appointment aside for an isolated run.

    If nothing was made on Zoom (*absent*) its account goes back to the pool; otherwise the lease stays, for the
    meeting may exist.
    """
    sql = statements("opening")
    session.execute(sql["lock_appointments"], {"appointments": [opening.appointment_id]})
    mine = {"lease_id": opening.lease_id, "fence": opening.fence}
    if absent:
        kept = release(
            session,
            opening,
            reason=Release.FAILED,
            detail=detail,
            run_id=run_id,
            now=now,
        )
    else:
        kept = session.execute(sql["unclaim"], mine).first() is not None
    if not kept:
        return  # the claim was lost: the appointment is somebody else's, or cancelled
    session.execute(
        sql["set_aside"],
        {
            "appointment_id": opening.appointment_id,
            "reason": reason,
            "detail": detail,
            "now": now,
        },
    )
    note(
        session,
        "link_failed",
        at=now,
        actor=SYSTEM,
        location_id=opening.location_id,
        appointment_id=opening.appointment_id,
        account_id=opening.account_id,
        lease_id=opening.lease_id,
        run_id=run_id,
        reason=reason,
    )


def release(
    session: Session,
    opening: Opening,
    *,
    reason: Release,
    detail: str,
    run_id: str,
    now: datetime,
) -> bool:
    """End the lease of an opening under which nothing was made; False if the claim was lost before."""
    sql = statements("opening")
    session.execute(
        sql["not_made"],
        {"meeting_id": opening.meeting_id, "detail": detail, "now": now},
    )
    ended = session.execute(
        sql["release"],
        {
            "lease_id": opening.lease_id,
            "fence": opening.fence,
            "reason": reason,
            "run_id": run_id,
            "now": now,
        },
    )
    return ended.first() is not None


def _meeting_columns(made: Sequence[Made], won: set[int], vault: TokenVault) -> dict[str, list[object]]:
    # Zoom may have given another passcode than the one asked for (a locked policy): what it says is what works.
    passcodes = [each.meeting.password or each.opening.passcode for each in made]
    return {
        "meeting_ids": [each.opening.meeting_id for each in made],
        "zoom_ids": [each.meeting.id for each in made],
        "uuids": [each.meeting.uuid for each in made],
        "join_urls": [each.meeting.join_url for each in made],
        "passcodes": [vault.encrypt(passcode) for passcode in passcodes],
        "recorded": [each.meeting.recorded for each in made],
        "adopted": [each.adopted for each in made],
        "won": [each.opening.lease_id in won for each in made],
    }


def _mail(opening: Opening) -> Mail:
    return join_link(
        meeting_id=opening.meeting_id,
        recipient=opening.client_email,
        location_id=opening.location_id,
        appointment_id=opening.appointment_id,
        revision=opening.revision,
        ends_at=opening.ends_at,
    )


def _event(made: Made, won: bool, run_id: str, now: datetime) -> dict[str, object]:
    opening = made.opening
    return {
        "at": now,
        "kind": "link_ready" if won else "meeting_lost_race",
        "actor": SYSTEM,
        "location_id": opening.location_id,
        "appointment_id": opening.appointment_id,
        "account_id": opening.account_id,
        "lease_id": opening.lease_id,
        "meeting_id": opening.meeting_id,
        "run_id": run_id,
        "detail": {"adopted": made.adopted, "recorded": made.meeting.recorded},
    }
