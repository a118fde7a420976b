"""A time axis on the wall clock of a location. Vega draws times in the reader's zone or in UTC, and in no other.

Charts hold true instants (UTC), so that lengths are right and an hour that comes twice is drawn twice, side by side;
only the words at the ticks are those of the location's clocks.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from console.moments import clock, named_clock
from core.domain.local_time import offset

QUARTER = timedelta(minutes=15)
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


def ticks_between(since: datetime, until: datetime, step: timedelta) -> list[datetime]:
    """The instants between *since* and *until* at whole steps; every zone is whole quarters of an hour from UTC."""
    first = EPOCH + -(-(since - EPOCH) // step) * step
    return [first + number * step for number in range((until - first) // step + 1)]


def milliseconds(at: datetime) -> int:
    """*at* as JavaScript counts."""
    return (at - EPOCH) // timedelta(milliseconds=1)
