"""When a link is due, late, to be escalated, or no longer worth opening."""

from dataclasses import dataclass
from datetime import datetime, timedelta

ESCALATE_BEFORE_START = timedelta(minutes=5)
ISOLATE_BEFORE_START = timedelta(minutes=6)
ON_TIME = timedelta(seconds=60)


@dataclass(frozen=True)
class OpeningHours:
    """The window around a start in which its link is opened; both bounds are settings."""

    lead_time: timedelta
    late_open_limit: timedelta

    def due_from(self, starts_at: datetime) -> datetime:
        """When the link becomes due."""
        return starts_at - self.lead_time

    def due_until(self, starts_at: datetime, ends_at: datetime) -> datetime:
        """When nobody opens it any more by himself: some time after the start, never past the end."""
        return min(starts_at + self.late_open_limit, ends_at)

    def horizon(self, now: datetime) -> datetime:
        """Every appointment that starts until then is due."""
        return now + self.lead_time

    def earliest(self, now: datetime) -> datetime:
        """Every appointment that started after that may still be opened."""
        return now - self.late_open_limit
