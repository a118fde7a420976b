"""Writing down what became of openings; every write is guarded by the fence of the claim it belongs to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from core.db.sql import statements
from core.domain.states import Meeting, Release
from core.services.opening.opening import Opening
from core.services.outbox import Mail, join_link, queue_mails
from core.services.timeline import SYSTEM, note, note_all
from core.zoom.budget import spend
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
    """Give the appointments their links and queue the mails, in one transaction; returns the leases still ours.

    The claims of the others were lost; their meetings are to be deleted, unless whoever took over has use for them.
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
    ours = [each for each in made if each.opening.lease_id in won]
    lose_meetings(session, [each for each in made if each.opening.lease_id not in won], now=now)
    if ours:
        session.execute(sql["record_meetings"], {**_meeting_columns(ours, vault), "now": now})
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
        count_creates(session, ours, now=now)
        queue_mails(session, [_mail(each.opening) for each in ours], now=now)
    note_all(
        session,
        [_event(each, each.opening.lease_id in won, run_id, now) for each in made],
    )
    return won


def lose_meetings(session: Session, made: Sequence[Made], *, now: datetime) -> None:
    """Record meetings that were made under claims which have been lost since."""
    if made:
        columns = {
            "meeting_ids": [each.opening.meeting_id for each in made],
            "zoom_ids": [each.meeting.id for each in made],
            "uuids": [each.meeting.uuid for each in made],
        }
        session.execute(statements("opening")["lost_meetings"], {**columns, "now": now})
        count_creates(session, made, now=now)


def count_creates(session: Session, made: Sequence[Made], *, now: datetime) -> None:
    """Count what was made against the day's limit of each Zoom user.

    Only what exists: an outage of half an hour would use up the day if every try counted. Should Zoom count more than
    we do, it says so (HTTP 429) and the account is benched for the day.
    """
    spend(session, Counter(each.opening.zoom_user_id for each in made), day=now.astimezone(UTC).date())


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
    """Leave the opening to whoever comes after *until*.

    Args:
        counted: the failure was its own.
        absent: surely nothing was made.
    """
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

    If nothing was made on Zoom (*absent*) its account goes back to the pool; otherwise the lease stays, for the meeting
    may exist.
    """
    sql = statements("opening")
    session.execute(sql["lock_appointments"], {"appointments": [opening.appointment_id]})
    mine = {"lease_id": opening.lease_id, "fence": opening.fence}
    if absent:
        kept = release(session, opening, reason=Release.FAILED, detail=detail, absent=True, run_id=run_id, now=now)
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
    absent: bool,
    run_id: str,
    now: datetime,
    made: Made | None = None,
) -> bool:
    """End the lease of an opening that is not opened under it; False if the claim was lost before.

    The meeting that was *made* all the same is to be deleted. If none was, it is gone where it surely does not exist
    (*absent*), else looked for; until Zoom has said that it is gone, the account is not free.
    """
    ended = session.execute(
        statements("opening")["release"],
        {
            "lease_id": opening.lease_id,
            "fence": opening.fence,
            "meeting_id": opening.meeting_id,
            "fate": Meeting.DELETING if made else Meeting.GONE if absent else Meeting.UNKNOWN,
            "zoom_id": made.meeting.id if made else None,
            "uuid": made.meeting.uuid if made else None,
            "reason": reason,
            "detail": detail,
            "run_id": run_id,
            "now": now,
        },
    )
    ours = ended.first() is not None
    if ours and made:
        count_creates(session, [made], now=now)
    return ours


def _meeting_columns(made: Sequence[Made], vault: TokenVault) -> dict[str, list[object]]:
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
