"""Every state of the product and the moves between them.

The same sets stand in the database as CHECK constraints, and every UPDATE repeats the allowed *from* states in its
WHERE.
"""

from enum import StrEnum


class MeetingLocation(StrEnum):
    """Where the appointments of a calendar take place."""

    ZOOM = "zoom"
    PHONE = "phone"
    GOOGLE_MEET = "google_meet"
    CUSTOM = "custom"


class Appointment(StrEnum):
    """The life of what the client booked."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    MISSED = "missed"


class Link(StrEnum):
    """The state of an appointment's join link."""

    NOT_NEEDED = "not_needed"  # its calendar does not meet on Zoom
    NOT_DUE = "not_due"
    WAITING = "waiting"  # due, no account free
    OPENING = "opening"  # leased; the meeting is being made
    READY = "ready"
    FAILED = "failed"  # put aside: a person has to look
    MISSED = "missed"
    ENDED = "ended"


class Lease(StrEnum):
    """The life of the right of one appointment revision to one account."""

    RESERVED = "reserved"
    READY = "ready"
    LIVE = "live"
    PROCESSING = "processing"
    COOLDOWN = "cooldown"
    CLOSING = "closing"
    RELEASED = "released"


TRANSITIONS: dict[Lease, frozenset[Lease]] = {
    Lease.RESERVED: frozenset({Lease.READY, Lease.CLOSING, Lease.RELEASED}),
    # Back to reserved: somebody deleted the meeting on Zoom before it took place, so another one is made.
    Lease.READY: frozenset({Lease.RESERVED, Lease.LIVE, Lease.PROCESSING, Lease.COOLDOWN, Lease.CLOSING}),
    # Tried out before its start and left again: ready, not over.
    # Straight to cooldown where nothing is recorded.
    Lease.LIVE: frozenset({Lease.READY, Lease.PROCESSING, Lease.COOLDOWN, Lease.CLOSING}),
    # The same link starts a new instance as long as the meeting exists on Zoom; a person may free the account early.
    Lease.PROCESSING: frozenset({Lease.LIVE, Lease.COOLDOWN, Lease.CLOSING, Lease.RELEASED}),
    # Back to processing: an instance that nobody knew of has come to light, and its recording is sought.
    Lease.COOLDOWN: frozenset({Lease.LIVE, Lease.PROCESSING, Lease.CLOSING, Lease.RELEASED}),
    # Somebody got in before the meeting was deleted: it goes on, so that its recording is not lost with it.
    Lease.CLOSING: frozenset({Lease.LIVE, Lease.RELEASED}),
    Lease.RELEASED: frozenset(),
}


class Release(StrEnum):
    """Why a lease ended."""

    COOLED = "cooled"
    CANCELLED = "cancelled"
    RESCHEDULED = "rescheduled"
    NO_SHOW = "no_show"
    MOVED = "moved"
    FAILED = "failed"
    FREED = "freed"
    NOT_NEEDED = "not_needed"  # its calendar left Zoom before the link was made


class Meeting(StrEnum):
    """What we know about a meeting on Zoom."""

    INTENDED = "intended"  # committed before the call: it may or may not exist
    CREATED = "created"
    DELETING = "deleting"  # a duty until Zoom confirms
    GONE = "gone"
    UNKNOWN = "unknown"  # its creation got no answer and it was not found; looked for again


class Recording(StrEnum):
    """What became of the recording of one instance. Only *sought* is not final; all but *attached* are reversible."""

    SOUGHT = "sought"
    ATTACHED = "attached"
    NONE_MADE = "none_made"
    FAILED = "failed"  # there is one, but it is empty or far shorter than the meeting
    GAVE_UP = "gave_up"  # not found within 72 hours


class Connection(StrEnum):
    """The state of our grant to an account; *quarantined* and *busy elsewhere* are derived from times."""

    CONNECTED = "connected"
    DRAINING = "draining"
    NEEDS_REAUTH = "needs_reauth"
    DISCONNECTED = "disconnected"


class Message(StrEnum):
    """The delivery of one message."""

    QUEUED = "queued"
    IN_FLIGHT = "in_flight"
    RETRYING = "retrying"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"  # no longer true when its turn came: cancelled, moved or replaced


class Channel(StrEnum):
    """How a message leaves."""

    MAIL = "mail"
    HOOK = "hook"
    ALERT = "alert"


class Access(StrEnum):
    """What an API key may do; each includes the ones before it."""

    READ = "read"
    BOOK = "book"  # write appointments
    ADMIN = "admin"  # and calendars, locations, seats and outgoing webhooks
