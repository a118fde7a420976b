"""Wall clock times in the nights in which the clocks change, and in all others."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.checks import FieldError
from core.domain.local_time import (
    MissingHour,
    RepeatedHour,
    abbreviation,
    comes_twice,
    instants,
    offset,
    on_the_wall,
    the_instant,
    told_apart,
    whole_day,
)

ZONES = (
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Santiago",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
)


def wall(text: str) -> datetime:
    """What a clock shows."""
    return datetime.fromisoformat(text)


def at(text: str) -> datetime:
    """An instant, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "shown", "expected"),
    [
        ("Europe/Berlin", "2026-07-01T14:00", "2026-07-01T12:00"),
        ("Europe/Berlin", "2026-10-25T01:59", "2026-10-24T23:59"),
        ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00"),
        ("Europe/Berlin", "2026-03-29T01:59", "2026-03-29T00:59"),
        ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00"),
        ("America/New_York", "2026-11-01T00:59", "2026-11-01T04:59"),
        ("America/New_York", "2026-11-01T02:00", "2026-11-01T07:00"),
        ("Australia/Lord_Howe", "2026-04-05T02:00", "2026-04-04T15:30"),
        ("America/Sao_Paulo", "2026-10-18T00:30", "2026-10-18T03:30"),  # no more summer time since 2019
        ("Asia/Kathmandu", "2026-10-25T02:30", "2026-10-24T20:45"),
    ],
)
def test_most_times_come_once(zone: str, shown: str, expected: str) -> None:
    """Also the minute before and the minute after the clocks change."""
    assert the_instant("start", wall(shown), zone) == at(expected)


@pytest.mark.parametrize(
    ("zone", "shown", "first", "second", "names"),
    [
        ("Europe/Berlin", "2026-10-25T02:00", "2026-10-25T00:00", "2026-10-25T01:00", "CEST CET"),
        ("Europe/Berlin", "2026-10-25T02:59", "2026-10-25T00:59", "2026-10-25T01:59", "CEST CET"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30", "2026-11-01T06:30", "EDT EST"),
        # Half an hour only, and no letters.
        (
            "Australia/Lord_Howe",
            "2026-04-05T01:45",
            "2026-04-04T14:45",
            "2026-04-04T15:15",
            "UTC+11:00 UTC+10:30",
        ),
        ("America/Sao_Paulo", "2019-02-16T23:30", "2019-02-17T01:30", "2019-02-17T02:30", "UTC-02:00 UTC-03:00"),
        # The hour before midnight comes twice.
        ("America/Santiago", "2026-04-04T23:30", "2026-04-05T02:30", "2026-04-05T03:30", "UTC-03:00 UTC-04:00"),
        ("Asia/Beirut", "2026-10-24T23:30", "2026-10-24T20:30", "2026-10-24T21:30", "EEST EET"),
        ("Africa/Cairo", "2026-10-29T23:30", "2026-10-29T20:30", "2026-10-29T21:30", "EEST EET"),
        # Not for summer time, and under the same letters.
        ("Europe/Moscow", "2014-10-26T01:30", "2014-10-25T21:30", "2014-10-25T22:30", "UTC+04:00 UTC+03:00"),
    ],
)
def test_a_repeated_hour_has_two_instants_with_different_names(
    zone: str, shown: str, first: str, second: str, names: str
) -> None:
    """The earlier one first; who names the time has to say which."""
    assert instants(wall(shown), zone) == (at(first), at(second))
    assert [abbreviation(each, zone) for each in (at(first), at(second))] == names.split()
    assert comes_twice(at(first), zone) and comes_twice(at(second), zone)
    with pytest.raises(RepeatedHour) as refused:
        the_instant("start", wall(shown), zone)
    assert refused.value.instants == (at(first), at(second))
    assert told_apart(at(first), zone) != told_apart(at(second), zone)
    assert all(told_apart(each, zone) in str(refused.value) for each in (at(first), at(second)))


@pytest.mark.parametrize(
    ("zone", "shown", "says"),
    [
        (
            "Europe/Berlin",
            "2026-03-29T02:30",
            "02:30 does not exist on 29 Mar 2026 in Europe/Berlin: the clocks go forward from 02:00 to 03:00. "
            "The nearest times are 01:59 and 03:00.",
        ),
        ("Europe/Berlin", "2026-03-29T02:00", "from 02:00 to 03:00. The nearest times are 01:59 and 03:00."),
        ("Europe/Berlin", "2026-03-29T02:59:59", "from 02:00 to 03:00. The nearest times are 01:59 and 03:00."),
        ("America/New_York", "2026-03-08T02:15", "from 02:00 to 03:00. The nearest times are 01:59 and 03:00."),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "from 02:00 to 02:30. The nearest times are 01:59 and 02:30."),
        (
            "America/Sao_Paulo",
            "2018-11-04T00:30",
            "from 00:00 to 01:00. The nearest times are 23:59 on 03 Nov and 01:00.",
        ),
        ("America/Santiago", "2026-09-06T00:30", "The nearest times are 23:59 on 05 Sep and 01:00."),
        ("Asia/Beirut", "2026-03-29T00:00", "The nearest times are 23:59 on 28 Mar and 01:00."),
        ("Africa/Cairo", "2026-04-24T00:59", "The nearest times are 23:59 on 23 Apr and 01:00."),
        # A whole day that Samoa left out when it changed sides.
        (
            "Pacific/Apia",
            "2011-12-30T12:00",
            "from 00:00 to 00:00 on 31 Dec. The nearest times are 23:59 on 29 Dec and 00:00 on 31 Dec.",
        ),
    ],
)
def test_a_missing_hour_says_what_the_clocks_do_and_what_is_nearest(zone: str, shown: str, says: str) -> None:
    """No time is made up for it; the two that are offered exist."""
    assert instants(wall(shown), zone) == ()
    with pytest.raises(MissingHour) as refused:
        the_instant("start", wall(shown), zone)

    assert str(refused.value).endswith(says), str(refused.value)
    gap = refused.value.gap
    assert gap.after - gap.before == timedelta(minutes=1)
    assert gap.begins <= wall(shown) < gap.ends
    for near in (gap.before, gap.after):
        assert instants(on_the_wall(near, zone), zone) == (near,)


def test_an_hour_that_comes_once_is_just_named() -> None:
    """By letters where there are any, else by how far it is from UTC."""
    july = at("2026-07-01T12:00")
    assert [abbreviation(july, zone) for zone in ("Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "UTC")] == [
        "CEST",
        "UTC+05:45",
        "NDT",
        "UTC",
    ]
    assert not comes_twice(july, "Europe/Berlin")
    assert offset(july, "America/St_Johns") == "UTC-02:30"
    assert told_apart(july, "Asia/Kathmandu") == "17:45 UTC+05:45"
    assert told_apart(july, "Europe/Berlin") == "14:00 CEST (UTC+02:00)"


@pytest.mark.parametrize("shown", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_a_year_out_of_reach_is_a_sentence(shown: str) -> None:
    """No UTC time is left for it on one side of the world."""
    zone = "Asia/Tokyo" if shown.startswith("0001") else "America/New_York"
    with pytest.raises(FieldError, match="out of reach"):
        the_instant("start", wall(shown), zone)


minutes = st.integers(0, 48 * 365 * 24 * 60).map(
    lambda count: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(minutes=count)
)


@given(minutes, st.sampled_from(ZONES))
def test_what_the_clocks_show_leads_back_to_the_instant(moment: datetime, zone: str) -> None:
    """Whatever the instant: it is one of those at which the clocks show that, and its name tells it from the other."""
    found = instants(on_the_wall(moment, zone), zone)

    assert moment in found
    assert len({abbreviation(each, zone) for each in found}) == len(found)
    assert comes_twice(moment, zone) == (len(found) == 2)


@given(minutes, st.sampled_from(ZONES))
def test_every_time_is_one_instant_or_a_sentence(moment: datetime, zone: str) -> None:
    """Whatever the clock is said to show."""
    shown = moment.replace(tzinfo=None)
    try:
        found = [the_instant("start", shown, zone)]
    except RepeatedHour as refused:
        found = list(refused.instants)
    except MissingHour as refused:
        found, shown = [refused.gap.after], refused.gap.ends
    assert {on_the_wall(each, zone) for each in found} == {shown}


@given(st.sampled_from(ZONES), st.integers(1991, 2036), st.integers(-400, 400))
def test_around_every_change_of_the_clocks(zone: str, year: int, later: int) -> None:
    """Where it matters, which dates chosen at random seldom hit."""
    for change in changes(zone, year):
        moment = change + timedelta(minutes=later)
        assert moment in instants(on_the_wall(moment, zone), zone)


@pytest.mark.parametrize(
    ("day", "zone", "begins", "hours"),
    [
        ("2026-03-02", "Europe/Berlin", "2026-03-01T23:00+00:00", 24),
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00+00:00", 23),
        ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00+00:00", 25),
        ("2026-04-05", "Australia/Lord_Howe", "2026-04-04T13:00+00:00", 24.5),
        ("2026-04-24", "Africa/Cairo", "2026-04-23T22:00+00:00", 23),  # the clocks go forward at midnight
        ("2026-10-31", "Asia/Beirut", "2026-10-30T22:00+00:00", 24),
        ("2025-11-02", "America/Havana", "2025-11-02T04:00+00:00", 25),  # midnight comes twice
        ("2011-12-29", "Pacific/Apia", "2011-12-29T10:00+00:00", 24),  # and the next day never
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(day: str, zone: str, begins: str, hours: float) -> None:
    """23 or 25 hours where they change; it begins when the calendar first shows it."""
    first, last = whole_day(date.fromisoformat(day), zone)
    assert first == datetime.fromisoformat(begins)
    assert (last - first) / timedelta(hours=1) == hours


@given(st.dates(date(1991, 1, 1), date(2036, 1, 1)), st.sampled_from(ZONES))
def test_days_follow_each_other_without_a_gap(day: date, zone: str) -> None:
    """The instant before belongs to the day before, the first one to the day itself."""
    first, last = whole_day(day, zone)
    assert whole_day(day + timedelta(days=1), zone)[0] == last
    if (day, zone) == (date(2011, 12, 30), "Pacific/Apia"):
        assert first == last  # the islands changed sides of the date line: they never had it
        return
    assert on_the_wall(first, zone).date() == day
    assert on_the_wall(first - timedelta(seconds=1), zone).date() < day


def test_the_last_day_there_is_cannot_be_asked_for() -> None:
    """Its end is out of reach."""
    with pytest.raises(FieldError, match="out of reach"):
        whole_day(date.max, "Europe/Berlin")


def changes(zone: str, year: int) -> list[datetime]:
    """The instants of that year at which the clocks of *zone* change, to six hours."""
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(0, 366 * 24, 6)]
    local = ZoneInfo(zone)
    return [
        later
        for earlier, later in pairwise(hours)
        if earlier.astimezone(local).utcoffset() != later.astimezone(local).utcoffset()
    ]
