"""Times as people read them, above all in the nights in which the clocks change."""

from datetime import UTC, datetime, timedelta

import pytest

from console.moments import clock, day, named_clock, span

NOW = datetime(2026, 10, 24, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    """An instant, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(start: str, minutes: int, zone: str) -> str:
    """An appointment from *start* (UTC), as it is shown."""
    return span(at(start), at(start) + timedelta(minutes=minutes), zone, now=NOW)


@pytest.mark.parametrize(
    ("start", "minutes", "zone", "expected"),
    [
        ("2026-10-24T12:00", 30, "Europe/Berlin", "today, 14:00 to 14:30 CEST"),
        # The hour that comes twice: within its first, from the first into the second, within its second.
        ("2026-10-25T00:10", 30, "Europe/Berlin", "tomorrow, 02:10 to 02:40 CEST"),
        ("2026-10-25T00:45", 30, "Europe/Berlin", "tomorrow, 02:45 CEST to 02:15 CET"),
        ("2026-10-25T01:10", 30, "Europe/Berlin", "tomorrow, 02:10 to 02:40 CET"),
        ("2026-10-24T23:30", 180, "Europe/Berlin", "tomorrow, 01:30 CEST to 03:30 CET"),
        # The hour that never comes.
        ("2026-03-29T00:45", 30, "Europe/Berlin", "Sun 29 Mar, 01:45 CET to 03:15 CEST"),
        ("2026-11-01T05:45", 30, "America/New_York", "Sun 1 Nov, 01:45 EDT to 01:15 EST"),
        ("2026-04-04T14:45", 30, "Australia/Lord_Howe", "Sun 5 Apr, 01:45 UTC+11:00 to 01:45 UTC+10:30"),
        ("2027-04-04T02:30", 60, "America/Santiago", "Sat 3 Apr 2027, 23:30 UTC-03:00 to 23:30 UTC-04:00"),
        ("2026-10-24T21:45", 30, "Europe/Berlin", "today, 23:45 to tomorrow, 00:15 CEST"),
    ],
)
def test_a_span_is_never_ambiguous(start: str, minutes: int, zone: str, expected: str) -> None:
    """Its end has its zone, its start too where the clocks change, and its end a day where it is another."""
    assert told(start, minutes, zone) == expected


def test_a_single_time_names_its_zone_where_it_comes_twice_and_only_there() -> None:
    """Everywhere a time stands alone: timelines, estimates, when a mail left."""
    zone = "Europe/Berlin"
    shown = [clock(at(f"2026-10-25T{text}"), zone) for text in ("00:00", "00:59", "01:00", "01:59", "02:00")]
    assert shown == ["02:00 CEST", "02:59 CEST", "02:00 CET", "02:59 CET", "03:00"]
    assert clock(at("2026-10-24T23:59"), zone, seconds=True) == "01:59:00"
    assert clock(at("2026-10-25T00:30"), zone, seconds=True) == "02:30:00 CEST"
    assert named_clock(at("2026-10-25T00:30"), zone) == "02:30 CEST"
    assert named_clock(at("2026-10-25T00:30"), "Asia/Kathmandu") == "06:15 UTC+05:45"


def test_a_day_is_that_of_the_place() -> None:
    """On a day of 25 hours too; of another year with its year."""
    now = at("2026-10-24T22:30")  # half past midnight in Berlin
    assert day(at("2026-10-25T22:59"), "Europe/Berlin", now=now) == "today"
    assert day(at("2026-10-25T23:00"), "Europe/Berlin", now=now) == "tomorrow"
    assert day(at("2027-01-02T12:00"), "Europe/Berlin", now=now) == "Sat 2 Jan 2027"
