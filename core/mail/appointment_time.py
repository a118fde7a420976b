"""The time of an appointment as its client reads it: in the client's own zone, with the zone named."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, get_timezone_name

from core.domain.local_time import comes_twice

LOCALE = "en_GB"


def in_words(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """For example `Monday, 23 November 2026, 14:00 to 14:30 (Central European Standard Time, Europe/Berlin)`.

    The end carries its date where it falls on another day, and the start its own zone name where the clocks change in
    between: without it, an appointment in the repeated hour may seem to end before it begins.
    """
    begin, end = starts_at.astimezone(_zone(zone)), ends_at.astimezone(_zone(zone))
    change = f" ({_zone_name(begin)})" if begin.utcoffset() != end.utcoffset() else ""
    until = f"{end:%H:%M}" if begin.date() == end.date() else f"{_day(end)}, {end:%H:%M}"
    return f"{_day(begin)}, {begin:%H:%M}{change} to {until} ({_zone_name(end)}, {_zone(zone).key})"


def start_in_words(starts_at: datetime, zone: str) -> str:
    """For a subject line: `Monday, 23 November 2026, 14:00`, and of an hour that comes twice, which."""
    begin = starts_at.astimezone(_zone(zone))
    which = f" ({_zone_name(begin)})" if comes_twice(starts_at, _zone(zone).key) else ""
    return f"{_day(begin)}, {begin:%H:%M}{which}"


def clock(moment: datetime, zone: str, *, beside: datetime) -> str:
    """The time of a moment near *beside*: `13:50`, with its day where that is another, and of an hour that comes twice,
    which."""
    at, near = moment.astimezone(_zone(zone)), beside.astimezone(_zone(zone))
    which = f" ({_zone_name(at)})" if comes_twice(moment, _zone(zone).key) else ""
    return f"{at:%H:%M}{which}" if at.date() == near.date() else f"{at:%H:%M}{which} on {_day(at)}"


def minutes(length: timedelta) -> str:
    """A short time in whole minutes: `10 minutes`."""
    count = max(1, round(length.total_seconds() / 60))
    return "1 minute" if count == 1 else f"{count} minutes"


def _day(moment: datetime) -> str:
    return _date(moment.date())


@lru_cache(maxsize=1024)
def _date(day: date) -> str:
    """Cached like the names of zones."""
    return format_date(day, "EEEE, d MMMM y", locale=LOCALE)


def _zone_name(moment: datetime) -> str:
    return _name(moment.astimezone(UTC), str(moment.tzinfo))


@lru_cache(maxsize=1024)
def _name(moment: datetime, zone: str) -> str:
    """Cached, since the mails of a full hour ask for few of them and Babel thinks long about each.

    By UTC, because the two wall clock times of a repeated hour are equal to each other.
    """
    local = moment.astimezone(ZoneInfo(zone))
    return get_timezone_name(
        local, width="long", locale=LOCALE, zone_variant="daylight" if _is_summer_time(local) else "standard"
    )


def _is_summer_time(local: datetime) -> bool:
    """Whether the clocks are ahead of where they are in the other half of the year.

    Babel takes any difference for summer time; Ireland's law has it the other way round, with a winter time behind
    Irish Standard Time, so every Irish client would read the wrong name.
    """
    if change := local.dst():
        return change > timedelta(0)
    return any(_behind(local + timedelta(days=days)) for days in range(-180, 181, 30))


def _behind(local: datetime) -> bool:
    change = local.dst()
    return change is not None and change < timedelta(0)


def _zone(name: str) -> ZoneInfo:
    """The zone called *name*; UTC for one that this machine does not know, because the link must leave all the same."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
