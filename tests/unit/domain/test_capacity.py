"""How many accounts appointments take at once, and when there are too few."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.capacity import Point, Shortage, Span, Usual, Verdict, curve, occupied, peak, shortages, verdict

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = (NOON, NOON + timedelta(hours=24))


def at(minutes: int) -> datetime:
    """That many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def spans(*minutes: tuple[int, int]) -> list[Span]:
    """Spans by their minutes after noon."""
    return [(at(begin), at(end)) for begin, end in minutes]


def test_an_appointment_takes_an_account_from_the_lease_to_the_end_of_the_cooldown() -> None:
    """Lead time before; the usual overrun, the usual wait for the recording and the cooldown after."""
    usual = Usual(*(timedelta(minutes=each) for each in (10, 3, 7, 5)))
    assert occupied(at(60), at(90), usual) == (at(50), at(105))


@pytest.mark.parametrize(
    ("accounts", "most", "expected"),
    [
        (0, 1, Verdict.SHORT),
        (1, 1, Verdict.TIGHT),
        (2, 1, Verdict.OK),
        (5, 5, Verdict.TIGHT),
        (5, 6, Verdict.SHORT),
        (0, 0, Verdict.TIGHT),
    ],
)
def test_the_last_account_is_tight_and_one_more_is_short(accounts: int, most: int, expected: Verdict) -> None:
    """Tight warns before anything fails."""
    assert verdict(accounts, most) == expected


@pytest.mark.parametrize(
    ("taken", "window", "expected"),
    [
        ([], (0, 60), 0),
        ([(0, 30)], (0, 60), 1),
        ([(0, 30), (30, 60)], (0, 60), 1),  # who ends makes room for who begins
        ([(0, 31), (30, 60)], (0, 60), 2),
        ([(-90, 10), (20, 90)], (0, 60), 1),  # reaching into the window from both sides
        ([(-90, 0), (60, 90)], (0, 60), 0),  # touching it
        ([(-90, 90), (-90, 90), (10, 20)], (0, 60), 3),
        ([(0, 10), (0, 10), (20, 30)], (15, 60), 1),  # the crowd is before the window
        ([(10, 20), (10, 20), (10, 20)], (0, 60), 3),
    ],
)
def test_the_peak_is_the_most_at_once_within_the_window(
    taken: list[tuple[int, int]], window: tuple[int, int], expected: int
) -> None:
    """Spans are half open, and what lies outside does not count."""
    assert peak(spans(*taken), (at(window[0]), at(window[1]))) == expected


TAKEN = st.lists(st.tuples(st.integers(-50, 100), st.integers(1, 60)).map(lambda each: (each[0], sum(each))))


@given(TAKEN, st.integers(-20, 60), st.integers(1, 60))
def test_the_peak_is_what_counting_minute_by_minute_finds(
    taken: list[tuple[int, int]], begin: int, length: int
) -> None:
    """The plain definition, slow and surely right."""
    minutes = range(begin, begin + length)
    counted = max(sum(first <= minute < last for first, last in taken) for minute in minutes)
    assert peak(spans(*taken), (at(begin), at(begin + length))) == counted


@given(TAKEN, st.integers(-20, 60), st.integers(1, 60))
def test_one_more_appointment_never_lowers_the_peak(taken: list[tuple[int, int]], begin: int, length: int) -> None:
    """And it raises it by one at most."""
    window = (at(begin), at(begin + length))
    before, after = peak(spans(*taken), window), peak([*spans(*taken), window], window)
    assert after == before + 1


@given(TAKEN, st.lists(st.integers(-20, 100)))
def test_the_curve_holds_between_its_points(taken: list[tuple[int, int]], ready: list[int]) -> None:
    """Each point says what is true until the next one, and neighbours differ."""
    points = curve(spans(*taken), [at(each) for each in ready], (at(0), at(60)))
    for minute in range(60):
        last = [point for point in points if point.at <= at(minute)][-1]
        assert last.booked == sum(first <= minute < end for first, end in taken)
        assert last.accounts == sum(each <= minute for each in ready)
    assert points[0].at == at(0)
    assert all((a.booked, a.accounts) != (b.booked, b.accounts) for a, b in pairwise(points))


def test_a_shortage_lasts_as_long_as_accounts_are_missing_and_tells_the_worst() -> None:
    """At 14:50 a third appointment begins and at 15:00 a fourth: until 15:40 up to two accounts are missing."""
    points = [
        Point(at(0), 2, 2),
        Point(at(170), 3, 2),
        Point(at(180), 4, 2),
        Point(at(220), 2, 2),
        Point(at(300), 3, 2),
    ]
    assert shortages(points, at(310)) == [Shortage(at(170), at(220), 2), Shortage(at(300), at(310), 1)]


def test_an_account_that_comes_back_ends_a_shortage() -> None:
    """Supply counts as well as demand: the second account serves from one o'clock on."""
    points = curve(spans((0, 120), (0, 120)), [at(-5), at(60)], DAY)
    assert shortages(points, DAY[1]) == [Shortage(at(0), at(60), 1)]


def test_a_window_without_length_is_refused() -> None:
    """There is nothing to count in it."""
    with pytest.raises(ValueError, match="has to end after it begins"):
        curve([], [], (NOON, NOON))
