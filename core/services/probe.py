"""Asking Zoom about accounts before they are needed, so that a sick one is known while there is time to act.

Also asked about are those that somebody uses by hand: the event that says that he has finished may be lost.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.domain.due import OpeningHours
from core.errors import AccountUnfit, NeedsReauth, ZoomPoolError
from core.services.accounts import locked_account
from core.services.elsewhere import mark_busy, mark_free
from core.services.opening.attempt import Zoom
from core.services.recordings.seek import seek_recordings
from core.services.timeline import SYSTEM
from core.services.tokens import AccountCredentials
from core.services.unfit import note_unfit
from core.zoom.client import Credentials, ZoomClient

AHEAD = timedelta(minutes=5)
FRESH_FOR = timedelta(minutes=10)
AGAIN = timedelta(minutes=2)


@dataclass(frozen=True)
class Probed:
    """What Zoom said of one account: `fit`, `busy_elsewhere`, `unfit`, `needs_reauth`, or `later` with a sentence."""

    account_id: int
    outcome: str
    detail: str = ""


def probe_accounts(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    *,
    hours: OpeningHours,
    clock: Callable[[], datetime],
    run_id: str | None,
    limit: int = 250,
    threads: int = 8,
) -> list[Probed]:
    """Ask about the accounts whose turn it is: token, licence, and meetings that run there and are not ours."""
    now = clock()
    with sessions.begin() as session:
        accounts = _to_probe(session, hours=hours, now=now, limit=limit)
        given = {"accounts": accounts, "now": now, "again": AGAIN}
        mine = sorted(session.scalars(statements("probe")["claim"], given))
    if not mine:
        return []
    fresh = zoom.tokens.fresh(mine, now=now)

    def probe(account_id: int) -> Probed:
        if account_id in fresh.failed:
            return _failed(sessions, account_id, fresh.failed[account_id], now=clock(), run_id=run_id)
        return _probe(sessions, zoom, fresh.ready[account_id], clock=clock, run_id=run_id)

    with ThreadPoolExecutor(min(threads, len(mine)), thread_name_prefix="probe") as pool:
        return list(pool.map(probe, mine))


def anything_to_probe(session: Session, *, hours: OpeningHours, now: datetime) -> bool:
    """Whether an account is to be asked about."""
    return bool(_to_probe(session, hours=hours, now=now, limit=1))


def _to_probe(session: Session, *, hours: OpeningHours, now: datetime, limit: int) -> list[int]:
    given: dict[str, Any] = {
        "now": now,
        "horizon": hours.horizon(now),
        "until": hours.horizon(now) + AHEAD,
        "utc_day": now.astimezone(UTC).date(),
        "fresh_for": FRESH_FOR,
        "again": AGAIN,
        "limit": limit,
    }
    return list(session.scalars(statements("probe")["to_probe"], given))


def _probe(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    credentials: AccountCredentials,
    *,
    clock: Callable[[], datetime],
    run_id: str | None,
) -> Probed:
    account_id, asked_at = credentials.account_id, clock()
    try:
        zoom.tokens.using(credentials, lambda c: _check_user(zoom.client, c), now=asked_at)
        live = zoom.tokens.using(credentials, lambda c: zoom.client.list_meetings(c, which="live"), now=asked_at)
    except ZoomPoolError as error:
        return _failed(sessions, account_id, error, now=clock(), run_id=run_id)
    running = [item.id for item in live]
    _end_left_open(sessions, account_id, running, asked_at, now=clock())
    foreign = _record_live(sessions, account_id, running, asked_at, now=clock(), run_id=run_id)
    return Probed(account_id, "busy_elsewhere" if foreign else "fit")


def _check_user(client: ZoomClient, credentials: Credentials) -> None:
    user = client.my_user(credentials)
    if not user.active:
        raise AccountUnfit(
            "not_active",
            f"The Zoom user is not active ({user.status}).",
            next_step="Activate the user in Zoom's admin portal (User Management > Users), then release the account.",
        )
    if not user.licensed:
        raise AccountUnfit(
            "licence_gone",
            "The Zoom user has no licence, so its meetings cannot be recorded in the cloud.",
            next_step="Assign a licence in Zoom's admin portal (User Management > Users), then release the account.",
        )


def _end_left_open(
    sessions: sessionmaker[Session], account_id: int, live: Sequence[str], asked_at: datetime, *, now: datetime
) -> None:
    """An old link was used again after its lease, and the event of the end was lost: its recording is sought."""
    given = {"account_id": account_id, "live": list(live), "asked_at": asked_at}
    with sessions.begin() as session:
        seek_recordings(session, list(session.scalars(statements("probe")["left_open"], given)), now=now)


def _record_live(
    sessions: sessionmaker[Session],
    account_id: int,
    live: Sequence[str],
    asked_at: datetime,
    *,
    now: datetime,
    run_id: str | None,
) -> bool:
    sql = statements("probe")
    with sessions.begin() as session:
        account = locked_account(session, account_id)
        ours = set(session.scalars(sql["ours"], {"account_id": account_id}))
        foreign = [meeting for meeting in live if meeting not in ours]
        if foreign and session.scalar(sql["about_to_have_one"], {"account_id": account_id}):
            foreign = []
        if foreign:
            mark_busy(session, account, foreign[0], since=asked_at, now=now, run_id=run_id)
        elif account.busy_elsewhere_since is not None and account.busy_elsewhere_since < asked_at:
            # Not what began while Zoom was being asked: of that its answer says nothing.
            mark_free(session, account, now=now, run_id=run_id)
        return account.busy_elsewhere_since is not None


def _failed(
    sessions: sessionmaker[Session], account_id: int, error: ZoomPoolError, *, now: datetime, run_id: str | None
) -> Probed:
    with sessions.begin() as session:
        unfit = note_unfit(session, account_id, error, now=now, actor=SYSTEM, run_id=run_id)
    outcome = "unfit" if unfit else "needs_reauth" if isinstance(error, NeedsReauth) else "later"
    return Probed(account_id, outcome, str(error))
