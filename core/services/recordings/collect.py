"""Asking Zoom for the recordings that no event told of, ever more rarely, until they are there or given up."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.domain.recording import DISCONNECTED, SEARCH, Standing, given_up, next_rung, nothing, unanswered
from core.errors import AccountUnfit, NeedsReauth, NotFound, ZoomPoolError, ZoomRateLimited, ZoomUnavailable
from core.services.opening.attempt import Zoom
from core.services.recordings.attach import FoundRecording, attach
from core.services.recordings.recheck import GONE_SINCE, recheck_deleted
from core.services.recordings.standing import Stands, lock_leases, standing_of, write_down
from core.services.timeline import SYSTEM
from core.services.tokens import AccountCredentials, Fresh
from core.services.unfit import note_unfit
from core.zoom.payloads import ZoomRecording
from core.zoom.vault import TokenVault

TAKEN = timedelta(minutes=2)
# An outage passes by itself, and what it hid may be there.
AFTER_AN_OUTAGE = timedelta(minutes=1)
RARELY = timedelta(minutes=15)


@dataclass(frozen=True)
class Collected:
    """What came of asking about one recording: its outcome as it stands now, or `later` with a sentence."""

    recording_id: int
    appointment_id: int
    outcome: str
    detail: str = ""


@dataclass(frozen=True)
class _Answer:
    row: sa.Row[Any]
    at: datetime
    recording: ZoomRecording | None = None
    error: ZoomPoolError | None = None


def anything_to_collect(session: Session, *, now: datetime) -> bool:
    """Whether Zoom is to be asked about a recording now."""
    given = {"now": now, "long_ago": now - SEARCH, "gone_by": now - GONE_SINCE}
    return bool(session.scalar(statements("recordings")["collect_now"], given))


def collect_recordings(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    vault: TokenVault,
    *,
    clock: Callable[[], datetime],
    run_id: str | None,
    actor: str = SYSTEM,
    only: Sequence[int] | None = None,
    limit: int = 250,
    threads: int = 8,
) -> list[Collected]:
    """Ask Zoom about the recordings whose time has come, and once more about those whose meeting was deleted.

    *only*: just these recordings (our ids), as far as their time has come.
    """
    now = clock()
    with sessions.begin() as session:
        given = {"now": now, "until": now + TAKEN, "limit": limit, "only": None if only is None else list(only)}
        due = session.execute(statements("recordings")["claim_due"], given).all()
        lost = [] if only is not None else _give_up(session, actor=actor, run_id=run_id, limit=limit, now=now)
    fresh = zoom.tokens.fresh({row.account_id for row in due}, now=now)
    with ThreadPoolExecutor(max(1, min(threads, len(due))), thread_name_prefix="collect") as pool:
        answers = list(pool.map(lambda row: _ask(zoom, row, fresh, clock), due))
    with sessions.begin() as session:
        collected = _record(session, answers, vault, actor=actor, run_id=run_id, now=clock())
    for answer in answers:
        # A role that may not see recordings can hold meetings all the same.
        if isinstance(answer.error, AccountUnfit) and answer.error.reason != "no_permission":
            with sessions.begin() as session:  # of its own: whoever ends a connection locks accounts before recordings
                note_unfit(session, answer.row.account_id, answer.error, now=clock(), actor=actor, run_id=run_id)
    if only is None:
        recheck_deleted(sessions, zoom, clock=clock, run_id=run_id, actor=actor, limit=limit, threads=threads)
    return [*lost, *collected]


def look_now(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    vault: TokenVault,
    *,
    recording_id: int,
    actor: str,
    clock: Callable[[], datetime],
) -> Collected:
    """Ask Zoom about one recording at once, whatever is known of it.

    Raises:
        NotFound: there is no such recording.
        NeedsReauth: its account is not connected, so nobody can be asked.
    """
    with sessions.begin() as session:
        if session.scalar(statements("recordings")["ask_now"], {"id": recording_id, "now": clock()}) is None:
            raise NotFound(
                f"There is no recording {recording_id}.", next_step="See which there are: zoompool recordings list."
            )
    collected = collect_recordings(sessions, zoom, vault, clock=clock, run_id=None, actor=actor, only=[recording_id])
    if not collected:
        raise NeedsReauth("The account of this recording is not connected to Zoom.")
    return collected[0]


def _ask(zoom: Zoom, row: sa.Row[Any], fresh: Fresh, clock: Callable[[], datetime]) -> _Answer:
    credentials: AccountCredentials | None = fresh.ready.get(row.account_id)
    if credentials is None:
        return _Answer(row, clock(), error=fresh.failed[row.account_id])
    try:
        recording = zoom.tokens.using(
            credentials, lambda c: zoom.client.get_recording(c, row.zoom_uuid), now=clock(), actor=SYSTEM
        )
    except ZoomPoolError as error:
        return _Answer(row, clock(), error=error)
    return _Answer(row, clock(), recording)


def _record(
    session: Session,
    answers: Sequence[_Answer],
    vault: TokenVault,
    *,
    actor: str,
    run_id: str | None,
    now: datetime,
) -> list[Collected]:
    if not answers:
        return []
    lock_leases(session, [answer.row.meeting_id for answer in answers])
    there = [
        FoundRecording(answer.row.meeting_id, answer.row.zoom_uuid, answer.recording, whole=True, at=answer.at)
        for answer in answers
        if answer.recording is not None
    ]
    attach(session, there, vault=vault, now=now, asked=True, actor=actor, run_id=run_id)
    by_id = {answer.row.id: answer for answer in answers if answer.recording is None}
    stands = [_without(row, by_id[row.id], now) for row in _stand_now(session, list(by_id))]
    write_down(session, stands, actor=actor, run_id=run_id, now=now)
    outcomes = {row.id: row.outcome for row in _stand_now(session, [answer.row.id for answer in answers])}
    return [
        Collected(
            answer.row.id,
            answer.row.appointment_id,
            "later" if answer.error else outcomes[answer.row.id],
            str(answer.error or ""),
        )
        for answer in answers
    ]


def _stand_now(session: Session, recording_ids: Sequence[int]) -> Sequence[sa.Row[Any]]:
    return session.execute(statements("recordings")["stand_now"], {"recordings": list(recording_ids)}).all()


def _without(row: sa.Row[Any], answer: _Answer, now: datetime) -> Stands:
    """How it stands after Zoom had none, or could not say."""
    before = standing_of(row)
    if answer.error is not None:
        after = _after_an_error(before, answer.error, row.sought_since, now)
        return Stands(row, before, after, answer.at, error=str(answer.error))
    after = nothing(
        before, events=row.events, recording_started=row.recording_started, since=row.sought_since, now=answer.at
    )
    return Stands(row, before, after, answer.at)


def _after_an_error(before: Standing, error: ZoomPoolError, since: datetime, now: datetime) -> Standing:
    if isinstance(error, ZoomUnavailable | ZoomRateLimited):
        return unanswered(before, at=now + AFTER_AN_OUTAGE)
    if isinstance(error, NeedsReauth):
        return unanswered(before, at=now + RARELY)
    at = next_rung(since, now)
    reason = error.reason if isinstance(error, AccountUnfit) else "zoom_rejected"
    return unanswered(before, at=at) if at is not None else given_up(before, reason)


def _give_up(session: Session, *, actor: str, run_id: str | None, limit: int, now: datetime) -> list[Collected]:
    """End the search under accounts that are not connected any more, once its three days are over."""
    given = {"now": now, "long_ago": now - SEARCH, "limit": limit}
    out_of_reach = session.execute(statements("recordings")["out_of_reach"], given).all()
    if not out_of_reach:
        return []
    lock_leases(session, [row.meeting_id for row in out_of_reach])
    stands = [
        Stands(row, standing_of(row), given_up(standing_of(row), DISCONNECTED), now)
        for row in _stand_now(session, [row.id for row in out_of_reach])
    ]
    write_down(session, stands, actor=actor, run_id=run_id, now=now)
    return [Collected(each.row.id, each.row.appointment_id, each.after.outcome) for each in stands]
