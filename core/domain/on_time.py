"""Whether a link came on time, and if not, what made it late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ON_TIME_WITHIN = timedelta(seconds=60)


class Outcome(StrEnum):
    """Whether the link mail was accepted within a minute of becoming due."""

    ON_TIME = "on_time"
    LATE = "late"


class Cause(StrEnum):
    """What made a link late."""

    CAPACITY = "capacity"  # no account was free
    ZOOM = "zoom"
    MAIL = "mail"
    US = "us"


@dataclass(frozen=True)
class Opening:
    """The times and troubles of one opening. *known_at*: when the appointment was booked."""

    due_at: datetime
    known_at: datetime
    reserved_at: datetime
    link_ready_at: datetime
    accepted_at: datetime
    waited: bool
    zoom_failed: bool
    mail_failed: bool

    @property
    def counts_from(self) -> datetime:
        """A booking inside the lead time is due at once, not before it was made."""
        return max(self.due_at, self.known_at)


def punctuality(opening: Opening) -> tuple[Outcome, Cause | None]:
    """The outcome of *opening*, and its cause when late."""
    if opening.accepted_at - opening.counts_from <= ON_TIME_WITHIN:
        return Outcome.ON_TIME, None
    return Outcome.LATE, _cause(opening)


def _cause(opening: Opening) -> Cause:
    """The longest stretch decides: before the account, at Zoom, or on the way to the mail server."""
    before_link = opening.link_ready_at - opening.counts_from
    if opening.accepted_at - opening.link_ready_at > before_link:
        return Cause.MAIL if opening.mail_failed else Cause.US
    if opening.waited:
        return Cause.CAPACITY
    at_zoom = opening.link_ready_at - opening.reserved_at
    return Cause.ZOOM if opening.zoom_failed or at_zoom > before_link - at_zoom else Cause.US
