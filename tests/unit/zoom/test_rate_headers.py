"""When Zoom wants to be asked again."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from core.zoom.rate_headers import next_utc_midnight, retry_at

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "2026-03-01T10:00:00Z"}, datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ({"Retry-After": "2026-03-01T10:00:00"}, datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ({"Retry-After": "2026-03-01T11:00:00+01:00"}, datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ({"Retry-After": "90"}, NOW + timedelta(seconds=90)),
        ({"Retry-After": " 1.5 "}, NOW + timedelta(seconds=1.5)),
        ({"Retry-After": "Sun, 01 Mar 2026 10:00:00 GMT"}, datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 1)}, NOW + timedelta(seconds=1)),
        ({"Retry-After": "soon", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 2)}, NOW + timedelta(seconds=2)),
    ],
)
def test_each_way_of_saying_when_is_understood(headers: dict[str, str], expected: datetime) -> None:
    """Zoom documents an ISO time; gateways send seconds or an HTTP date; per-second limits have a Unix time."""
    assert retry_at(headers, NOW) == expected


@pytest.mark.parametrize("value", ["", "soon", "-5", "nan", "9" * 400, "²"])
def test_nonsense_is_taken_for_silence_or_at_most_a_day(value: str) -> None:
    """No header can stop us for longer than Zoom's longest limit, or with an exception."""
    for name in ("Retry-After", "X-RateLimit-Reset"):
        said = retry_at({name: value}, NOW)
        assert said is None or NOW <= said <= NOW + timedelta(days=1)


def test_a_time_in_the_past_means_now() -> None:
    """A clock that is a little off must not produce a time that has passed."""
    assert retry_at({"Retry-After": "2026-03-01T09:00:00Z"}, NOW) == NOW


def test_no_header_says_nothing() -> None:
    """The caller decides how long to wait then."""
    assert retry_at({}, NOW) is None


def test_the_day_of_the_quota_is_the_utc_day() -> None:
    """Half past eleven in New York is tomorrow already for Zoom."""
    evening = datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5)))

    assert next_utc_midnight(evening) == datetime(2026, 3, 3, tzinfo=UTC)
