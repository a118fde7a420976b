"""When a link is due, late, to be escalated, or no longer worth opening."""

from dataclasses import dataclass
from datetime import datetime, timedelta

ESCALATE_BEFORE_START = timedelta(minutes=5)
ISOLATE_BEFORE_START = timedelta(minutes=6)


@dataclass(frozen=True)
class OpeningHours:
    """The window around a start in which its link is opened; both bounds are settings."""

    lead_time: timedelta
    late_open_limit: timedelta

    def due_from(self, starts_at: datetime) -> datetime:
        """When the link becomes due."""
        return starts_at - self.lead_time

    def horizon(self, now: datetime) -> datetime:
        """Every appointment that starts until then is due."""
        return now + self.lead_time

    def earliest(self, now: datetime) -> datetime:
        """Every appointment that started after that may still be opened."""
        return now - self.late_open_limit
