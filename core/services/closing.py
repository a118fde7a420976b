"""What is owed to Zoom: meetings to be deleted, and those that may exist and have to be looked for."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.domain import states
from core.errors import ZoomNotFound, ZoomPoolError, ZoomRateLimited, ZoomUnavailable
from core.services.lifecycle.look import look_again
from core.services.lifecycle.signs import Sign, record_signs
from core.services.opening.attempt import Zoom, find_meeting
from core.services.recordings.seek import seek_recordings
from core.services.recordings.standing import lock_leases
from core.services.timeline import SYSTEM, note
from core.services.tokens import AccountCredentials
from core.services.unfit import note_unfit
from core.services.unheard import last_held, take_in
from core.zoom.client import Credentials
from core.zoom.payloads import ZoomMeeting

TAKEN = timedelta(minutes=2)
# How long a creation without an answer is looked for: Zoom's list may lag by seconds, a stuck request by minutes.
LOOK_FOR = timedelta(minutes=15)
LOOK_AGAIN = timedelta(minutes=1)
SOON = timedelta(seconds=15)
WHILE_LIVE = timedelta(seconds=30)
RARELY = timedelta(minutes=5)


@dataclass(frozen=True)
class Settled:
    """What came of one meeting that was owed: `gone`, `live` (people are inside) or `later`, with a sentence."""

    meeting_id: int
    appointment_id: int
    outcome: str
    detail: str = ""


def settle_owed(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    *,
    clock: Callable[[], datetime],
    run_id: str | None,
    actor: str = SYSTEM,
    only: Sequence[int] | None = None,
    limit: int = 250,
    threads: int = 8,
) -> list[Settled]:
    """Ask Zoom to delete what is to be deleted, look for what may exist, and free the accounts of leases that are done.

    A meeting is deleted only after Zoom has said that it is not started. What fails is asked again later, for as long
    as it takes: an account is not free while somebody could start its old meeting.
    """
    now = clock()
    with sessions.begin() as session:
        given = {
            "now": now,
            "until": now + TAKEN,
            "limit": limit,
            "only": list(only) if only is not None else None,
        }
        owed = session.execute(statements("closing")["claim_owed"], given).all()
    if not owed:
        return []
    fresh = zoom.tokens.fresh({row.account_id for row in owed}, now=now)

    def settle(row: sa.Row[Any]) -> Settled:
        credentials = fresh.ready.get(row.account_id)
        if credentials is None:
            return _later(sessions, row, fresh.failed[row.account_id], clock())
        return _settle(sessions, zoom, row, credentials, clock=clock, run_id=run_id, actor=actor)

    with ThreadPoolExecutor(min(threads, len(owed)), thread_name_prefix="settle") as pool:
        return list(pool.map(settle, owed))


def finish(
    session: Session,
    leases: Sequence[int],
    *,
    run_id: str | None,
    actor: str,
    now: datetime,
) -> list[int]:
    """Release those closing *leases* that have no meeting left on Zoom; which they were."""
    given = {
        "leases": sorted(set(leases)),
        "run_id": run_id,
        "actor": actor,
        "now": now,
    }
    return list(session.scalars(statements("closing")["finish_closed"], given))


def _settle(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    row: sa.Row[Any],
    credentials: AccountCredentials,
    *,
    clock: Callable[[], datetime],
    run_id: str | None,
    actor: str,
) -> Settled:
    if row.recording_open and row.lease_state == states.Lease.CLOSING:
        return _reopen(sessions, row, clock(), uuid=None, run_id=run_id)
    try:
        meeting_id = row.zoom_meeting_id or _find(sessions, zoom, row, credentials, clock())
        if meeting_id is None and clock() - row.intended_at < LOOK_FOR:
            return _again(sessions, row, "not found yet; looked for again", clock() + LOOK_AGAIN)
        # Every event of it may be lost: then Zoom alone knows that there is a recording.
        if meeting_id and not row.heard_of and (held := last_held(zoom, credentials, meeting_id, row, now=clock())):
            return _came_to_light(sessions, row, held, clock(), run_id=run_id)
        inside = meeting_id and _delete_unless_started(zoom, credentials, meeting_id, row, now=clock())
    except ZoomPoolError as error:
        return _later(sessions, row, error, clock())
    if inside:
        return _people_inside(sessions, row, inside, clock(), run_id=run_id)
    if row.recording_open:
        return _await_recording(sessions, row, clock())
    _gone(sessions, row, run_id=run_id, actor=actor, now=clock())
    return Settled(row.meeting_id, row.appointment_id, "gone")


def _gone(sessions: sessionmaker[Session], row: sa.Row[Any], *, run_id: str | None, actor: str, now: datetime) -> None:
    """Write down that the meeting is gone, and free its account with it: nobody would come by for that later."""
    with sessions.begin() as session:
        lock_leases(session, [row.meeting_id])
        session.execute(statements("closing")["gone"], {"meeting_id": row.meeting_id, "now": now})
        note(
            session,
            "meeting_gone",
            at=now,
            actor=actor,
            location_id=row.location_id,
            appointment_id=row.appointment_id,
            account_id=row.account_id,
            lease_id=row.lease_id,
            meeting_id=row.meeting_id,
            run_id=run_id,
        )
        finish(session, [row.lease_id], run_id=run_id, actor=actor, now=now)


def _people_inside(
    sessions: sessionmaker[Session], row: sa.Row[Any], meeting: ZoomMeeting, now: datetime, *, run_id: str | None
) -> Settled:
    """Nobody is thrown out, and what they say is recorded: the meeting is not deleted before that is attached."""
    if row.lease_state == states.Lease.CLOSING:
        return _reopen(sessions, row, now, uuid=meeting.uuid, run_id=run_id)
    with sessions.begin() as session:
        session.execute(statements("closing")["go_on"], {"leases": [row.lease_id], "now": now})
        saw_inside(session, row.location_id, row.meeting_id, meeting.uuid, now=now)
    return _again(sessions, row, "live", now + WHILE_LIVE, outcome="live")


def _came_to_light(
    sessions: sessionmaker[Session], row: sa.Row[Any], held: Sign, now: datetime, *, run_id: str | None
) -> Settled:
    """It was held although no event said so: its recording is sought before it is deleted."""
    with sessions.begin() as session:
        lock_leases(session, [row.meeting_id])
        take_in(session, held, now=now)
    if row.lease_state == states.Lease.CLOSING:
        return _reopen(sessions, row, now, uuid=None, run_id=run_id)
    return _again(sessions, row, "it was held, and its recording is sought", now)


def _reopen(
    sessions: sessionmaker[Session], row: sa.Row[Any], now: datetime, *, uuid: str | None, run_id: str | None
) -> Settled:
    with sessions.begin() as session:
        session.execute(statements("closing")["lock_appointment"], {"appointment_id": row.appointment_id})
        lock_leases(session, [row.meeting_id])
        saw_inside(session, row.location_id, row.meeting_id, uuid, now=now)
        given = {"lease_id": row.lease_id, "meeting_id": row.meeting_id, "now": now}
        if session.execute(statements("closing")["reopen"], given).first():
            note(
                session,
                "closing_stopped",
                at=now,
                actor=SYSTEM,
                location_id=row.location_id,
                appointment_id=row.appointment_id,
                account_id=row.account_id,
                lease_id=row.lease_id,
                meeting_id=row.meeting_id,
                run_id=run_id,
            )
    return Settled(row.meeting_id, row.appointment_id, "live", "people were or are inside")


def _await_recording(sessions: sessionmaker[Session], row: sa.Row[Any], now: datetime) -> Settled:
    """Nobody is inside, says Zoom: what was running has ended, and its recording is sought."""
    with sessions.begin() as session:
        look_again(session, [row.meeting_id], now=now)
        session.execute(statements("closing")["everybody_out"], {"meeting_id": row.meeting_id, "now": now})
        seek_recordings(session, [row.meeting_id], now=now)
    return _again(sessions, row, "its recording is still being sought", now + RARELY)


def saw_inside(session: Session, location_id: int, meeting_id: int, uuid: str | None, *, now: datetime) -> None:
    """Write down that Zoom says somebody is in the meeting; nothing where it does not say in which instance."""
    if uuid is not None:
        record_signs(session, [Sign(location_id, meeting_id, uuid, started_at=now, seen_at=now)])


def _find(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    row: sa.Row[Any],
    credentials: AccountCredentials,
    now: datetime,
) -> str | None:
    found = zoom.tokens.using(credentials, lambda c: find_meeting(zoom.client, c, row.reference), now=now)
    if found is None:
        return None
    with sessions.begin() as session:
        session.execute(
            statements("closing")["found"],
            {"meeting_id": row.meeting_id, "zoom_id": found.id, "now": now},
        )
    return found.id


def _delete_unless_started(
    zoom: Zoom, credentials: AccountCredentials, meeting_id: str, row: sa.Row[Any], *, now: datetime
) -> ZoomMeeting | None:
    """Delete the meeting if nobody is inside and no recording is open; what Zoom says of it if somebody is."""

    def call(c: Credentials) -> ZoomMeeting | None:
        try:
            meeting = zoom.client.get_meeting(c, meeting_id)
        except ZoomNotFound:
            return None
        if meeting.started:
            return meeting
        if not row.recording_open:
            zoom.client.delete_meeting(c, meeting_id)
        return None

    return zoom.tokens.using(credentials, call, now=now)


def _later(
    sessions: sessionmaker[Session],
    row: sa.Row[Any],
    error: ZoomPoolError,
    now: datetime,
) -> Settled:
    """An outage passes by itself and somebody may wait for the account; what waits for a person is asked rarely."""
    pause = SOON if isinstance(error, ZoomUnavailable | ZoomRateLimited) else RARELY
    with sessions.begin() as session:
        note_unfit(session, row.account_id, error, now=now, actor=SYSTEM)
    return _again(sessions, row, str(error), now + pause)


def _again(
    sessions: sessionmaker[Session],
    row: sa.Row[Any],
    detail: str,
    until: datetime,
    outcome: str = "later",
) -> Settled:
    with sessions.begin() as session:
        session.execute(
            statements("closing")["again_later"],
            {"meeting_id": row.meeting_id, "error": detail, "until": until},
        )
    return Settled(row.meeting_id, row.appointment_id, outcome, detail)
