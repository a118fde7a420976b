"""Asking Zoom about leases: whether anybody is inside, and what was held without our hearing of it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.domain.lifecycle import Rules, Said
from core.errors import ZoomNotFound, ZoomPoolError, ZoomRateLimited, ZoomUnavailable
from core.services.lifecycle.advance import advance, lock_for
from core.services.lifecycle.signs import Sign, record_signs
from core.services.opening.attempt import Zoom
from core.services.recordings.seek import seek_recordings
from core.services.timeline import SYSTEM, note
from core.services.tokens import AccountCredentials
from core.services.unfit import note_unfit
from core.zoom.client import Credentials, ZoomClient

TAKEN = timedelta(minutes=1)
SOON = timedelta(seconds=30)
RARELY = timedelta(minutes=5)


@dataclass(frozen=True)
class Asked:
    """What Zoom said of one lease: `started`, `waiting`, `not_found`, or `later` with a sentence why not; and the state
    the lease has by that."""

    lease_id: int
    appointment_id: int
    answer: str
    state: str = ""
    detail: str = ""


@dataclass(frozen=True)
class _Answer:
    """What Zoom knows of a meeting: its status, the instance that runs, and those that are over."""

    said: Said
    at: datetime
    running: str | None = None
    over: Sequence[Sign] = field(default_factory=tuple)


def ask_about(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    *,
    rules: Rules,
    clock: Callable[[], datetime],
    run_id: str,
    limit: int = 250,
    threads: int = 8,
) -> list[Asked]:
    """Ask Zoom about every lease that is due for it, and move each to the state that follows.

    Time alone frees no account: a meeting is over, or nobody came, only once Zoom has said that it is not started.
    """
    now = clock()
    with sessions.begin() as session:
        given = {"now": now, "until": now + TAKEN, "limit": limit}
        due = session.execute(statements("lifecycle")["to_ask_about"], given).all()
    if not due:
        return []
    fresh = zoom.tokens.fresh({row.account_id for row in due}, now=now)

    def ask(row: sa.Row[Any]) -> Asked:
        credentials = fresh.ready.get(row.account_id)
        try:
            if credentials is None:
                raise fresh.failed[row.account_id]
            answer = _answer(zoom, row, credentials, clock)
        except ZoomPoolError as error:
            return _later(sessions, row, error, clock())
        return _record(sessions, row, answer, rules=rules, run_id=run_id, now=clock())

    with ThreadPoolExecutor(min(threads, len(due)), thread_name_prefix="ask") as pool:
        return list(pool.map(ask, due))


def anything_to_ask(session: Session, *, now: datetime) -> bool:
    """Whether Zoom is to be asked about a lease now."""
    return bool(session.scalar(statements("lifecycle")["anything_to_ask"], {"now": now}))


def _answer(zoom: Zoom, row: sa.Row[Any], credentials: AccountCredentials, clock: Callable[[], datetime]) -> _Answer:
    at = clock()

    def ask(c: Credentials) -> _Answer:
        try:
            meeting = zoom.client.get_meeting(c, row.zoom_meeting_id)
        except ZoomNotFound:
            # Deleted, or expired. What was held under it is known all the same.
            return _Answer(Said.NOT_FOUND, at, over=_over(zoom.client, c, row, at))
        if meeting.started:
            return _Answer(Said.STARTED, at, running=meeting.uuid)
        return _Answer(Said.WAITING, at, over=_over(zoom.client, c, row, at))

    return zoom.tokens.using(credentials, ask, now=at)


def _over(client: ZoomClient, credentials: Credentials, row: sa.Row[Any], now: datetime) -> list[Sign]:
    """The instances that are over and of which we do not know the end."""
    try:
        instances = client.past_instances(credentials, row.zoom_meeting_id)
    except ZoomNotFound:
        return []
    signs = []
    for instance in instances:
        if instance.uuid in row.ended_uuids:
            continue
        past = client.past_meeting(credentials, instance.uuid)
        started = past.start_time or instance.start_time or now
        ended = max(past.end_time or now, started)
        signs.append(Sign(row.location_id, row.meeting_id, instance.uuid, started, ended, ended_at=ended, by="asked"))
    return signs


def _record(
    sessions: sessionmaker[Session], row: sa.Row[Any], answer: _Answer, *, rules: Rules, run_id: str, now: datetime
) -> Asked:
    sql = statements("lifecycle")
    with sessions.begin() as session:
        lock_for(session, [row.appointment_id], [row.lease_id])
        signs = list(answer.over)
        if answer.said is Said.STARTED:
            uuid = answer.running or f"running-{row.meeting_id}"
            signs.append(Sign(row.location_id, row.meeting_id, uuid, answer.at, answer.at))
        record_signs(session, signs)
        said = {"meeting_id": row.meeting_id, "said": answer.said, "at": answer.at}
        session.execute(sql["zoom_said"], said)  # after the signs, which are compared with the answer before
        if answer.said is not Said.STARTED:
            # What Zoom does not list as past may still have been running by what we knew.
            silent = {"meeting_id": row.meeting_id, "asked_at": answer.at}
            session.execute(sql["end_silent"], silent)
        if answer.said != row.said_before:  # an overrun is asked about every minute; the same answer is no news
            _note(session, row, answer, run_id)
        seek_recordings(session, [row.meeting_id], now=now)
        moved = advance(session, [row.lease_id], rules=rules, now=now, run_id=run_id)
    state = moved[0].state if moved else ""
    return Asked(row.lease_id, row.appointment_id, answer.said, state)


def _note(session: Session, row: sa.Row[Any], answer: _Answer, run_id: str) -> None:
    note(
        session,
        "zoom_asked",
        at=answer.at,
        actor=SYSTEM,
        location_id=row.location_id,
        appointment_id=row.appointment_id,
        account_id=row.account_id,
        lease_id=row.lease_id,
        meeting_id=row.meeting_id,
        run_id=run_id,
        answer=answer.said,
    )


def _later(sessions: sessionmaker[Session], row: sa.Row[Any], error: ZoomPoolError, now: datetime) -> Asked:
    """An outage passes by itself; what waits for a person is asked rarely."""
    pause = SOON if isinstance(error, ZoomUnavailable | ZoomRateLimited) else RARELY
    with sessions.begin() as session:
        note_unfit(session, row.account_id, error, now=now, actor=SYSTEM)
        session.execute(statements("lifecycle")["ask_later"], {"lease_id": row.lease_id, "until": now + pause})
    return Asked(row.lease_id, row.appointment_id, "later", detail=str(error))
