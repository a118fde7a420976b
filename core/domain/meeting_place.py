"""Where a calendar's appointments meet, and the number or address that belongs to it."""

import re
from urllib.parse import urlsplit

from core.domain.checks import FieldError, text
from core.domain.states import MeetingLocation

FIELD = "meeting_detail"
LONGEST = 500
# As people write numbers: 030 123456, +49 (0)30 123-456, 1.212.555.0100 ext. 12. Who dials knows what the signs mean.
NUMBER = re.compile(r"\+?[0-9 ()./-]+( ?(?:x|ext\.?|,|#) ?[0-9]{1,8}#?)?", re.IGNORECASE)
DIGITS = range(3, 26)
HINTS = {
    MeetingLocation.PHONE: "A calendar that meets by phone needs the number to call.",
    MeetingLocation.GOOGLE_MEET: "A calendar that meets on Google Meet needs the https address of its meeting.",
    MeetingLocation.CUSTOM: "A calendar that meets elsewhere needs an https address, or where that is in words.",
}


def meeting_detail(where: MeetingLocation, value: str | None) -> str | None:
    """The number or address for *where*, checked; None for Zoom, where each appointment gets a link of its own.

    Phone needs a number and Google Meet an https address. Custom takes an https address or words such as *Front desk,
    second floor*; what looks like an address has to be one that a client can open.
    """
    given = (value or "").strip()
    if where == MeetingLocation.ZOOM:
        if given:
            raise FieldError(FIELD, "is not used on Zoom, where every appointment gets a link of its own.")
        return None
    if not given:
        raise FieldError(FIELD, HINTS[where])
    given = text(FIELD, given, longest=LONGEST)
    if where == MeetingLocation.PHONE:
        return _number(given)
    return _web_address(given) if where == MeetingLocation.GOOGLE_MEET or _looks_like_one(given) else given


def _number(value: str) -> str:
    if not NUMBER.fullmatch(value) or sum(sign.isdigit() for sign in value) not in DIGITS:
        raise FieldError(FIELD, f"{value!r} is not a phone number. Write it as +49 30 1234567.")
    return value


def _looks_like_one(value: str) -> bool:
    return "://" in value or value.lower().startswith(("www.", "javascript:", "data:"))


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme == "https" and parts.hostname and "@" not in parts.netloc and " " not in value
        _ = parts.port  # a port that is none is found out only when it is asked for
    except ValueError:
        usable = False
    if not usable:
        raise FieldError(FIELD, f"{value!r} is not an https address. Write it as https://meet.google.com/abc-defg-hij.")
    return value
