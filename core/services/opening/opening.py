"""One lease on its way to a link: what it needs to be opened, and the intent that is committed before the call."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.sql import statements
from core.zoom.payloads import new_passcode
from core.zoom.vault import TokenVault

LOOK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Opening:
    """A reserved lease that this run has claimed. *doubtful*: an earlier try may have made the meeting."""

    lease_id: int
    fence: int
    location_id: int
    account_id: int
    account_email: str
    zoom_user_id: str
    appointment_id: int
    revision: int
    external_id: str
    calendar_name: str
    client_email: str
    starts_at: datetime
    ends_at: datetime
    attempts: int
    isolated: bool
    meeting_id: int
    reference: str
    passcode: str = field(repr=False)
    doubtful: bool


def intend(
    session: Session,
    *,
    run_id: str,
    vault: TokenVault,
    now: datetime,
    lease_ids: Sequence[int] | None = None,
) -> list[Opening]:
    """Write an intended meeting for every lease that *run_id* has claimed; returns the openings, locations in turn.

    Committed before Zoom is asked, so that whoever finds an intent without a result knows that the meeting may exist:
    its reference is in the agenda, and it is looked for before another is made. Earlier tries' intents are taken over.
    """
    sql = statements("opening")
    claimed = session.execute(
        sql["claimed"],
        {"run_id": run_id, "lease_ids": list(lease_ids) if lease_ids else None},
    ).all()
    fresh = [row for row in claimed if row.meeting_id is None]
    made: dict[int, tuple[int, str, str]] = {}
    if fresh:
        passcodes = [new_passcode() for _ in fresh]
        rows = session.execute(
            sql["intend"],
            {
                "lease_ids": [row.lease_id for row in fresh],
                "location_ids": [row.location_id for row in fresh],
                "account_ids": [row.account_id for row in fresh],
                "passcodes": [vault.encrypt(passcode) for passcode in passcodes],
                "now": now,
            },
        )
        passcode_of = {row.lease_id: passcode for row, passcode in zip(fresh, passcodes, strict=True)}
        made = {row.lease_id: (row.id, row.reference, passcode_of[row.lease_id]) for row in rows}
    again = [row.meeting_id for row in claimed if row.meeting_id is not None]
    if again:
        session.execute(sql["try_again"], {"meeting_ids": again})
    return [_opening(row, made, vault) for row in claimed]


def intend_anew(session: Session, opening: Opening, *, run_id: str, vault: TokenVault, now: datetime) -> Opening | None:
    """A new intent, with a reference of its own, for an opening whose doubtful meeting was not found; None if the claim
    is lost.

    The list may lag behind: the old one stays *unknown* and is looked for again, and deleted if it turns up.
    """
    again = {"meeting_id": opening.meeting_id, "fence": opening.fence, "look_again_at": now + LOOK_AGAIN}
    session.execute(statements("opening")["not_found"], again)
    openings = intend(session, run_id=run_id, vault=vault, now=now, lease_ids=[opening.lease_id])
    return openings[0] if openings else None


def _opening(
    row: sa.Row[tuple[object, ...]],
    made: dict[int, tuple[int, str, str]],
    vault: TokenVault,
) -> Opening:
    facts = dict(row._mapping)
    if facts["meeting_id"] is None:
        meeting = dict(
            zip(
                ("meeting_id", "reference", "passcode"),
                made[facts["lease_id"]],
                strict=True,
            )
        )
    else:
        meeting = {"passcode": vault.decrypt(facts["passcode"])}
    return Opening(**{**facts, **meeting})
