"""Which stretch of the past is looked at, and how finely."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

HOUR = 3600
STEPS = (600, 1800, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR)  # seconds
MOST_POINTS = 250


@dataclass(frozen=True)
class HistoryWindow:
    """From *since* until just before *until*, in buckets of so many *seconds*; the last one may be cut off."""

    since: datetime
    until: datetime
    seconds: int

    @property
    def with_before(self) -> "HistoryWindow":
        """Together with the stretch before it, which has as many buckets; the last of them may be cut off, too."""
        buckets = -((self.since - self.until) // timedelta(seconds=self.seconds))
        return HistoryWindow(self.since - buckets * timedelta(seconds=self.seconds), self.until, self.seconds)

    @property
    def before(self) -> datetime:
        """When the stretch of exactly the same length before it begins."""
        return self.since - (self.until - self.since)


def history_window(since: datetime, until: datetime, zone: str) -> HistoryWindow:
    """The stretch in as many buckets as a chart can show, beginning at a full bucket on the clock of *zone*."""
    if since >= until:
        raise ValueError(f"A stretch has to end after it begins, not {since} to {until}.")
    seconds = next((step for step in STEPS if (until - since).total_seconds() / step <= MOST_POINTS), STEPS[-1])
    local = since.astimezone(ZoneInfo(zone))
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return HistoryWindow(since - past % timedelta(seconds=min(seconds, HOUR)), until, seconds)
