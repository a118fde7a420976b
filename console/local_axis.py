"""A time axis on the wall clock of a location. Vega draws times in the reader's zone or in UTC, and in no other.

Charts hold true instants (UTC), so that lengths are right and an hour that comes twice is drawn twice, side by side;
only the words at the ticks are those of the location's clocks.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from console.moments import clock, named_clock
from core.domain.local_time import offset

QUARTER = timedelta(minutes=15)
CALENDAR_STEPS = (
    *(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 7, 14, 28, 56)),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(at: datetime) -> str:
    """*at* as charts get it."""
    return at.astimezone(UTC).isoformat()


def scale(since: datetime, until: datetime) -> dict[str, Any]:
    """The scale from *since* to *until*."""
    return {"type": "utc", "domain": [instant(since), instant(until)]}


def axis(since: datetime, until: datetime, zone: str, *, step: timedelta = QUARTER) -> dict[str, Any]:
    """An axis with a tick every *step*, labelled by the clocks of *zone*; with its name where the clocks change on the
    way."""
    ticks = ticks_between(since, until, step)
    say = named_clock if offset(since, zone) != offset(until, zone) else clock
    words = {str(milliseconds(at)): say(at, zone) for at in ticks}
    return {
        "values": [instant(at) for at in ticks],  # drawn as text only: no tick appears at a number
        "labelExpr": f"{json.dumps(words)}[toString(time(datum.value))]",
        "grid": True,
        "labelFlush": True,
        "labelOverlap": "greedy",
        "labelSeparation": 6,
    }


def calendar_axis(since: datetime, until: datetime, zone: str, *, most: int = 9) -> dict[str, Any]:
    """An axis for hours or weeks: at most about so many ticks, at full hours or midnights of *zone*, in its words."""
    step = next((each for each in CALENDAR_STEPS if (until - since) / each <= most), CALENDAR_STEPS[-1])
    ticks = full_hours(since, until, zone, step)
    words = {str(milliseconds(at)): _day_or_hour(at, zone) for at in ticks}
    return {
        "values": [instant(at) for at in ticks],
        "labelExpr": f"{json.dumps(words)}[toString(time(datum.value))]",
        "grid": True,
        "labelOverlap": "greedy",
        "labelSeparation": 6,
    }


def full_hours(since: datetime, until: datetime, zone: str, step: timedelta) -> list[datetime]:
    """The instants between *since* and *until* at which the clocks of *zone* show whole steps from a midnight.

    An hour that the clocks leave out has no tick, one that they show twice has one.
    """
    place = ZoneInfo(zone)
    wall = since.astimezone(place).replace(tzinfo=None)
    wall = (wall - timedelta(days=wall.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    while (at := wall.replace(tzinfo=place).astimezone(UTC)) <= until:
        if at >= since and at.astimezone(place).replace(tzinfo=None) == wall:
            found.append(at)
        wall += step
    return found


def _day_or_hour(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b}" if (local.hour, local.minute) == (0, 0) else f"{local:%H:%M}"


def ticks_between(since: datetime, until: datetime, step: timedelta) -> list[datetime]:
    """The instants between *since* and *until* at whole steps; every zone is whole quarters of an hour from UTC."""
    first = EPOCH + -(-(since - EPOCH) // step) * step
    return [first + number * step for number in range((until - first) // step + 1)]


def milliseconds(at: datetime) -> int:
    """*at* as JavaScript counts."""
    return (at - EPOCH) // timedelta(milliseconds=1)
