"""What becomes of a lease after its link: from the evidence there is to its next state.

Events come late, twice, out of order or never, so nothing here depends on which of them came: only on what is known of
the times at which the meeting was held, of its recordings, and of what Zoom said when it was asked. Evidence moves a
lease, time alone only makes us ask.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.domain.states import Appointment, Lease

ASK_AGAIN = timedelta(minutes=1)
# "Not found" is *unknown* until Zoom says it twice, or has told us by itself that somebody deleted the meeting.
NOT_FOUND_FOR = timedelta(seconds=30)


class Said(StrEnum):
    """What Zoom answers when it is asked about a meeting; it knows no "ended" (Zoom API reference, Get a meeting)."""

    STARTED = "started"
    WAITING = "waiting"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class Held:
    """One time the meeting was held; *ended_at* is None while it runs, *recorded_at* until its recording is final."""

    started_at: datetime
    ended_at: datetime | None
    recorded_at: datetime | None = None


@dataclass(frozen=True)
class Evidence:
    """What is known of a lease whose link is out. The state it is in is not: less evidence may have led there.

    *starts_at* and *ends_at* are those of the lease's own revision. *void*: the appointment was cancelled or moved
    while people were inside, so nobody is expected back. *said_at*: when Zoom was last asked, with the answer *said*.
    """

    starts_at: datetime
    ends_at: datetime
    ready_at: datetime
    void: bool = False
    held: tuple[Held, ...] = ()
    said: Said | None = None
    said_at: datetime | None = None
    not_found_since: datetime | None = None
    deleted_in_portal: bool = False


@dataclass(frozen=True)
class Rules:
    """How long what is waited for; all are settings, the hold also one of the location."""

    no_show_grace: timedelta
    rejoin_grace: timedelta
    late_open_limit: timedelta
    hold_limit: timedelta
    cooldown: timedelta


@dataclass(frozen=True)
class Decision:
    """The state a lease is in now, and when to look at it again, or to ask Zoom.

    *outcome* is what the appointment has become, once that is known. *ended_at*, *settled_at* and what follows from
    them are the times of the evidence, not of the look.
    """

    state: Lease
    live_at: datetime | None = None
    ended_at: datetime | None = None
    hold_until: datetime | None = None
    settled_at: datetime | None = None
    cooldown_until: datetime | None = None
    outcome: Appointment | None = None
    look_at: datetime | None = None
    ask_at: datetime | None = None


def decide(evidence: Evidence, rules: Rules, now: datetime) -> Decision:
    """The state that *evidence* stands for at *now*."""
    if any(each.ended_at is None for each in evidence.held):
        return _live(evidence)
    if any(_in_earnest(each, evidence) for each in evidence.held):
        return _left(evidence, rules, now)
    return _nobody_yet(evidence, rules, now)


def _in_earnest(held: Held, evidence: Evidence) -> bool:
    """Tried out and left before the start is not yet the meeting."""
    return held.ended_at is None or held.ended_at > evidence.starts_at or evidence.void


def _live(evidence: Evidence) -> Decision:
    """Somebody is inside. After the scheduled end Zoom is asked now and then, for the event of the end may be lost."""
    ask_at = evidence.ends_at
    if evidence.said_at is not None and evidence.said_at >= evidence.ends_at:
        ask_at = evidence.said_at + ASK_AGAIN
    return Decision(Lease.LIVE, live_at=_first_start(evidence), ask_at=ask_at)


def _left(evidence: Evidence, rules: Rules, now: datetime) -> Decision:
    """Nobody is inside, but somebody was: over once the scheduled end, or the grace for coming back, has passed."""
    last_end = max(each.ended_at for each in evidence.held if each.ended_at is not None)
    over_at = last_end
    if not evidence.void and last_end < evidence.ends_at:
        over_at = min(evidence.ends_at, last_end + rules.rejoin_grace)
    if now < over_at:
        return Decision(Lease.LIVE, live_at=_first_start(evidence), look_at=over_at)
    return _over(evidence, rules, now, over_at, Appointment.COMPLETED)


def _over(evidence: Evidence, rules: Rules, now: datetime, over_at: datetime, outcome: Appointment) -> Decision:
    """The account is kept until every recording is known, no longer than the hold; then it cools down.

    Then Zoom is asked once more: an instance of which no event came would be found in no other way, and no meeting is
    deleted, no account free, while the question is open.
    """
    hold_until = over_at + rules.hold_limit
    finals = [each.recorded_at for each in evidence.held]
    known = [final for final in finals if final is not None]
    if len(known) < len(finals) and now < hold_until:
        return Decision(
            Lease.PROCESSING,
            live_at=_first_start(evidence),
            ended_at=over_at,
            hold_until=hold_until,
            outcome=outcome,
            look_at=hold_until,
        )
    settled_at = hold_until if len(known) < len(finals) else min(max([over_at, *known]), hold_until)
    cooldown_until = settled_at + rules.cooldown
    ask_at = _to_be_confirmed(evidence, settled_at)
    return Decision(
        Lease.COOLDOWN,
        live_at=_first_start(evidence),
        ended_at=over_at,
        hold_until=hold_until,
        settled_at=settled_at,
        cooldown_until=cooldown_until,
        outcome=outcome,
        look_at=cooldown_until if ask_at is None else None,  # the answer makes us look
        ask_at=ask_at,
    )


def _to_be_confirmed(evidence: Evidence, settled_at: datetime) -> datetime | None:
    """When to ask Zoom whether it is really over; None: it has said so."""
    if evidence.said_at is None or evidence.said_at < settled_at:
        return settled_at
    return evidence.said_at + ASK_AGAIN if evidence.said is Said.STARTED else None


def _nobody_yet(evidence: Evidence, rules: Rules, now: datetime) -> Decision:
    """Nobody was inside, or only to try it out before the start."""
    no_show_at = max(evidence.starts_at, evidence.ready_at) + rules.no_show_grace
    if evidence.deleted_in_portal or evidence.said == Said.NOT_FOUND:
        return _vanished(evidence, rules, now, no_show_at)
    if now < no_show_at:
        return Decision(Lease.READY, ask_at=no_show_at)
    if evidence.said != Said.WAITING or evidence.said_at is None or evidence.said_at < no_show_at:
        return Decision(Lease.READY, ask_at=now)
    return _no_show(evidence, rules, now, no_show_at)


def _vanished(evidence: Evidence, rules: Rules, now: datetime, no_show_at: datetime) -> Decision:
    """Zoom does not know the meeting any more: another one is made while the appointment is still ahead."""
    if evidence.said != Said.NOT_FOUND or evidence.said_at is None:
        return Decision(Lease.READY, ask_at=now)
    since = evidence.not_found_since or evidence.said_at
    if not evidence.deleted_in_portal and evidence.said_at - since < NOT_FOUND_FOR:
        return Decision(Lease.READY, ask_at=evidence.said_at + NOT_FOUND_FOR)
    if not evidence.void and now < min(evidence.ends_at, evidence.starts_at + rules.late_open_limit):
        return Decision(Lease.RESERVED)
    return _no_show(evidence, rules, now, no_show_at)


def _no_show(evidence: Evidence, rules: Rules, now: datetime, no_show_at: datetime) -> Decision:
    """Nobody came. What was recorded while it was tried out is waited for before its meeting is deleted."""
    if evidence.held:
        return _over(evidence, rules, now, no_show_at, Appointment.NO_SHOW)
    return Decision(Lease.CLOSING, ended_at=no_show_at, outcome=Appointment.NO_SHOW)


def _first_start(evidence: Evidence) -> datetime | None:
    earnest = [each.started_at for each in evidence.held if _in_earnest(each, evidence)]
    return min(earnest, default=None)
