"""The time of an appointment in the client's own zone, on the days when clocks change too."""

from datetime import UTC, datetime, timedelta

import pytest

from core.mail.appointment_time import clock, in_words, start_in_words


def words(start: str, zone: str, minutes: int = 30) -> str:
    """In words: an appointment at *start* (UTC)."""
    begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return in_words(begin, begin + timedelta(minutes=minutes), zone)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Berlin", "Monday, 23 November 2026, 14:00 to 14:30 (Central European Standard Time, Europe/Berlin)"),
        ("America/New_York", "Monday, 23 November 2026, 08:00 to 08:30 (Eastern Standard Time, America/New_York)"),
        ("Asia/Tokyo", "Monday, 23 November 2026, 22:00 to 22:30 (Japan Standard Time, Asia/Tokyo)"),
        ("Pacific/Kiritimati", "Tuesday, 24 November 2026, 03:00 to 03:30 (Line Islands Time, Pacific/Kiritimati)"),
        ("Europe/Dublin", "Monday, 23 November 2026, 13:00 to 13:30 (Greenwich Mean Time, Europe/Dublin)"),
        ("Asia/Kathmandu", "Monday, 23 November 2026, 18:45 to 19:15 (GMT+05:45, Asia/Kathmandu)"),
        ("UTC", "Monday, 23 November 2026, 13:00 to 13:30 (Coordinated Universal Time, UTC)"),
    ],
)
def test_the_zone_is_the_clients_and_named(zone: str, expected: str) -> None:
    """One moment, told to six people."""
    assert words("2026-11-23T13:00", zone) == expected


def test_the_date_of_the_end_is_told_when_it_is_another() -> None:
    """Over midnight in the client's zone, whatever the day in UTC."""
    assert words("2026-11-23T22:45", "Europe/Berlin") == (
        "Monday, 23 November 2026, 23:45 to Tuesday, 24 November 2026, 00:15"
        " (Central European Standard Time, Europe/Berlin)"
    )


def test_the_repeated_hour_is_told_apart() -> None:
    """From 02:45 summer time to 02:15 standard time is half an hour, and reads like it."""
    assert words("2026-10-25T00:45", "Europe/Berlin") == (
        "Sunday, 25 October 2026, 02:45 (Central European Summer Time)"
        " to 02:15 (Central European Standard Time, Europe/Berlin)"
    )
    first, second = words("2026-10-25T00:10", "Europe/Berlin"), words("2026-10-25T01:10", "Europe/Berlin")
    assert first == "Sunday, 25 October 2026, 02:10 to 02:40 (Central European Summer Time, Europe/Berlin)"
    assert second == "Sunday, 25 October 2026, 02:10 to 02:40 (Central European Standard Time, Europe/Berlin)"


def test_the_missing_hour_is_skipped() -> None:
    """From 01:45 the clock goes to 03:15 within half an hour."""
    assert words("2026-03-29T00:45", "Europe/Berlin") == (
        "Sunday, 29 March 2026, 01:45 (Central European Standard Time)"
        " to 03:15 (Central European Summer Time, Europe/Berlin)"
    )


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Dublin", "Irish Standard Time"),  # which is its summer time
        ("Europe/Berlin", "Central European Summer Time"),
        ("America/New_York", "Eastern Daylight Time"),
        ("Africa/Casablanca", "GMT+01:00"),
        ("Asia/Tokyo", "Japan Standard Time"),
    ],
)
def test_summer_time_has_its_own_name(zone: str, expected: str) -> None:
    """The one that people there use."""
    assert words("2026-07-15T12:00", zone).endswith(f"({expected}, {zone})")


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../../etc/passwd", "Europe"])
def test_an_unknown_zone_becomes_utc(zone: str) -> None:
    """A link in UTC is better than none."""
    assert words("2026-11-23T13:00", zone).endswith("13:00 to 13:30 (Coordinated Universal Time, UTC)")


def test_a_subject_has_the_start_alone() -> None:
    """Short, and in the client's zone."""
    assert start_in_words(datetime(2026, 11, 23, 13, tzinfo=UTC), "Europe/Berlin") == "Monday, 23 November 2026, 14:00"


def test_a_subject_says_which_of_the_two_where_an_hour_comes_twice() -> None:
    """Two mails with another link and the same subject would be taken for one."""
    first, second = (start_in_words(datetime(2026, 10, 25, hour, 30, tzinfo=UTC), "Europe/Berlin") for hour in (0, 1))
    assert first == "Sunday, 25 October 2026, 02:30 (Central European Summer Time)"
    assert second == "Sunday, 25 October 2026, 02:30 (Central European Standard Time)"


def test_a_time_beside_another_says_which_it_is_where_an_hour_comes_twice() -> None:
    """When the link comes: ten minutes before a start may be in the other half of the night."""
    start = datetime(2026, 10, 25, 2, 5, tzinfo=UTC)
    assert (
        clock(start - timedelta(minutes=10), "Europe/Berlin", beside=start) == "02:55 (Central European Standard Time)"
    )
    assert clock(start, "Europe/Berlin", beside=start) == "03:05"
