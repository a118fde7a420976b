"""Which stretch of the past is looked at, and how finely."""

from datetime import UTC, datetime, timedelta

import pytest

from core.domain.history_window import MOST_POINTS, history_window

NOW = datetime(2026, 11, 25, 22, 47, 31, tzinfo=UTC)


@pytest.mark.parametrize(("days", "seconds"), [(1, 600), (2, 1800), (7, 3600), (30, 10800), (90, 43200), (366, 86400)])
def test_a_stretch_has_as_many_buckets_as_a_chart_can_show(days: int, seconds: int) -> None:
    """Ten minutes of a day, days of a year."""
    window = history_window(NOW - timedelta(days=days), NOW, "UTC")

    assert window.seconds == seconds
    assert (window.until - window.since).total_seconds() / seconds <= max(MOST_POINTS, 367)


def test_it_begins_at_a_full_hour_of_the_place() -> None:
    """Or at a full ten minutes, where its buckets are that small."""
    week = history_window(NOW - timedelta(days=7), NOW, "Asia/Kolkata")
    day = history_window(NOW - timedelta(days=1), NOW, "UTC")

    assert week.since == datetime(2026, 11, 18, 22, 30, tzinfo=UTC)
    assert day.since == datetime(2026, 11, 24, 22, 40, tzinfo=UTC)


def test_the_stretch_before_has_as_many_buckets() -> None:
    """They meet without a gap, and their sums are of the same length."""
    window = history_window(NOW - timedelta(days=7), NOW, "UTC")
    both = window.with_before
    step = timedelta(seconds=window.seconds)

    assert (window.since - both.since) % step == timedelta()
    assert window.since - both.since - (window.until - window.since) < step
    assert window.since - window.before == window.until - window.since


def test_a_stretch_ends_after_it_begins() -> None:
    """Else there is nothing to look at."""
    with pytest.raises(ValueError, match="end after it begins"):
        history_window(NOW, NOW, "UTC")
