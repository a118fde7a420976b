"""Times as people read them: in the zone of the location on screen, with relative words for what is near."""

from datetime import datetime, timedelta

from core.domain.local_time import abbreviation, comes_twice, on_the_wall


def clock(at: datetime, zone: str, *, seconds: bool = False) -> str:
    """`10:40` or `10:40:12` in *zone*; in an hour that comes twice with the name of which it is: `02:30 CEST`."""
    shown = bare_clock(at, zone, seconds=seconds)
    return f"{shown} {zone_name(at, zone)}" if comes_twice(at, zone) else shown


def named_clock(at: datetime, zone: str, *, seconds: bool = False) -> str:
    """`10:40 GMT`."""
    return f"{bare_clock(at, zone, seconds=seconds)} {zone_name(at, zone)}"


def bare_clock(at: datetime, zone: str, *, seconds: bool = False) -> str:
    """`10:40`, where the name of the zone stands beside it."""
    return on_the_wall(at, zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def zone_name(at: datetime, zone: str) -> str:
    """The short name of *zone* at that time (`GMT`, `BST`), or its offset where that is what tells (`UTC+03:00`)."""
    return abbreviation(at, zone)


def day(at: datetime, zone: str, *, now: datetime) -> str:
    """`today`, `tomorrow` or `Mon 2 Mar`, with its year where that is another; the day that it is in *zone*."""
    local, today = on_the_wall(at, zone).date(), on_the_wall(now, zone).date()
    year = f" {local.year}" if local.year != today.year else ""
    return {0: "today", 1: "tomorrow"}.get((local - today).days, f"{local:%a} {local.day} {local:%b}{year}")


def span(starts_at: datetime, ends_at: datetime, zone: str, *, now: datetime) -> str:
    """`today, 10:40 to 11:10 GMT`; the end with its day where that is another, the start with its zone's name where the
    clocks change in between, or it might seem to end before it begins."""
    changes = zone_name(starts_at, zone) != zone_name(ends_at, zone)
    start = (named_clock if changes else bare_clock)(starts_at, zone)
    first, last = (day(at, zone, now=now) for at in (starts_at, ends_at))
    return f"{first}, {start} to {f'{last}, ' if last != first else ''}{named_clock(ends_at, zone)}"


def length(duration: timedelta) -> str:
    """`under a minute`, `12 min`, `3 h 5 min`, `2 days`: as coarse as it is long."""
    minutes = int(duration.total_seconds() // 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {rest} min" if rest and hours < 6 else f"{hours} h"
    return "1 day" if hours < 48 else f"{hours // 24} days"


def until(at: datetime, *, now: datetime) -> str:
    """`in 12 min`, `now`, or `12 min ago`."""
    if abs(at - now) < timedelta(minutes=1):
        return "now"
    return f"in {length(at - now)}" if at > now else f"{length(now - at)} ago"
