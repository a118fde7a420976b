"""The estimate that a waiting appointment shows."""

from datetime import UTC, datetime, timedelta

import pytest

from core.domain.estimate import earliest_free

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def minutes(*offsets: int) -> list[datetime]:
    """Times relative to NOW."""
    return [NOW + timedelta(minutes=offset) for offset in offsets]


@pytest.mark.parametrize(
    ("busy_until", "place", "expected"),
    [
        (minutes(35), 1, 35),
        (minutes(50, 35, 20), 1, 20),
        (minutes(50, 35, 20), 2, 35),
        (minutes(50, 35, 20), 3, 50),
        (minutes(20, 20), 2, 20),
        (minutes(-10), 1, 0),
        (minutes(-10, 15), 2, 15),
    ],
)
def test_the_nth_in_line_gets_the_nth_account_to_become_free(
    busy_until: list[datetime], place: int, expected: int
) -> None:
    """Accounts serve the line in the order in which they become free, and never in the past."""
    assert earliest_free(NOW, busy_until, place) == NOW + timedelta(minutes=expected)


@pytest.mark.parametrize(("busy_until", "place"), [([], 1), (minutes(5), 2)])
def test_a_line_longer_than_the_accounts_has_no_estimate(busy_until: list[datetime], place: int) -> None:
    """Nothing is promised where a second round would be needed."""
    assert earliest_free(NOW, busy_until, place) is None


def test_a_place_before_the_first_is_refused() -> None:
    """Places are counted from one."""
    with pytest.raises(ValueError, match="starts at 1"):
        earliest_free(NOW, minutes(5), 0)
