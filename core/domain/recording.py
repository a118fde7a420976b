"""When a recording is asked for, when it is complete, and when nobody waits for it any longer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.domain.states import Recording

# Since the instance's end. Zoom takes up to twice the recorded time, now and then a day, and looks askance at apps
# that ask too early: what is not there yet is answered like an error.
LADDER = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
    timedelta(hours=24),
    timedelta(hours=48),
    timedelta(hours=72),
)
SEARCH = LADDER[-1]
BETWEEN_TWO_NOES = timedelta(minutes=15)
MORE_LOOKS = 2
MAY_BE_MISSING = timedelta(minutes=2)  # joining and leaving take their time, and a recording starts a little late

# Why a recording that is there is not complete.
EMPTY, UNFINISHED, TOO_SHORT = "empty", "unfinished", "too_short"
FAULTS = frozenset({EMPTY, UNFINISHED, TOO_SHORT})
# Why there is none.
NOT_RECORDED, NEVER_STARTED, NEVER_CAME, DISCONNECTED = "not_recorded", "never_started", "never_came", "disconnected"

MEDIA = frozenset({"MP4", "M4A"})
COMPLETED = "completed"


@dataclass(frozen=True)
class File:
    """What counts of one file."""

    file_type: str
    size: int | None
    status: str | None
    recorded_from: datetime | None
    recorded_to: datetime | None


@dataclass(frozen=True)
class Standing:
    """How the search for one recording stands. *looks*: how often Zoom was asked since it was found incomplete."""

    outcome: Recording
    reason: str | None = None
    next_attempt_at: datetime | None = None
    looks: int = 0
    none_since: datetime | None = None


def next_rung(since: datetime, now: datetime) -> datetime | None:
    """When to ask next about what ended at *since*; None once the search is over."""
    return next((since + rung for rung in LADDER if since + rung > now), None)


def fault_of(files: Sequence[File], *, minutes: int | None, held: timedelta | None) -> str | None:
    """What keeps *files* from being the recording of an instance that lasted *held*; None: it is complete.

    *minutes* is how long Zoom says it is, for files that do not say themselves. Without *held* length proves nothing.
    """
    media = [file for file in files if file.file_type in MEDIA]
    if not media or not any(file.size for file in media):
        # A size that is not told yet is no size of zero.
        return UNFINISHED if any(file.size is None for file in media) else EMPTY
    # No status at all says nothing; size and length decide.
    if any(not file.size or file.status not in (None, COMPLETED) for file in media):
        return UNFINISHED
    recorded = recorded_length(media)
    if recorded is None and minutes is not None:
        recorded = timedelta(minutes=minutes)
    if held is None or recorded is None:
        return None
    enough = recorded >= held / 2 or held - recorded <= MAY_BE_MISSING
    return None if enough else TOO_SHORT


def recorded_length(files: Iterable[File]) -> timedelta | None:
    """How much time *files* cover together: views of the same time count once, pauses not at all. None: none says."""
    spans = sorted((file.recorded_from, file.recorded_to) for file in files if file.recorded_from and file.recorded_to)
    if not spans:
        return None
    total, covered_to = timedelta(), spans[0][0]
    for start, end in spans:
        total += max(end - max(start, covered_to), timedelta())
        covered_to = max(covered_to, end)
    return total


def found(standing: Standing, fault: str | None, *, asked: bool, since: datetime, now: datetime) -> Standing:
    """How it stands after files were seen. *asked*: Zoom was asked for all there is; an event may bring a part.

    What was complete once stays so. What is incomplete is asked for again at the next rungs, since Zoom may be at work
    on the rest; what stays empty or short is that.
    """
    if fault is None or standing.outcome is Recording.ATTACHED:
        return Standing(Recording.ATTACHED)
    if standing.outcome is Recording.FAILED:
        return Standing(Recording.FAILED, standing.reason)
    known = standing.reason in FAULTS
    looks = standing.looks + 1 if known and asked else standing.looks if known else 0
    at = next_rung(since, now)
    if asked and (at is None or (looks >= MORE_LOOKS and fault != UNFINISHED)):
        return Standing(Recording.FAILED, fault)
    # Found after the search was given up: one more question decides.
    return Standing(Recording.SOUGHT, fault, at or now + BETWEEN_TWO_NOES, looks)


def nothing(standing: Standing, *, events: int, recording_started: bool, since: datetime, now: datetime) -> Standing:
    """How it stands after Zoom said that there is none.

    None was made where the instance's other events came, but none that a recording began, and Zoom has said no twice.
    That frees the account; the search goes on, because two events can be lost as well as one.
    """
    if standing.outcome is Recording.ATTACHED:
        return Standing(Recording.ATTACHED)
    if standing.reason in FAULTS:
        return found(standing, standing.reason, asked=True, since=since, now=now)
    none_since = standing.none_since or now
    at = next_rung(since, now)
    if standing.outcome is Recording.NONE_MADE:
        return Standing(Recording.NONE_MADE, standing.reason, at, none_since=none_since)
    if events and not recording_started:
        again = none_since + BETWEEN_TWO_NOES
        if now >= again:
            return Standing(Recording.NONE_MADE, NEVER_STARTED, at, none_since=none_since)
        return Standing(Recording.SOUGHT, None, again, none_since=none_since)
    if at is None:
        return Standing(Recording.GAVE_UP, NEVER_CAME, none_since=none_since)
    return Standing(Recording.SOUGHT, None, at, none_since=none_since)


def unanswered(standing: Standing, *, at: datetime | None) -> Standing:
    """How it stands when Zoom could not be asked: as before, and asked again *at* if anything is sought."""
    sought = standing.outcome in (Recording.SOUGHT, Recording.NONE_MADE)
    return replace(standing, next_attempt_at=at if sought else None)


def given_up(standing: Standing, reason: str) -> Standing:
    """How it stands when the search is over and nobody could be asked."""
    if standing.outcome is not Recording.SOUGHT:
        return Standing(standing.outcome, standing.reason, none_since=standing.none_since)
    if standing.reason in FAULTS:
        return Standing(Recording.FAILED, standing.reason)
    return Standing(Recording.GAVE_UP, reason, none_since=standing.none_since)
