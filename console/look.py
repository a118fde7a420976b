"""How states look: one colour, icon and word for each, the same on every page and in every chart."""

import re
from dataclasses import dataclass
from unicodedata import bidirectional, category

from core.domain import states
from core.domain.checks import JOINERS, NEVER


@dataclass(frozen=True)
class Look:
    """*color* is a name of Streamlit's palette, *icon* a Material symbol, *word* what people read."""

    color: str
    icon: str
    word: str

    @property
    def pill(self) -> str:
        """The state as a badge in Markdown."""
        return f":{self.color}-badge[:material/{self.icon}: {self.word}]"


# The palette's colours as charts need them: readable on the light and on the dark background.
HEX = {
    "green": "#27a876",
    "blue": "#3f78f0",
    "violet": "#8d70de",
    "orange": "#e2952c",
    "red": "#de5158",
    "gray": "#939db0",
    "yellow": "#dcb03a",
}

ACCOUNT = {
    "idle": Look("green", "check_circle", "Free"),
    states.Lease.RESERVED: Look("orange", "hourglass_top", "Opening"),
    states.Lease.READY: Look("yellow", "schedule", "Link sent"),
    states.Lease.LIVE: Look("blue", "videocam", "In meeting"),
    states.Lease.PROCESSING: Look("violet", "cloud_upload", "Recording"),
    states.Lease.COOLDOWN: Look("gray", "ac_unit", "Cooling down"),
    states.Lease.CLOSING: Look("orange", "door_front", "Closing"),
    states.Connection.NEEDS_REAUTH: Look("red", "link_off", "Access lost"),
    "quarantined": Look("red", "block", "Benched"),
    "busy_elsewhere": Look("orange", "person", "Used by hand"),
    states.Connection.DRAINING: Look("gray", "logout", "Draining"),
    states.Connection.DISCONNECTED: Look("gray", "power_off", "Disconnected"),
    "not_connected": Look("gray", "radio_button_unchecked", "Not connected"),
    states.Connection.CONNECTED: Look("green", "check_circle", "Connected"),
}

# Two states in one colour are two shades in a chart, where no word stands beside them.
_SHADES = {states.Lease.CLOSING: "#b9691a", "quarantined": "#a8363d", "busy_elsewhere": "#c98a5a"}
_SHADES |= {states.Connection.DRAINING: "#6f7a8f", "idle": "rgba(39, 168, 118, 0.38)"}
# The colours of charts by the words of their legends: what an account does under a lease, then what it is without one.
IN_CHARTS = {
    ACCOUNT[state].word: _SHADES.get(state, HEX[ACCOUNT[state].color])
    for state in (
        states.Lease.LIVE,
        states.Lease.READY,
        states.Lease.RESERVED,
        states.Lease.PROCESSING,
        states.Lease.COOLDOWN,
        states.Lease.CLOSING,
        "idle",
        "busy_elsewhere",
        "quarantined",
        states.Connection.NEEDS_REAUTH,
        states.Connection.DRAINING,
    )
}

OUTCOME = {
    "on_time": Look("green", "check_circle", "On time"),
    "late": Look("orange", "schedule", "Late"),
    "failed": Look("violet", "error", "Failed"),
    "missed": Look("red", "event_busy", "Missed"),
}

LINK = {
    states.Link.NOT_NEEDED: Look("gray", "call", "No link needed"),
    states.Link.NOT_DUE: Look("gray", "schedule", "Not due yet"),
    states.Link.WAITING: Look("orange", "hourglass_empty", "Waiting"),
    states.Link.OPENING: Look("blue", "hourglass_top", "Opening"),
    states.Link.READY: Look("green", "check_circle", "Ready"),
    states.Link.FAILED: Look("red", "error", "Failed"),
    states.Link.MISSED: Look("red", "event_busy", "Missed"),
    states.Link.ENDED: Look("gray", "done_all", "Ended"),
}

KEY = {
    states.Access.READ: Look("gray", "visibility", "Read"),
    states.Access.BOOK: Look("blue", "event", "Book"),
    states.Access.ADMIN: Look("violet", "shield_person", "Admin"),
    "revoked": Look("gray", "block", "Revoked"),
}

HOOK = {
    "new": Look("gray", "radio_button_unchecked", "Nothing sent yet"),
    "well": Look("green", "check_circle", "Well"),
    "failing": Look("orange", "replay", "Does not answer"),
    "dead": Look("red", "error", "Missed something"),
    "disabled": Look("gray", "block", "Disabled"),
}

HEALTH = {
    "ok": Look("green", "check_circle", "Well"),
    "warn": Look("orange", "warning", "Look at it"),
    "fail": Look("red", "error", "Broken"),
}

APPOINTMENT = {
    states.Appointment.BOOKED: Look("blue", "event", "Booked"),
    states.Appointment.CANCELLED: Look("gray", "event_busy", "Cancelled"),
    states.Appointment.COMPLETED: Look("green", "done_all", "Completed"),
    states.Appointment.NO_SHOW: Look("orange", "person_off", "No show"),
    states.Appointment.MISSED: Look("red", "error", "Missed"),
}

MEETING_LOCATION = {
    states.MeetingLocation.ZOOM: Look("blue", "videocam", "Zoom"),
    states.MeetingLocation.PHONE: Look("gray", "call", "Phone"),
    states.MeetingLocation.GOOGLE_MEET: Look("gray", "video_call", "Google Meet"),
    states.MeetingLocation.CUSTOM: Look("gray", "location_on", "Custom"),
}

LOCATION = {
    "active": Look("green", "check_circle", "Active"),
    "paused": Look("orange", "pause_circle", "Paused"),
    "suspended": Look("red", "block", "Suspended"),
}

MESSAGE = {
    states.Message.QUEUED: Look("gray", "schedule_send", "Queued"),
    states.Message.IN_FLIGHT: Look("blue", "send", "Sending"),
    states.Message.RETRYING: Look("orange", "replay", "Trying again"),
    states.Message.SENT: Look("green", "mark_email_read", "Accepted"),
    states.Message.FAILED: Look("red", "unsubscribe", "Failed"),
    states.Message.DROPPED: Look("gray", "delete", "Dropped"),
}

RECORDING = {
    states.Recording.SOUGHT: Look("violet", "cloud_upload", "Expected"),
    states.Recording.ATTACHED: Look("green", "videocam", "Attached"),
    states.Recording.NONE_MADE: Look("gray", "videocam_off", "None made"),
    states.Recording.FAILED: Look("red", "error", "Failed"),
    states.Recording.GAVE_UP: Look("orange", "search_off", "Not found"),
}

# What Streamlit makes links, icons and pictures of after Markdown has taken the escapes away.
LATE = re.compile(r"(https?://|www(?=\.)|:(?=[a-z+-]))", re.IGNORECASE)
WORD_JOINER = "\N{WORD JOINER}"
FIRST_STRONG, END = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+.!|~:$&-])")


def plain(text: str) -> str:
    """*text* with everything that Markdown would read as markup taken literally.

    Web addresses stay text too, or who books could lead our people anywhere; an invisible joiner breaks them up.
    What is written from right to left is isolated, or it would take the times and names beside it along.
    """
    visible = "".join(character for character in text.replace("\n", " ") if shows(character))
    escaped = MARKDOWN.sub(r"\\\1", LATE.sub(rf"\1{WORD_JOINER}", visible))
    return f"{FIRST_STRONG}{escaped}{END}" if any(bidirectional(each) in ("R", "AL") for each in visible) else escaped


def shows(character: str) -> bool:
    """Whether *character* is one to read or to spell with: no control character, and none that turns the others."""
    return category(character) not in NEVER or character in JOINERS


def address(email: str) -> str:
    """An e-mail address in Markdown: its name strong, its domain pale."""
    name, _, domain = email.partition("@")
    return f"**{plain(name)}**:gray[@{plain(domain)}]"


def pale_address(email: str) -> str:
    """An e-mail address in gray; in two parts, or Markdown would make a mail link of it."""
    name, _, domain = email.partition("@")
    return f":gray[{plain(name)}]:gray[@{plain(domain)}]"
