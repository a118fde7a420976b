"""Mails as the API shows them."""

from pydantic import Field

from console.api.schemas.base import Moment, Strict
from core.domain.states import Message
from core.mail.compose import Kind


class MessageBody(Strict):
    """One mail about an appointment, and how its delivery stands."""

    id: int
    kind: Kind
    to: str = Field(examples=["robin@example.com"])
    to_host: bool = Field(description="A copy for the calendar's host.")
    resend_of: int | None = Field(description="The mail that this one repeats.")
    status: Message
    reason: str | None = Field(description="Why it failed or was dropped, as a short stable word.")
    answer: str | None = Field(description="The mail server's last answer.", examples=["250 2.0.0 OK"])
    attempts: int
    created_at: Moment
    next_attempt_at: Moment | None = Field(description="While it waits.")
    sent_at: Moment | None = Field(description="When the mail server accepted it.")


class Messages(Strict):
    """Newest first; *next* leads to those before them."""

    items: list[MessageBody]
    next: str | None


class PreviewBody(Strict):
    """What a mail says at this moment, as it would leave now or as a sent one reads by now."""

    id: int
    kind: Kind
    to: str
    status: Message
    untrue: str | None = Field(description="Why it would not leave any more; null while it is true.")
    subject: str
    text: str
    html: str
    calendar: str = Field(description="Its entry for the reader's calendar, as iCalendar.")


class ResentBody(Strict):
    """The mail that was queued, and where it goes."""

    id: int
    kind: Kind
    to: str
