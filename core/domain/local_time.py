"""Wall clock times: the instants at which the clocks of a zone show them. Most show once; where the clocks go back some
show twice, where they go forward some are left out.

`datetime` answers every wall clock time with an instant and says nothing. Who books half past two in the night in which
it comes twice has to be asked which he means, and who books it in the night that has none has to be told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.domain.checks import FieldError

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Gap:
    """Wall clock times that are left out: the clocks go from *begins* straight to *ends*, both wall clock times.

    *before* and *after* are the nearest instants that exist: the last minute before, and the first after.
    """

    begins: datetime
    ends: datetime
    before: datetime
    after: datetime


class MissingHour(FieldError):
    """The clocks never show the time that was given; *gap* says what they do instead."""

    def __init__(self, field: str, message: str, gap: Gap) -> None:
        super().__init__(field, message)
        self.gap = gap


class RepeatedHour(FieldError):
    """The clocks show the time that was given twice; *instants* are the two, the earlier first."""

    def __init__(self, field: str, message: str, instants: tuple[datetime, ...]) -> None:
        super().__init__(field, message)
        self.instants = instants


def instants(wall: datetime, zone: str) -> tuple[datetime, ...]:
    """The instants (UTC) at which the clocks of *zone* show *wall*: one, two in a repeated hour, none in a missing
    one."""
    return tuple(sorted({at for at in _candidates(wall, zone) if on_the_wall(at, zone) == wall}))


def the_instant(field: str, wall: datetime, zone: str) -> datetime:
    """The one instant (UTC) at which the clocks of *zone* show *wall*.

    Raises:
        MissingHour: they never do.
        RepeatedHour: they do twice.
        FieldError: the year is out of reach.
    """
    try:
        found = instants(wall, zone)
        if not found:
            gap = _gap(wall, zone)
            raise MissingHour(field, _never(wall, zone, gap), gap)
    except OverflowError:
        raise FieldError(field, f"is out of reach: {wall:%H:%M} in the year {wall.year}.") from None
    if len(found) > 1:
        raise RepeatedHour(field, _twice(wall, zone, found), found)
    return found[0]


def whole_day(day: date, zone: str) -> tuple[datetime, datetime]:
    """From when (UTC) until just before when the calendars of *zone* show *day*: 24 hours, but where the clocks change.

    Raises:
        FieldError: the year is out of reach.
    """
    try:
        return _first_of(day, zone), _first_of(day + timedelta(days=1), zone)
    except OverflowError:
        raise FieldError("day", f"is out of reach: {day}.") from None


def _first_of(day: date, zone: str) -> datetime:
    """Its first instant; not midnight where the clocks go forward then, and the first one where midnight comes
    twice."""
    midnight = datetime.combine(day, time.min)
    return min(instants(midnight, zone), default=None) or _gap(midnight, zone).after


def on_the_wall(at: datetime, zone: str) -> datetime:
    """What the clocks of *zone* show at *at*, without a zone."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def comes_twice(at: datetime, zone: str) -> bool:
    """Whether the clocks of *zone* show twice what they show at *at*; then the time alone does not say when."""
    return len(_names(at, zone)) > 1


def abbreviation(at: datetime, zone: str) -> str:
    """The short name of *zone* at that time (`CEST`); its offset where it has none, or where both times of a repeated
    hour have the same (`UTC+03:00`)."""
    name = _names(at, zone)[at.astimezone(UTC)] if comes_twice(at, zone) else _name(at, zone)
    return name or offset(at, zone)


def offset(at: datetime, zone: str) -> str:
    """How far the clocks of *zone* are from UTC at that time: `UTC+02:00`."""
    return "UTC" + at.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")[len("2026-10-25T02:30") :]


def told_apart(at: datetime, zone: str) -> str:
    """`02:30 CEST (UTC+02:00)`: a time of a repeated hour as nobody can mistake it."""
    name, ahead = abbreviation(at, zone), offset(at, zone)
    shown = f"{on_the_wall(at, zone):%H:%M}"
    return f"{shown} {ahead}" if name == ahead else f"{shown} {name} ({ahead})"


def _candidates(wall: datetime, zone: str) -> Iterator[datetime]:
    """The instants by the offset before a change of the clocks and by the one after it; the same where none is."""
    for fold in (0, 1):
        yield wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def _name(at: datetime, zone: str) -> str | None:
    """The letters for the zone at that time; the database of zones has mere offsets (`+03`) where nobody uses any."""
    name = at.astimezone(ZoneInfo(zone)).tzname()
    return None if name is None or name[:1] in "+-" else name


def _names(at: datetime, zone: str) -> dict[datetime, str | None]:
    """The instants that the clocks show as they show *at*, each with its name; without, if both have the same."""
    return _names_of_wall(on_the_wall(at, zone), zone)


@lru_cache(maxsize=4096)
def _names_of_wall(wall: datetime, zone: str) -> dict[datetime, str | None]:
    named = {each: _name(each, zone) for each in instants(wall, zone)}
    same = len(named) > 1 and len(set(named.values())) == 1
    return dict.fromkeys(named) if same else named


def _gap(wall: datetime, zone: str) -> Gap:
    """Around *wall*, which is left out. The clocks change between the instants by the later and the earlier offset."""
    early, late = sorted(_candidates(wall, zone))
    old = early.astimezone(ZoneInfo(zone)).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = (early + (late - early) / 2).replace(microsecond=0)
        early, late = (middle, late) if middle.astimezone(ZoneInfo(zone)).utcoffset() == old else (early, middle)
    assert old is not None
    return Gap(begins=late.replace(tzinfo=None) + old, ends=on_the_wall(late, zone), before=late - MINUTE, after=late)


def _never(wall: datetime, zone: str, gap: Gap) -> str:
    def shown(at: datetime) -> str:
        return f"{at:%H:%M}" if at.date() == wall.date() else f"{at:%H:%M} on {at:%d %b}"

    before, after = (shown(on_the_wall(at, zone)) for at in (gap.before, gap.after))
    return (
        f"{wall:%H:%M} does not exist on {wall:%d %b %Y} in {zone}: the clocks go forward from {shown(gap.begins)} to "
        f"{shown(gap.ends)}. The nearest times are {before} and {after}."
    )


def _twice(wall: datetime, zone: str, found: tuple[datetime, ...]) -> str:
    first, second = (told_apart(at, zone) for at in found)
    return (
        f"{wall:%H:%M} comes twice on {wall:%d %b %Y} in {zone}, where the clocks go back: say whether {first} or "
        f"{second}."
    )
