"""Appointments dealt out again to another number of accounts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.what_if import MOST_POINTS, Need, Replayed, at_once, curve, enough, replay

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def minutes(number: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=number)


def need(number: int, due: float, free: float, *, leaves: float | None = None, counts: bool = True) -> Need:
    """An appointment that is due at that minute and whose account is back at *free*."""
    left = minutes(due + 25 if leaves is None else leaves)
    return Need(number, minutes(due), minutes(due + 10), left, minutes(free), counts)


@st.composite
def needs(draw: st.DrawFn) -> list[Need]:
    """Up to thirty appointments, some booked inside the lead time, some called off."""
    found = []
    for number in range(draw(st.integers(0, 30))):
        start = draw(st.integers(0, 240))
        due = start - draw(st.sampled_from([10, 10, 10, 3, 0]))
        leaves = start + draw(st.integers(1, 15))
        free = max(due, start) + draw(st.integers(1, 120))
        found.append(Need(number, minutes(due), minutes(start), minutes(leaves), minutes(free), draw(st.booleans())))
    return found


def test_one_account_serves_one_after_the_other() -> None:
    """The second waits until the first is over and is late; the third gives up before."""
    line = [need(1, 0, 20), need(2, 5, 60), need(3, 6, 90)]

    assert replay(line, 1) == Replayed(1, late=1, missed=1)
    assert replay(line, 2) == Replayed(2, late=1, missed=0)
    assert replay(line, 3) == Replayed(3, late=0, missed=0)


def test_who_waits_no_longer_than_a_minute_is_on_time() -> None:
    """As the product judges its links."""
    assert replay([need(1, 0, 10), need(2, 9, 30)], 1).late == 0
    assert replay([need(1, 0, 10), need(2, 8.9, 30)], 1).late == 1


def test_the_line_is_ordered_by_start() -> None:
    """Who was due later but starts earlier goes first, as with the allocator."""
    busy = need(1, 0, 30)
    early = Need(2, minutes(20), minutes(22), minutes(37), minutes(50))  # booked two minutes before its start
    later = Need(3, minutes(15), minutes(25), minutes(40), minutes(35))  # the other way round both would be served

    assert replay([busy, early, later], 1) == Replayed(1, late=1, missed=1)
    assert replay([busy, later], 1) == Replayed(1, late=1, missed=0)


def test_who_was_called_off_takes_an_account_but_misses_nothing() -> None:
    """Its time with the account counts against the others."""
    line = [need(1, 0, 40, counts=False), need(2, 5, 60), need(3, 50, 51, leaves=51, counts=False)]

    assert replay(line, 1) == Replayed(1, late=0, missed=1)


def test_there_has_to_be_an_account() -> None:
    """None serves nobody, and nothing can be learned from it."""
    with pytest.raises(ValueError, match="has to be an account"):
        replay([need(1, 0, 20)], 0)


@given(needs(), st.integers(1, 8))
def test_more_accounts_never_make_it_worse(line: list[Need], accounts: int) -> None:
    """Neither the missed ones nor all that were not on time become more."""
    fewer, more = replay(line, accounts), replay(line, accounts + 1)

    assert more.missed <= fewer.missed
    assert more.bad <= fewer.bad


@given(needs())
def test_as_many_as_are_at_once_are_enough_for_everybody(line: list[Need]) -> None:
    """Then nobody waits at all."""
    assert replay(line, max(at_once(line), 1)).bad == 0


@given(needs(), st.integers(0, 12))
def test_the_curve_ends_where_nobody_is_late_and_knows_the_fewest(line: list[Need], accounts: int) -> None:
    """It holds the number there is, and the fewest that are enough are really the fewest."""
    points = curve(line, accounts)
    fewest = enough(points)

    assert accounts == 0 or accounts in [point.accounts for point in points]
    assert replay(line, fewest).bad == 0
    assert fewest == 1 or replay(line, fewest - 1).bad > 0


def test_a_long_curve_leaves_numbers_out_but_not_the_answer() -> None:
    """With hundreds at once not every number is tried; progress is told as it goes."""
    line = [need(number, number / 1000, 60) for number in range(200)]
    told: list[tuple[int, int]] = []
    points = curve(line, 90, progress=lambda done, steps: told.append((done, steps)))

    assert enough(points) == 200
    assert len(points) <= 2 * MOST_POINTS
    assert told[-1][0] == told[-1][1]
