"""One tree of errors; the class says whether to retry, wait, bench an account or tell a person.

ZoomPoolError
├── ConfigurationError      a setting or a tool is missing or wrong: nothing works until it is mended
├── InvalidInput            what was given cannot be used; names the field
├── NotFound                what was named does not exist
├── NotAllowed              the person's role, or locations, do not allow it
│   └── SignInNeeded        nobody has signed in, or that is over
├── Conflict                what was asked contradicts what is
│   ├── StaleState          somebody else changed it first: read again, decide again
│   ├── AlreadyBooked       the caller's own id is taken by another content; names the fields
│   ├── PoolShort           its location takes no booking for which no account would be left
│   └── MeetingInProgress   people are inside; needs an explicit order to end the meeting
├── ConnectRefused          this Zoom user may not be connected here; says which would be right
├── ZoomError
│   ├── ZoomRejected        permanent: the same request will be refused again
│   │   ├── ZoomNotFound    the meeting, user or recording does not exist
│   │   └── MeetingLive     Zoom deletes no meeting while it runs
│   ├── ZoomUnavailable     transient: nobody answered, or not with an answer; it may have taken effect
│   ├── ZoomRateLimited     asked too fast; carries when to ask again
│   ├── TokenRefused        the access token is no longer valid: refresh once, try once more
│   ├── NeedsReauth         the grant is dead: a person has to connect the account again
│   └── AccountUnfit        this account cannot do the work now; another one may
├── MailError
│   ├── MailRejected        permanent: the mail server refuses this mail
│   └── MailUnavailable     transient: try again later
│       └── MailServerDown  nobody's mail can leave now: stop trying for a moment
└── HookUnreachable         transient: nobody took the outgoing webhook, or it is an address that we do not call
"""

from datetime import datetime


class ZoomPoolError(Exception):
    """Something the product can explain: *message* says what happened, *next_step* what to do about it."""

    next_step = ""

    def __init__(self, message: str, *, next_step: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if next_step is not None:
            self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".rstrip()


class ConfigurationError(ZoomPoolError):
    """A setting or a tool is missing or wrong."""


class InvalidInput(ZoomPoolError):
    """A value that was given cannot be used; *field* names it as the caller knows it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class NotFound(ZoomPoolError):
    """What was named does not exist."""


class NotAllowed(ZoomPoolError):
    """Who asks may not do this."""

    next_step = "Ask an admin for another role, or somebody who may to do it."


class SignInNeeded(NotAllowed):
    """Nobody has signed in, or the sign-in is over."""

    next_step = "Sign in."


class Conflict(ZoomPoolError):
    """What was asked contradicts what is."""


class AlreadyBooked(Conflict):
    """The caller's own id is taken by an appointment with other content; *fields* names what differs."""

    next_step = "Use another external id, or reschedule the existing appointment."

    def __init__(self, message: str, fields: tuple[str, ...]) -> None:
        super().__init__(message)
        self.fields = fields


class PoolShort(Conflict):
    """Its location takes no booking for which no account would be left."""

    next_step = "Choose another time, or let operations connect more seats."


class StaleState(Conflict):
    """Somebody else changed it first."""

    next_step = "Look at it again and decide anew."


class MeetingInProgress(Conflict):
    """People are inside the meeting."""

    next_step = "Wait for its end, or ask to end it."


class ConnectRefused(ZoomPoolError):
    """This Zoom user may not be connected here; *reason* is a short stable word for programs."""

    def __init__(self, reason: str, message: str, *, next_step: str) -> None:
        super().__init__(message, next_step=next_step)
        self.reason = reason


class ZoomError(ZoomPoolError):
    """Zoom did not do what was asked.

    *status* is the HTTP status (None when there was none), *code* the number in Zoom's error body, *tracking_id* the
    `x-zm-trackingid` header, which Zoom's support asks for.
    """

    def __init__(
        self,
        message: str,
        *,
        next_step: str | None = None,
        status: int | None = None,
        code: int | None = None,
        tracking_id: str | None = None,
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.status = status
        self.code = code
        self.tracking_id = tracking_id


class ZoomRejected(ZoomError):
    """Permanent: the same request will be refused again."""


class ZoomNotFound(ZoomRejected):
    """The meeting, user or recording does not exist (any more)."""


class MeetingLive(ZoomRejected):
    """Zoom deletes no meeting while it runs."""

    next_step = "Wait for its end, or end it first."


class ZoomUnavailable(ZoomError):
    """Transient: no answer, or none that says anything. *maybe_done*: the request may have taken effect all the
    same."""

    def __init__(self, message: str, *, maybe_done: bool = False, **facts: object) -> None:
        super().__init__(message, **facts)  # type: ignore[arg-type]
        self.maybe_done = maybe_done


class ZoomRateLimited(ZoomError):
    """Asked too fast; *retry_at* is when to ask again (UTC), None where Zoom did not say."""

    def __init__(self, message: str, *, retry_at: datetime | None = None, **facts: object) -> None:
        super().__init__(message, **facts)  # type: ignore[arg-type]
        self.retry_at = retry_at


class TokenRefused(ZoomError):
    """The access token is not valid, or no longer; a refresh may help, once."""


class NeedsReauth(ZoomError):
    """The grant is dead: a person has to connect the account again."""

    next_step = "Open Connections and press Reconnect for this account."


class AccountUnfit(ZoomError):
    """This account cannot do the work now. *reason* is a short stable word, *until* when it may be fit again (None:
    unknown)."""

    def __init__(self, reason: str, message: str, *, until: datetime | None = None, **facts: object) -> None:
        super().__init__(message, **facts)  # type: ignore[arg-type]
        self.reason = reason
        self.until = until


class MailError(ZoomPoolError):
    """The mail server did not accept a mail; *reply* is its own answer, code first."""

    def __init__(self, message: str, *, reply: str = "") -> None:
        super().__init__(message)
        self.reply = reply


class MailRejected(MailError):
    """Permanent: the server refuses this mail."""


class MailUnavailable(MailError):
    """Transient: the server cannot take it now."""


class MailServerDown(MailUnavailable):
    """The server cannot be reached, or takes no mail from us at all: it says nothing about the mail at hand."""


class HookUnreachable(ZoomPoolError):
    """Nobody took an outgoing webhook: there was no answer in time, or it is an address that we do not call."""
