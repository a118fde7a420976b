"""Opening a batch: make the meetings in parallel, record each as it comes, and decide about failures at the end."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session, sessionmaker

from core.db.sql import statements
from core.domain.failures import (
    CONSECUTIVE_FAILURES_OF_AN_OUTAGE,
    RETRY_AFTER,
    is_isolated,
    retry_at,
)
from core.errors import (
    AccountUnfit,
    NeedsReauth,
    ZoomPoolError,
    ZoomRateLimited,
    ZoomUnavailable,
)
from core.services.lease import renew_claims
from core.services.opening.attempt import Attempt, Zoom, attempt
from core.services.opening.failover import Hands, next_account, recording_account
from core.services.opening.opening import Opening, intend, intend_anew
from core.services.opening.record import Made, put_back, record_ready, set_aside
from core.services.tokens import AccountCredentials

RENEW_EVERY = timedelta(seconds=10)
MOST_MOVES = 3
# The third try comes later than that after the first: an outage right after a success is not three failures of its own.
RECENTLY = 2 * RETRY_AFTER

log = structlog.get_logger()


class NotTried(ZoomUnavailable):
    """Nobody got an answer from Zoom just now, so this one was not even asked for."""


@dataclass(frozen=True)
class Outcome:
    """What became of one appointment in this run: a stable word, and a sentence where there is something to say."""

    appointment_id: int
    external_id: str
    account: str
    outcome: str
    detail: str = ""


@dataclass
class Batch:
    """One run's work: what is under way, what came of it, and how Zoom behaves."""

    sessions: sessionmaker[Session]
    zoom: Zoom
    hands: Hands
    clock: Callable[[], datetime]
    outcomes: list[Outcome] = field(default_factory=list)
    transient: list[tuple[Opening, ZoomPoolError]] = field(default_factory=list)
    moves: dict[int, int] = field(default_factory=dict)
    passed: int = 0
    failed_in_a_row: int = 0

    @property
    def outage(self) -> bool:
        """Nobody passes: what is left is not even tried."""
        return self.failed_in_a_row >= CONSECUTIVE_FAILURES_OF_AN_OUTAGE

    def say(self, opening: Opening, outcome: str, detail: str = "") -> None:
        """Add a line to the run's table and to the log; the log has ids only, for a detail may quote anything."""
        log.info(
            "opening",
            outcome=outcome,
            appointment_id=opening.appointment_id,
            lease_id=opening.lease_id,
            account_id=opening.account_id,
            meeting_id=opening.meeting_id,
            run_id=self.hands.run_id,
        )
        self.outcomes.append(
            Outcome(
                opening.appointment_id,
                opening.external_id,
                opening.account_email,
                outcome,
                detail,
            )
        )


def open_meetings(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    hands: Hands,
    *,
    threads: int,
    clock: Callable[[], datetime],
) -> list[Outcome]:
    """Open every lease that the run of *hands* has claimed; what became of each.

    Network calls are made by at most *threads* threads, never inside a transaction. A kill at any point leaves intents
    behind, from which the next run goes on.
    """
    batch = Batch(sessions, zoom, hands, clock)
    with sessions.begin() as session:
        openings = intend(session, run_id=hands.run_id, vault=hands.vault, now=clock())
    with ThreadPoolExecutor(threads, thread_name_prefix="zoom") as pool:
        _work(batch, openings, pool)
    _decide_about_transient(batch)
    return batch.outcomes


def _work(batch: Batch, openings: Sequence[Opening], pool: ThreadPoolExecutor) -> None:
    running = _submit(batch, openings, pool)
    renew_at = batch.clock() + RENEW_EVERY
    while running:
        done, running = wait(running, timeout=RENEW_EVERY.total_seconds(), return_when=FIRST_COMPLETED)
        running |= _submit(batch, _take_in(batch, [future.result() for future in done]), pool)
        if batch.clock() >= renew_at:
            renew_at = batch.clock() + RENEW_EVERY
            with batch.sessions.begin() as session:
                renew_claims(session, run_id=batch.hands.run_id, now=batch.clock())


def _submit(batch: Batch, openings: Sequence[Opening], pool: ThreadPoolExecutor) -> set[Future[Attempt]]:
    """Start a try for each opening; where its account has no usable token, the try has failed already."""
    if not openings:
        return set()
    fresh = batch.zoom.tokens.fresh([opening.account_id for opening in openings], now=batch.clock())
    tries: set[Future[Attempt]] = set()
    for opening in openings:
        if opening.account_id in fresh.ready:
            tries.add(pool.submit(_try, batch, opening, fresh.ready[opening.account_id]))
        else:
            tries.add(pool.submit(Attempt, opening, None, fresh.failed[opening.account_id]))
    return tries


def _try(batch: Batch, opening: Opening, credentials: AccountCredentials) -> Attempt:
    if batch.outage:
        return Attempt(opening, None, NotTried("Zoom does not answer; not tried again in this run."))
    return attempt(batch.zoom, opening, credentials, batch.clock())


def _take_in(batch: Batch, attempts: Sequence[Attempt]) -> list[Opening]:
    """Record what came; returns the openings that go on under another account."""
    made = [each.made for each in attempts if each.error is None and each.made is not None]
    again = [_another_recorder(batch, each) for each in made if _is_worth_moving(batch, each)]
    moved = {opening.appointment_id for opening in again if opening is not None}
    _record(batch, [each for each in made if each.opening.appointment_id not in moved])
    again += [_intend_anew(batch, each.opening) for each in attempts if each.error is None and each.made is None]
    again += [_take_failure(batch, each, each.error) for each in attempts if each.error is not None]
    return [opening for opening in again if opening is not None]


def _record(batch: Batch, made: Sequence[Made]) -> None:
    if not made:
        return
    batch.passed += len(made)
    batch.failed_in_a_row = 0
    with batch.sessions.begin() as session:
        won = record_ready(
            session,
            made,
            vault=batch.hands.vault,
            run_id=batch.hands.run_id,
            now=batch.clock(),
        )
    for each in made:
        if each.opening.lease_id not in won:
            batch.say(
                each.opening,
                "claim lost",
                "Somebody else had it meanwhile; the meeting made here is deleted.",
            )
        elif each.meeting.recorded:
            batch.say(
                each.opening,
                "ready",
                "found on Zoom, made by an earlier try" if each.adopted else "",
            )
        else:
            batch.say(
                each.opening,
                "ready, not recorded",
                "Zoom switched cloud recording off for this account.",
            )


def _is_worth_moving(batch: Batch, made: Made) -> bool:
    return not made.meeting.recorded and batch.moves.get(made.opening.appointment_id, 0) < MOST_MOVES


def _another_recorder(batch: Batch, made: Made) -> Opening | None:
    batch.moves[made.opening.appointment_id] = batch.moves.get(made.opening.appointment_id, 0) + 1
    with batch.sessions.begin() as session:
        opening = recording_account(session, made, hands=batch.hands, now=batch.clock())
    if opening is not None:
        batch.say(
            made.opening,
            "next account",
            "Zoom switched cloud recording off for this account.",
        )
    return opening


def _intend_anew(batch: Batch, opening: Opening) -> Opening | None:
    run_id, vault = batch.hands.run_id, batch.hands.vault
    with batch.sessions.begin() as session:
        anew = intend_anew(session, opening, run_id=run_id, vault=vault, now=batch.clock())
    if anew is None:
        batch.say(opening, "claim lost", "Somebody else had it meanwhile.")
    return anew


def _take_failure(batch: Batch, attempt: Attempt, error: ZoomPoolError) -> Opening | None:
    if isinstance(error, ZoomUnavailable | ZoomRateLimited):
        batch.transient.append((attempt.opening, error))
        batch.failed_in_a_row += isinstance(error, ZoomUnavailable)
        return None
    batch.failed_in_a_row = 0  # a refusal is an answer
    if isinstance(error, AccountUnfit | NeedsReauth):
        return _move_on(batch, attempt, error)
    _set_aside(batch, attempt.opening, error)
    return None


def _move_on(batch: Batch, attempt: Attempt, error: AccountUnfit | NeedsReauth) -> Opening | None:
    unfit = error if isinstance(error, AccountUnfit) else None
    with batch.sessions.begin() as session:
        opening = next_account(
            session,
            attempt.opening,
            unfit=unfit,
            made=attempt.made,
            hands=batch.hands,
            now=batch.clock(),
        )
    batch.say(attempt.opening, "next account" if opening else "waiting", str(error))
    return opening


def _decide_about_transient(batch: Batch) -> None:
    """Back into the line, or put aside: known only at the end, when it is clear whether others passed."""
    if not batch.transient:
        return
    with batch.sessions.begin() as session:
        recently = {"since": batch.clock() - RECENTLY}
        others_pass = batch.passed > 0 or (
            not batch.outage and bool(session.scalar(statements("opening")["others_pass"], recently))
        )
    for opening, error in batch.transient:
        now, limited = batch.clock(), isinstance(error, ZoomRateLimited)
        own = others_pass and not isinstance(error, ZoomRateLimited | NotTried)
        if opening.isolated or is_isolated(
            attempts=opening.attempts,
            others_pass=own,
            starts_at=opening.starts_at,
            now=now,
        ):
            _set_aside(batch, opening, error)
            continue
        with batch.sessions.begin() as session:
            put_back(
                session,
                opening,
                reason="rate_limited" if limited else "zoom_unavailable",
                detail=str(error),
                counted=own,
                absent=_absent(opening, error),
                until=retry_at(now, error.retry_at if isinstance(error, ZoomRateLimited) else None),
            )
        batch.say(opening, "tried again soon", str(error))


def _absent(opening: Opening, error: ZoomPoolError) -> bool:
    """Whether there surely is no meeting. A doubt that was there before this try is not removed by its failure."""
    return not opening.doubtful and not (isinstance(error, ZoomUnavailable) and error.maybe_done)


def _set_aside(batch: Batch, opening: Opening, error: ZoomPoolError) -> None:
    reason = "zoom_unavailable" if isinstance(error, ZoomUnavailable | ZoomRateLimited) else "zoom_rejected"
    with batch.sessions.begin() as session:
        set_aside(
            session,
            opening,
            reason=reason,
            detail=str(error),
            absent=_absent(opening, error),
            run_id=batch.hands.run_id,
            now=batch.clock(),
        )
    batch.say(opening, "put aside", str(error))
