"""Reasons and events in words: what happened and what to do next, never a bare code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.moments import clock, until
from core.domain.alerts import title


@dataclass(frozen=True)
class Explained:
    """A sentence that says what is, and one that says what to do about it (empty: nothing has to be done)."""

    what: str
    next_step: str = ""


# Why an appointment has no link (yet).
REASONS = {
    "no_free_account": Explained(
        "Every account of this location is in use.", "It gets the next one that becomes free."
    ),
    "no_connected_account": Explained(
        "This location has no connected account.", "Open Connections and connect one of its seats."
    ),
    "allocation_paused": Explained("Somebody paused the opening of links.", "Resume it when the cause is gone."),
    "location_suspended": Explained("This location is suspended: no new links.", "Ask QuantixOne to reactivate it."),
    "zoom_unavailable": Explained("Zoom does not answer.", "We go on trying; nothing has to be done."),
    "rate_limited": Explained("Zoom asked us to slow down.", "We go on as soon as Zoom allows."),
    "zoom_rejected": Explained(
        "Zoom refused to create the meeting.", "Read Zoom's answer, mend its cause and run it again."
    ),
    "needs_reauth": Explained("Zoom no longer accepts our access.", "Open Connections and press Reconnect."),
    "quota_spent": Explained(
        "Zoom's limit of meetings per day is used up.", "The account works again at midnight UTC."
    ),
    "waiting_room": Explained(
        "Zoom forces a waiting room on this account.",
        "Switch it off in the account's Zoom settings, then press Reconnect.",
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
    "licence_gone": Explained(
        "The Zoom licence is gone.", "Assign a licence in Zoom's admin portal, then press Reconnect."
    ),
    "user_gone": Explained(
        "This Zoom user does not exist any more.", "Restore it in Zoom's admin portal, or issue another seat."
    ),
    "no_permission": Explained(
        "The role or plan of this Zoom user does not allow meetings.",
        "Correct it in Zoom's admin portal, then press Reconnect.",
    ),
    "token_refused": Explained(
        "Zoom no longer accepts our access.", "Press Reconnect and sign in with this seat's address."
    ),
    "permission_missing": Explained(
        "Zoom says that a permission is missing.", "Press Reconnect and allow all of them."
    ),
    "account_disconnected": Explained(
        "Its account was disconnected by a person.", "It gets the next one that becomes free."
    ),
    "not_needed": Explained("Its calendar left Zoom before the link was made."),
    "not_active": Explained(
        "This Zoom user is not active.", "Activate it in Zoom's admin portal, then press Reconnect."
    ),
    "dead_grant": Explained("Zoom has ended our access.", "Press Reconnect and sign in with this seat's address."),
    "deauthorized": Explained(
        "The user removed the app in Zoom.", "Press Reconnect and allow access again, or disconnect the account."
    ),
    # Why an outgoing webhook did not arrive.
    "in_vain": Explained("It was in vain for a day.", "Ask the booking system's people, then press Re-send."),
    "endpoint_gone": Explained("The receiver says that it is gone for good.", "Enable it once there is a new one."),
    "endpoint_disabled": Explained("Its endpoint was disabled.", "Enable the endpoint, then press Re-send."),
    # Why there is no recording, or none that is complete.
    "not_recorded": Explained("Zoom would not record this meeting."),
    "never_started": Explained("Nothing was recorded in this meeting."),
    "never_came": Explained(
        "Zoom had no recording for three days.", "Look in Zoom's portal; what appears there after all is attached."
    ),
    "disconnected": Explained(
        "The account is not connected, so Zoom cannot be asked.", "Reconnect the account, then look again."
    ),
    "too_short": Explained("Zoom recorded only a small part of the meeting.", "Play it, and look in Zoom's portal."),
    "empty": Explained("There is nothing in the recording.", "Look in Zoom's portal."),
    "unfinished": Explained("Zoom is not done with every file."),
    "no_recording_permission": Explained(
        "The role of this Zoom user gives no access to recordings.",
        "Allow the role “View the recording content” in Zoom's admin portal, then look again.",
    ),
}

EVENTS = {
    "appointment_booked": "Booked",
    "appointment_cancelled": "Cancelled",
    "appointment_rescheduled": "Rescheduled",
    "appointment_end_changed": "Its end changed, the link stays",
    "appointment_moved_account": "Moved to another account by hand",
    "practice_due": "Sandbox: time passed until its link was due",
    "practice_start": "Sandbox: time passed until it began",
    "practice_end": "Sandbox: time passed until it ended",
    "practice_rested": "Sandbox: the cooldown of its account was cut short",
    "link_waiting": "Waiting for an account",
    "link_needed": "Its calendar meets on Zoom by now: it gets a link",
    "link_not_needed": "Its calendar meets elsewhere by now: it needs no link",
    "lease_granted": "Account chosen",
    "account_replaced": "Another account takes over",
    "account_benched": "Account taken out of the pool",
    "account_needs_reauth": "Account lost its connection",
    "account_connected": "Account connected",
    "account_reconnected": "Account reconnected",
    "account_draining": "Account is to be disconnected after its last meeting",
    "account_disconnected": "Account disconnected",
    "account_released": "Account put back into the pool",
    "appointment_moved": "Taken off its account, to get another one",
    "tokens_forgotten": "Its tokens are deleted",
    "location_added": "Location added",
    "location_edited": "Location changed",
    "calendar_added": "Calendar added",
    "calendar_edited": "Calendar changed",
    "calendar_meets_elsewhere": "Calendar meets elsewhere",
    "seat_issued": "Seat issued",
    "seat_taken_back": "Seat taken back",
    "grant_renewed": "Access renewed, long before Zoom would end it",
    "account_busy_elsewhere": "Somebody began a meeting of his own on the account",
    "account_free_elsewhere": "The meeting that was not ours is over",
    "link_ready": "Meeting created, link ready",
    "zoom_asked": "Zoom was asked about the meeting",
    "meeting_live": "Somebody is inside: the meeting is live",
    "meeting_tried_out": "Tried out before the start and left again",
    "meeting_over": "The meeting is over; its recording is sought",
    "meeting_left_behind": "No longer followed: its account was disconnected",
    "account_cooling": "Account cools down",
    "no_show": "Nobody came: the meeting is deleted and the account freed",
    "meeting_vanished": "Somebody deleted the meeting on Zoom: another one is made",
    "meeting_gone": "Meeting is gone from Zoom",
    "zoom_meeting_created": "Zoom: meeting created",
    "zoom_meeting_started": "Zoom: meeting started",
    "zoom_meeting_ended": "Zoom: meeting ended",
    "zoom_meeting_deleted": "Zoom: meeting deleted",
    "zoom_meeting_permanently_deleted": "Zoom: meeting deleted for good",
    "zoom_meeting_recovered": "Zoom: meeting recovered",
    "zoom_meeting_participant_joined": "Zoom: somebody came in",
    "zoom_meeting_participant_jbh_joined": "Zoom: somebody came in before the host",
    "zoom_meeting_participant_left": "Zoom: somebody left",
    "zoom_recording_started": "Zoom: recording started",
    "zoom_recording_stopped": "Zoom: recording stopped",
    "zoom_recording_paused": "Zoom: recording paused",
    "zoom_recording_resumed": "Zoom: recording goes on",
    "zoom_recording_completed": "Zoom: recording processed",
    "zoom_recording_transcript_completed": "Zoom: transcript written",
    "zoom_recording_trashed": "Zoom: recording put into the trash",
    "zoom_recording_recovered": "Zoom: recording taken out of the trash",
    "zoom_recording_deleted": "Zoom: recording deleted for good",
    "meeting_lost_race": "A second meeting was made and is deleted again",
    "link_retried": "Another try was asked for",
    "link_copied": "Link copied to pass it on",
    "host_link_given": "Start as host: somebody was given Zoom's start link",
    "link_failed": "Put aside: the link could not be opened",
    "link_missed": "Missed: it ended without a link",
    "mail_accepted": "Mail accepted by the mail server",
    "mail_failed": "Mail not delivered",
    "mail_resent": "Mail sent again by hand",
    "client_changed": "Client's name, address or zone changed",
    "mail_dropped": "Mail not sent, because it was no longer true",
    "recording_attached": "Recording attached",
    "recording_incomplete": "Recording not complete yet",
    "recording_failed": "Recording failed",
    "recording_none_made": "No recording was made",
    "recording_gave_up": "Search for the recording given up",
    "recording_transcript": "Transcript attached",
    "recording_more_files": "More files of the recording attached",
    "recording_archived": "Recording copied to the archive",
    "recording_recovered": "The recording went with its deleted meeting and was recovered",
    "recording_lost": "The recording went with its deleted meeting",
    "deletion_resumed": "Finished meetings are deleted again",
    "meeting_ended_by_us": "Meeting ended for everybody in it, as told",
    "closing_stopped": "People have been inside: the meeting stays until its recording is attached",
    "account_freed": "Account freed by hand",
    "allocation_paused": "Opening of links paused",
    "allocation_resumed": "Opening of links resumed",
    "lease_closing": "Account is being cleared",
    "lease_released": "Account released",
    "restored": "Restored from a backup",
    "reconcile_left_behind": "Found left behind on Zoom: is being deleted",
    "reconcile_still_there": "Found on Zoom again although it was gone: is being deleted",
    "reconcile_found": "Found on Zoom after its creation got no answer: is being deleted",
    "reconcile_not_listed": "Zoom does not list its meeting: asking about it",
    "reconcile_live_unnoticed": "Zoom lists its meeting as running: asking about it",
    "hook_added": "Outgoing webhook registered",
    "hook_changed": "Outgoing webhook changed",
    "hook_disabled": "Outgoing webhook disabled",
    "hook_enabled": "Outgoing webhook enabled again",
    "hook_removed": "Outgoing webhook removed",
    "hook_secret_rotated": "Outgoing webhook signs with a new secret",
    "hook_failed": "The booking system could not be told",
    "hook_pinged": "Outgoing webhook tried out",
    "hook_resent": "The booking system is told once more",
    "what_if_asked": "What-if asked for",
    "alert_raised": "Operations were told",
    "alert_cleared": "Operations were told that it is over",
    "api_key_created": "API key made",
    "api_key_revoked": "API key revoked",
    "person_signed_in": "Signed in",
    "person_signed_out": "Signed out everywhere",
    "person_role_set": "Role given by hand",
    "person_disabled": "Let in no more",
    "person_enabled": "Let in again",
}


ANSWERS = {
    "started": "people are inside",
    "waiting": "nobody is inside",
    "not_found": "it does not know it any more",
}

ACTORS = {
    "system": "automatically",
    "zoom": "told by Zoom",
    "command line": "on the command line",
    "console": "in the console",
}


COPIED = {
    "link": "Join link",
    "passcode": "Passcode",
    "recording": "Recording's link",
    "recording_passcode": "Recording's passcode",
}


def reason(word: str | None) -> Explained:
    """What the stable word *word* means to people."""
    return REASONS.get(word or "", Explained(f"{_sentence(word)}." if word else "No reason is recorded."))


def no_link(
    word: str | None, *, waits: bool, place: int | None, wait: datetime | None, zone: str, now: datetime
) -> str:
    """Why an appointment that is due has no link and what comes next; *wait* is when an account should be free."""
    why = reason(word)
    if not waits or word not in (None, "no_free_account"):
        return f"{why.what} {why.next_step}"
    if wait is None:
        return f"{why.what} It is number {place} in line, behind more than the accounts can serve next."
    if wait <= now:
        return "An account is free again: it is served within seconds."
    return f"{why.what} An account should be free about {clock(wait, zone)}, {until(wait, now=now)}."


def event(kind: str, detail: Mapping[str, Any]) -> str:
    """One line of the timeline in words, with why where *detail* says it."""
    said = EVENTS.get(kind, _sentence(kind))
    if (answer := ANSWERS.get(detail.get("answer", ""))) is not None:
        return f"{said}: {answer}"
    if (alert := detail.get("alert")) is not None:
        return f"{said}: {title(alert).lower()}"
    if kind == "link_copied":
        return f"{COPIED.get(detail.get('what', ''), 'Link')} copied to pass it on"
    if kind.startswith("mail_"):
        return _mail_event(said, detail)
    why = detail.get("reason")
    if why and "role" in detail and why not in REASONS:
        return f"{said}: “{why}”"  # a person's own words
    return f"{said}: {reason(why).what.rstrip('.').lower()}" if why else said


def _mail_event(said: str, detail: Mapping[str, Any]) -> str:
    """Which mail it was, and why it did not leave."""
    name = message(str(detail.get("mail") or detail.get("kind") or "mail")).lower()
    why = MAIL_REASONS.get(str(detail.get("reason") or ""))
    which = f"copy of the {name} for the host" if detail.get("to_host") else name
    return f"{said} ({which}{f'; {why}' if why else ''})"


def actor(name: str) -> str:
    """Who did it: a person as recorded, or which part of the product."""
    if name.startswith("key:"):
        return f"by a program, with the API key “{name.removeprefix('key:')}”"
    return ACTORS.get(name, f"by {name}")


def message(kind: str) -> str:
    """The name of a kind of message (`join_link`: `Join link`)."""
    return MAILS.get(kind) or _sentence(kind)


def _sentence(word: str | None) -> str:
    return (word or "").replace("_", " ").strip().capitalize()


MAILS = {"booked": "Confirmation", "moved": "New time", "cancelled": "Cancellation"}
# Why a mail did not leave.
MAIL_REASONS = {
    "rejected": "refused for good",
    "given_up": "tried until it was of no use any more",
    "cancelled": "not sent: the appointment was cancelled",
    "moved": "not sent: the appointment was moved",
    "replaced": "not sent: its link was replaced",
    "over": "not sent: the appointment was over",
    "link_sent": "not sent: the link's mail says it all",
    "nobody_was_told": "not sent: its reader knew of no time before",
    "not_cancelled": "not sent: the appointment takes place",
}
