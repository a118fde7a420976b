"""When a link is due."""

from datetime import UTC, datetime, timedelta

import pytest

from core.domain.due import OpeningHours

START = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # the hour that Berlin skips
MINUTE = timedelta(minutes=1)
HOURS = OpeningHours(lead_time=10 * MINUTE, late_open_limit=15 * MINUTE)


def test_a_link_is_due_the_lead_time_before_its_start() -> None:
    """Ten minutes by default, whatever clocks on walls do that night."""
    assert HOURS.due_from(START) == datetime(2026, 3, 29, 0, 50, tzinfo=UTC)


@pytest.mark.parametrize("minute", range(-30, 31))
def test_what_the_sensor_asks_for_is_what_is_due(minute: int) -> None:
    """Between horizon and earliest lies exactly what is due then: from ten minutes before to fifteen after."""
    now = START + minute * MINUTE
    asked_for = HOURS.earliest(now) < START <= HOURS.horizon(now)
    assert asked_for == (-10 <= minute < 15)
