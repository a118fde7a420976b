"""What the booking system can be told of, and which lines of the timeline tell it.

The trigger `queue_hooks` (migration 0003) says the same in SQL; a test holds the two together.
"""

from enum import StrEnum


class HookEvent(StrEnum):
    """The events an endpoint may ask for."""

    BOOKED = "appointment.booked"
    RESCHEDULED = "appointment.rescheduled"  # moved, or its end changed
    CANCELLED = "appointment.cancelled"
    WAITING = "appointment.waiting"  # due, and no account is free
    LINK_READY = "appointment.link_ready"
    LINK_REPLACED = "appointment.link_replaced"  # the link told before for this revision is dead
    LINK_FAILED = "appointment.link_failed"
    MISSED = "appointment.missed"
    LIVE = "appointment.live"
    ENDED = "appointment.ended"
    NO_SHOW = "appointment.no_show"
    RECORDING_READY = "appointment.recording_ready"  # complete, once for each time that the meeting was held
    NEEDS_ATTENTION = "account.needs_attention"  # an account serves nobody until a person has looked, or its time comes


PING = "ping"  # sent by a person to try an endpoint out; nobody asks for it

# The kinds of the timeline's lines, each with the events it may be told as; the trigger says when.
TOLD_AS: dict[str, tuple[HookEvent, ...]] = {
    "appointment_booked": (HookEvent.BOOKED,),
    "appointment_rescheduled": (HookEvent.RESCHEDULED,),
    "appointment_end_changed": (HookEvent.RESCHEDULED,),
    "appointment_cancelled": (HookEvent.CANCELLED,),
    "link_waiting": (HookEvent.WAITING,),
    "link_ready": (HookEvent.LINK_READY, HookEvent.LINK_REPLACED),
    "link_failed": (HookEvent.LINK_FAILED,),
    "link_missed": (HookEvent.MISSED,),
    "meeting_live": (HookEvent.LIVE,),
    "meeting_over": (HookEvent.ENDED,),
    "account_cooling": (HookEvent.ENDED,),
    "meeting_left_behind": (HookEvent.ENDED,),
    "no_show": (HookEvent.NO_SHOW,),
    "recording_attached": (HookEvent.RECORDING_READY,),
    "account_needs_reauth": (HookEvent.NEEDS_ATTENTION,),
    "account_benched": (HookEvent.NEEDS_ATTENTION,),
}
