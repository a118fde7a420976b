"""What becomes of an appointment that could not be opened just now."""

from datetime import datetime, timedelta

from core.domain.due import ISOLATE_BEFORE_START

TRIES = 3
RETRY_AFTER = timedelta(seconds=10)  # less than a tick, so that every tick tries again
CONSECUTIVE_FAILURES_OF_AN_OUTAGE = 8


def is_isolated(*, attempts: int, others_pass: bool, starts_at: datetime, now: datetime) -> bool:
    """Whether a transient failure puts its appointment aside, where a person sees it, instead of back into the line.

    What fails with everybody stays in line: an outage at a full hour must not become a thousand runs. What fails while
    others pass is set aside after the third try, or when its start is near enough that somebody has to act now.
    """
    return others_pass and (attempts + 1 >= TRIES or starts_at - now <= ISOLATE_BEFORE_START)


def retry_at(now: datetime, told: datetime | None = None) -> datetime:
    """When to try again: when Zoom said so, or after a fixed short while."""
    return max(told, now) if told is not None else now + RETRY_AFTER
