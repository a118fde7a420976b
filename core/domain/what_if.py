"""What would have become of the links with more accounts, or fewer: real appointments, dealt out again."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush

from core.domain.on_time import ON_TIME_WITHIN

MOST_POINTS = 40


@dataclass(frozen=True)
class Need:
    """An appointment that needs an account from *due_at* on.

    It is given up at *leaves_at*, and who gets it has his account back at *free_at*, however early or late it was
    opened: a meeting ends when it ends. One that does not *count* was called off: it took an account, but nobody missed
    its link.
    """

    id: int
    due_at: datetime
    starts_at: datetime
    leaves_at: datetime
    free_at: datetime
    counts: bool = True


@dataclass(frozen=True)
class Replayed:
    """What becomes of the links with so many *accounts*."""

    accounts: int
    late: int
    missed: int

    @property
    def bad(self) -> int:
        """Links that did not come on time for want of an account."""
        return self.late + self.missed


def replay(needs: Sequence[Need], accounts: int) -> Replayed:
    """Deal *accounts* out as the allocator does: whoever is due stands in line by start, the next free account serves.

    Which of several free accounts it is makes no difference to anybody's waiting, so they are only counted.
    """
    if accounts < 1:
        raise ValueError(f"There has to be an account, not {accounts}.")
    arriving = sorted(needs, key=lambda need: need.due_at, reverse=True)
    waiting: list[tuple[datetime, int, Need]] = []
    busy: list[datetime] = []
    late = missed = 0
    while arriving or waiting:
        # Somebody waits only while every account is busy.
        at = min(busy[0] if waiting else arriving[-1].due_at, arriving[-1].due_at if arriving else busy[0])
        while busy and busy[0] <= at:
            heappop(busy)
        while arriving and arriving[-1].due_at <= at:
            need = arriving.pop()
            heappush(waiting, (need.starts_at, need.id, need))
        while waiting and len(busy) < accounts:
            need = heappop(waiting)[2]
            if need.leaves_at <= at:
                missed += need.counts
                continue
            heappush(busy, max(need.free_at, at))
            late += need.counts and at - need.due_at > ON_TIME_WITHIN
    return Replayed(accounts, late, missed)


def at_once(needs: Sequence[Need]) -> int:
    """How many accounts are enough for nobody to wait at all."""
    steps: Counter[datetime] = Counter()
    for need in needs:
        if need.free_at > need.due_at:
            steps[need.due_at] += 1
            steps[need.free_at] -= 1
    running = most = 0
    for moment in sorted(steps):
        running += steps[moment]
        most = max(most, running)
    return most


def curve(
    needs: Sequence[Need], accounts: int, *, progress: Callable[[int, int], None] = lambda _done, _steps: None
) -> list[Replayed]:
    """From one account to as many as anybody needs, *accounts* (those there are) among them; *progress* hears of each.

    More accounts never make it worse, so where there are too many numbers to try, those between are left out, but for
    the fewest with which every link comes on time.
    """
    most = max(at_once(needs), 1)
    stride = max(1, most // MOST_POINTS)
    chosen = sorted({1, *range(stride, most, stride), most, *([accounts] if accounts > 0 else [])})
    points = {}
    for done, number in enumerate(chosen, start=1):
        points[number] = replay(needs, number)
        progress(done, len(chosen))
    low = max((number for number, point in points.items() if point.bad), default=0)
    high = min(number for number, point in points.items() if not point.bad)
    while low + 1 < high:
        middle = (low + high) // 2
        points[middle] = replay(needs, middle)
        low, high = (middle, high) if points[middle].bad else (low, middle)
    return [points[number] for number in sorted(points)]


def enough(points: Sequence[Replayed]) -> int:
    """The fewest accounts with which every link comes on time."""
    return min(point.accounts for point in points if not point.bad)
