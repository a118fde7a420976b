"""What people are told about: the kinds of conditions, and the facts of one that is true."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.domain.local_time import abbreviation, comes_twice, on_the_wall


class Kind(StrEnum):
    """The kinds of conditions."""

    POOL_SHORT = "pool_short"
    POOL_SHORT_LATE = "pool_short_late"
    LINK_AT_RISK = "link_at_risk"
    LINK_FAILED = "link_failed"
    LINK_MISSED = "link_missed"
    LINK_MAIL_LATE = "link_mail_late"
    LINK_MAIL_REFUSED = "link_mail_refused"
    MAIL_REFUSED = "mail_refused"
    NOT_RECORDED = "not_recorded"
    NEEDS_ATTENTION = "needs_attention"
    RECORDING_OVERDUE = "recording_overdue"
    OVERRUN = "overrun"
    WEBHOOKS_SILENT = "webhooks_silent"
    STILL_PAUSED = "still_paused"
    DELETION_STOPPED = "deletion_stopped"
    HOOK_UNDELIVERED = "hook_undelivered"
    RECONCILE = "reconcile"
    WATCHDOG = "watchdog"


TITLES = {
    Kind.POOL_SHORT: "Pool short",
    Kind.POOL_SHORT_LATE: "Pool short, five minutes before the start",
    Kind.LINK_AT_RISK: "Links at risk",
    Kind.LINK_FAILED: "Link failed",
    Kind.LINK_MISSED: "Link missed",
    Kind.LINK_MAIL_LATE: "Link mail not accepted",
    Kind.LINK_MAIL_REFUSED: "Link mail refused",
    Kind.MAIL_REFUSED: "Mail refused",
    Kind.NOT_RECORDED: "Not recorded",
    Kind.NEEDS_ATTENTION: "Account needs attention",
    Kind.RECORDING_OVERDUE: "Recording overdue",
    Kind.OVERRUN: "Meeting overruns",
    Kind.WEBHOOKS_SILENT: "Zoom is silent",
    Kind.STILL_PAUSED: "Still paused",
    Kind.DELETION_STOPPED: "Meetings are no longer deleted",
    Kind.HOOK_UNDELIVERED: "Booking system not told",
    Kind.RECONCILE: "Reconcile waits for a person",
    Kind.WATCHDOG: "The product itself",
}

# What can wait until somebody has finished a sentence; everything else costs a client a meeting, or hides that it does.
CALM = {
    Kind.POOL_SHORT,
    Kind.RECORDING_OVERDUE,
    Kind.OVERRUN,
    Kind.NOT_RECORDED,
    Kind.STILL_PAUSED,
    Kind.RECONCILE,
    Kind.HOOK_UNDELIVERED,
}


@dataclass(frozen=True)
class Wrong:
    """One condition as the tables show it: *number* things, the first of them *names*; *at* is the time of the first.

    *location* is None where it spans several. *risk* names the appointments that a sick account puts at risk.
    """

    kind: Kind
    number: int = 1
    names: tuple[str, ...] = ()
    location: str | None = None
    zone: str = "UTC"
    at: datetime | None = None
    cause: str | None = None
    risk: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """Where it is, as the end of a sentence."""
        return f"at {self.location}" if self.location else "at several locations"

    @property
    def when(self) -> str:
        """The time in the location's zone; of an hour that comes twice, which."""
        assert self.at
        which = f"{abbreviation(self.at, self.zone)}, " if comes_twice(self.at, self.zone) else ""
        return f"{on_the_wall(self.at, self.zone):%H:%M} ({which}{self.zone})"


def title(kind: str, *, location: str | None = None, cleared: bool = False) -> str:
    """The line that a message begins with."""
    name = TITLES.get(Kind(kind), kind)
    return f"{'Over: ' if cleared else ''}{name}{f' · {location}' if location else ''}"
