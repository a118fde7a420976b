"""What becomes of an appointment that could not be opened just now."""

from datetime import UTC, datetime, timedelta

import pytest

from core.domain.failures import RETRY_AFTER, is_isolated, retry_at

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("failed_before", "others_pass", "minutes_left", "isolated"),
    [
        (0, True, 9, False),
        (1, True, 9, False),
        (2, True, 9, True),
        (7, True, 9, True),
        (0, True, 6, True),
        (0, True, 6.1, False),
        (0, True, -3, True),
        (2, False, 9, False),
        (99, False, 9, False),
        (0, False, 6, False),
        (99, False, -3, False),
    ],
)
def test_only_what_fails_while_others_pass_is_put_aside(
    failed_before: int, others_pass: bool, minutes_left: float, isolated: bool
) -> None:
    """At its third failure, or when six minutes are left; what fails with everybody never is."""
    starts_at = NOW + minutes_left * MINUTE
    assert is_isolated(attempts=failed_before, others_pass=others_pass, starts_at=starts_at, now=NOW) is isolated


def test_it_is_tried_again_when_zoom_said_so() -> None:
    """However long that is."""
    assert retry_at(NOW, NOW + 60 * MINUTE) == NOW + 60 * MINUTE


def test_a_time_that_has_passed_means_now() -> None:
    """Clocks differ."""
    assert retry_at(NOW, NOW - MINUTE) == NOW


def test_without_a_word_from_zoom_it_is_tried_at_the_next_tick() -> None:
    """Ticks are fifteen seconds apart."""
    assert retry_at(NOW) == NOW + RETRY_AFTER
    assert timedelta(seconds=15) > RETRY_AFTER
