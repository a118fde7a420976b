"""Checks of what people and programs give us; each failure names the field."""

from datetime import datetime, timedelta
from functools import cache
from unicodedata import category
from zoneinfo import ZoneInfo, available_timezones

LONGEST = timedelta(hours=24)  # an appointment; what reads who is busy looks back no further
FURTHEST = timedelta(days=3653)  # ahead
# Line breaks, control characters (NUL too, which PostgreSQL cannot store), halves of characters, and what nobody sees:
# it could turn the text around it to the other direction, or hide in it.
NEVER = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Invisible too, but names in Persian, Hindi or Arabic and many pictures are spelled with them.
JOINERS = frozenset("\u200c\u200d\u200e\u200f")


class FieldError(ValueError):
    """A value that cannot be used, with the *field* it came in."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def text(field: str, value: str, *, longest: int = 200) -> str:
    """*value* without surrounding space; must say something, be no longer than *longest* and hold nothing that could
    break lines or hide."""
    stripped = value.strip()
    if not stripped.strip("".join(JOINERS)):
        raise FieldError(field, "must not be empty.")
    if len(stripped) > longest:
        raise FieldError(field, f"is {len(stripped)} characters long; {longest} are allowed.")
    if any(category(character) in NEVER and character not in JOINERS for character in stripped):
        raise FieldError(field, "contains a line break, a control character or one that nobody can see.")
    return stripped


def zone(field: str, value: str) -> str:
    """The IANA name of a time zone, e.g. `Europe/Berlin`."""
    if value not in _zones():
        raise FieldError(
            field,
            f"{value!r} is not a time zone. Write an IANA name such as Europe/Berlin or UTC.",
        )
    return value


@cache  # searching the disk for them takes 10 ms
def _zones() -> set[str]:
    return available_timezones()


def aware(field: str, value: datetime) -> datetime:
    """*value*, which must say in which zone it is."""
    if value.tzinfo is None:
        raise FieldError(field, "has no time zone. Write it as 2026-11-23T14:00:00Z or with an offset.")
    return value


def span(starts_at: datetime, ends_at: datetime, *, now: datetime) -> None:
    """The time of a new appointment: ahead of *now*, ending after its start, at most a day long. All are aware."""
    duration(starts_at, ends_at)
    ahead("starts_at", starts_at, now=now)


def duration(starts_at: datetime, ends_at: datetime) -> None:
    """An appointment ends after its start, and lasts a day at most."""
    if ends_at <= starts_at:
        raise FieldError("ends_at", "is not after the start.")
    if ends_at - starts_at > LONGEST:
        raise FieldError("ends_at", "is more than 24 hours after the start.")


def ahead(field: str, moment: datetime, *, now: datetime) -> None:
    """*moment* is yet to come, and within reach."""
    if moment <= now:
        raise FieldError(field, f"is in the past ({moment.astimezone(ZoneInfo('UTC')):%Y-%m-%d %H:%M} UTC).")
    within_reach(field, moment, now=now)


def within_reach(field: str, moment: datetime, *, now: datetime) -> None:
    """*moment* is not so far ahead that what is added to it leaves the calendar, in some zone or other."""
    if moment - now > FURTHEST:
        raise FieldError(field, f"is more than ten years ahead ({moment:%Y-%m-%d}).")
