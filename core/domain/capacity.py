"""How many accounts appointments take, against how many there are."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

Span = tuple[datetime, datetime]  # from, and until just before


class Verdict(StrEnum):
    """What is left for an appointment, itself counted."""

    OK = "ok"
    TIGHT = "tight"  # it takes the last account
    SHORT = "short"  # it may find none


@dataclass(frozen=True)
class Usual:
    """What an appointment takes of an account beside its own time, as it usually is at its location."""

    lead: timedelta
    overrun: timedelta
    hold: timedelta
    cooldown: timedelta

    @property
    def tail(self) -> timedelta:
        """From the planned end to the account being free again."""
        return self.overrun + self.hold + self.cooldown


@dataclass(frozen=True)
class Point:
    """From *at* to the next point, so many accounts are *booked* of so many *accounts* that serve."""

    at: datetime
    booked: int
    accounts: int


@dataclass(frozen=True)
class Shortage:
    """A time throughout which accounts are missing; *short_by* at its worst."""

    begins_at: datetime
    ends_at: datetime
    short_by: int


def occupied(starts_at: datetime, ends_at: datetime, usual: Usual) -> Span:
    """From when to when an appointment takes an account: from the lease to the end of the cooldown."""
    return starts_at - usual.lead, ends_at + usual.tail


def verdict(accounts: int, peak: int) -> Verdict:
    """Whether *accounts* are enough for *peak* of them at once."""
    if peak > accounts:
        return Verdict.SHORT
    return Verdict.TIGHT if peak == accounts else Verdict.OK


def peak(spans: Iterable[Span], window: Span) -> int:
    """How many of *spans* run at once within *window*, at most. Who ends when another begins leaves room for it."""
    return max(point.booked for point in curve(spans, (), window))


def curve(spans: Iterable[Span], ready: Iterable[datetime], window: Span) -> list[Point]:
    """Demand against supply over *window*: a point at its beginning and wherever one of them changes.

    *ready* holds one time per account: from when on it serves.
    """
    begin, end = window
    if begin >= end:
        raise ValueError(f"A window has to end after it begins, not {begin} to {end}.")
    booked: Counter[datetime] = Counter()
    for first, last in spans:
        if first < end and last > begin:
            booked[max(first, begin)] += 1
            booked[last] -= 1
    accounts = Counter(max(at, begin) for at in ready)
    points = [Point(begin, booked[begin], accounts[begin])]
    for at in sorted(at for at in booked.keys() | accounts.keys() if begin < at < end):
        now = Point(at, points[-1].booked + booked[at], points[-1].accounts + accounts[at])
        if (now.booked, now.accounts) != (points[-1].booked, points[-1].accounts):
            points.append(now)
    return points


def shortages(points: Sequence[Point], until: datetime) -> list[Shortage]:
    """The times in which more accounts are booked than there are; what touches is one."""
    found: list[Shortage] = []
    for point, ends_at in zip(points, [*(each.at for each in points[1:]), until], strict=True):
        short_by = point.booked - point.accounts
        if short_by <= 0:
            continue
        if found and found[-1].ends_at == point.at:
            before = found.pop()
            found.append(Shortage(before.begins_at, ends_at, max(before.short_by, short_by)))
        else:
            found.append(Shortage(point.at, ends_at, short_by))
    return found
