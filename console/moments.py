"""Times as people read them: in the zone of the location on screen, with relative words for what is near."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def clock(at: datetime, zone: str, *, seconds: bool = False) -> str:
    """`10:40` or `10:40:12` in *zone*."""
    return at.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S" if seconds else "%H:%M")


def zone_name(at: datetime, zone: str) -> str:
    """The short name of *zone* at that time (`GMT`, `BST`), or its offset where it has no name (`UTC+03`)."""
    name = at.astimezone(ZoneInfo(zone)).strftime("%Z")
    return f"UTC{name}" if name[:1] in "+-" else name


def day(at: datetime, zone: str, *, now: datetime) -> str:
    """`today`, `tomorrow` or `Mon 2 Mar`; the day that it is in *zone*."""
    local, today = at.astimezone(ZoneInfo(zone)).date(), now.astimezone(ZoneInfo(zone)).date()
    return {0: "today", 1: "tomorrow"}.get((local - today).days, f"{local:%a} {local.day} {local:%b}")


def span(starts_at: datetime, ends_at: datetime, zone: str, *, now: datetime) -> str:
    """`today, 10:40 to 11:10 GMT`."""
    times = f"{clock(starts_at, zone)} to {clock(ends_at, zone)} {zone_name(starts_at, zone)}"
    return f"{day(starts_at, zone, now=now)}, {times}"


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
