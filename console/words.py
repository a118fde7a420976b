"""Reasons and events in words: what happened and what to do next, never a bare code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Explained:
    """A sentence that says what is, and one that says what to do about it (empty: nothing has to be done)."""

    what: str
    next_step: str = ""


# Why an appointment has no link (yet).
REASONS = {
    "no_free_account": Explained("Every account of this location is in use.", "It gets the next one that becomes free."),
    "no_connected_account": Explained(
        "This location has no connected account.", "Open Connections and connect one of its seats."
    ),
    "allocation_paused": Explained("Somebody paused the opening of links.", "Resume it when the cause is gone."),
    "location_suspended": Explained("This location is suspended: no new links.", "Ask QuantixOne to reactivate it."),
    "zoom_unavailable": Explained("Zoom does not answer.", "We go on trying; nothing has to be done."),
    "rate_limited": Explained("Zoom asked us to slow down.", "We go on as soon as Zoom allows."),
    "zoom_rejected": Explained("Zoom refused to create the meeting.", "Read Zoom's answer, mend its cause and run it again."),
    "needs_reauth": Explained("Zoom no longer accepts our access.", "Open Connections and press Reconnect."),
    "quota_spent": Explained("Zoom's limit of meetings per day is used up.", "The account works again at midnight UTC."),
    "waiting_room": Explained(
        "Zoom forces a waiting room on this account.", "Switch it off in the account's Zoom settings, then press Reconnect."
    ),
    "sign_in_forced": Explained(
        "Zoom lets only signed-in people join.", "Switch that off in the account's Zoom settings, then press Reconnect."
    ),
    "no_join_before_host": Explained(
        "Zoom lets nobody join before the host.", "Allow it in the account's Zoom settings, then press Reconnect."
    ),
    "recording_dropped": Explained(
        "Zoom will not record this meeting.", "Switch cloud recording on in the account's Zoom settings."
    ),
    "not_licensed": Explained("The Zoom licence is gone.", "Give the user a licence in Zoom, then press Reconnect."),
    "grant_revoked": Explained("Access was withdrawn in Zoom.", "Press Reconnect and sign in with this seat's address."),
}

EVENTS = {
    "appointment_booked": "Booked",
    "appointment_cancelled": "Cancelled",
    "appointment_rescheduled": "Rescheduled",
    "link_waiting": "Waiting for an account",
    "link_ready": "Link put on the appointment",
    "link_failed": "Put aside: the link could not be opened",
    "link_missed": "Missed: it ended without a link",
    "lease_granted": "Account chosen",
    "lease_ready": "Account holds the meeting",
    "lease_live": "Meeting began",
    "lease_ended": "Meeting ended",
    "lease_closing": "Account is being cleared",
    "lease_released": "Account released",
    "meeting_created": "Meeting created on Zoom",
    "meeting_adopted": "Meeting found on Zoom and taken over",
    "meeting_deleting": "Meeting to be deleted on Zoom",
    "meeting_gone": "Meeting is gone from Zoom",
    "mail_sent": "Mail accepted",
    "mail_failed": "Mail refused",
}


def reason(word: str | None) -> Explained:
    """What the stable word *word* means to people."""
    return REASONS.get(word or "", Explained(f"{_sentence(word)}." if word else "No reason is recorded."))


def event(kind: str, detail: Mapping[str, Any]) -> str:
    """One line of the timeline in words, with why where *detail* says it."""
    said = EVENTS.get(kind, _sentence(kind))
    why = detail.get("reason")
    return f"{said}: {reason(why).what.rstrip('.').lower()}" if why else said


def _sentence(word: str | None) -> str:
    return (word or "").replace("_", " ").strip().capitalize()
