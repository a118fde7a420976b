"""Which alerts stand for what is wrong: one for each thing, or one for many of a sort that come at once."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain.alerts import Kind, Wrong

APART = 5  # so many new ones of a sort are told one by one; more at once become one alert


@dataclass(frozen=True)
class Thing:
    """Something wrong. *alone* and *together* complete its condition; without *alone* it is told with its like only."""

    kind: Kind
    alone: str | None
    together: str | None
    location_id: int | None = None
    appointment_id: int | None = None
    account_id: int | None = None
    name: str = ""
    at: datetime | None = None
    cause: str | None = None
    location: str | None = None
    zone: str = "UTC"

    @property
    def own(self) -> str | None:
        """Its own condition."""
        return f"{self.kind}:{self.alone}" if self.alone else None

    @property
    def shared(self) -> str:
        """The condition that it shares with its like."""
        return f"{self.kind}:{self.together}" if self.together else str(self.kind)


def standing(things: Iterable[Thing], told: Collection[str]) -> dict[str, list[Thing]]:
    """The conditions that are true, each with its things.

    A burst is one alert, and what fails alone later is told alone. What was *told* (the open conditions) stays told the
    way it was, as long as any of it is wrong.
    """
    groups: defaultdict[str, list[Thing]] = defaultdict(list)
    for thing in things:
        groups[thing.shared].append(thing)
    found: dict[str, list[Thing]] = {}
    for shared, group in groups.items():
        fresh = [each for each in group if each.own not in told]
        is_burst = shared in told or len(fresh) > APART
        if is_burst or any(each.own is None for each in group):
            found[shared] = group
        for each in group:
            if each.own is not None and (each.own in told or not is_burst):
                found[each.own] = [each]
    return found


def summed_up(things: Sequence[Thing]) -> Wrong:
    """What the alert of these *things*, which share a condition, has to tell."""
    by_time = sorted(things, key=lambda each: (each.at is None, each.at, each.name))
    first = by_time[0]
    one_place = len({each.location_id for each in things}) == 1
    return Wrong(
        first.kind,
        len(things),
        tuple(each.name for each in by_time),
        location=first.location if one_place else None,
        zone=first.zone,
        at=first.at,
        cause=Counter(each.cause for each in by_time).most_common(1)[0][0],
    )
