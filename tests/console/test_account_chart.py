"""The time axis of the pool's picture, in the nights in which the clocks change."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from console.account_chart import chart, in_words
from console.local_axis import calendar_axis, instant
from console.pool_accounts import by_number

ACCOUNT = "seat1@harbour-clinic.test"


def at(text: str) -> datetime:
    """An instant, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def drawn(now: str, zone: str = "Europe/Berlin") -> tuple[list[str], list[dict[str, Any]], dict[str, Any]]:
    """The words along the axis, the bars, and the x channel, around *now* (UTC) with one meeting of an hour."""
    around = {"now": at(now), "since": at(now) - timedelta(hours=1), "until": at(now) + timedelta(minutes=75)}
    bar = {
        "account": ACCOUNT,
        "state": "live",
        "external_id": "A-1",
        "planned": False,
        "from_at": at(now) - timedelta(minutes=30),
        "to_at": at(now) + timedelta(minutes=30),
    }
    picture = chart([bar], [ACCOUNT], zone, **around)
    x = picture.spec["layer"][0]["encoding"]["x"]
    words, _ = json.JSONDecoder().raw_decode(x["axis"]["labelExpr"])
    ticks = [datetime.fromisoformat(value) for value in x["axis"]["values"]]
    assert [int(key) for key in words] == [round(tick.timestamp() * 1000) for tick in ticks]
    return list(words.values()), picture.rows.to_dict("records"), x


def test_on_most_days_ticks_are_the_clocks_of_the_place() -> None:
    """Every quarter of an hour; the browser's own zone does not matter."""
    words, [bar], x = drawn("2026-07-01T12:05")
    assert words == ["13:15", "13:30", "13:45", "14:00", "14:15", "14:30", "14:45", "15:00", "15:15"]
    assert x["scale"] == {"type": "utc", "domain": ["2026-07-01T11:05:00+00:00", "2026-07-01T13:20:00+00:00"]}
    assert (bar["From"], bar["To"]) == ("13:35", "14:35")


def test_the_hour_that_comes_twice_is_drawn_twice_side_by_side() -> None:
    """Each tick once and by its name; a meeting of an hour is an hour long and not a point."""
    words, [bar], _ = drawn("2026-10-25T01:00")
    assert words == [
        "02:00 CEST", "02:15 CEST", "02:30 CEST", "02:45 CEST",
        "02:00 CET", "02:15 CET", "02:30 CET", "02:45 CET", "03:00 CET", "03:15 CET",
    ]  # fmt: skip
    assert (bar["From"], bar["To"]) == ("02:30 CEST", "02:30 CET")
    assert datetime.fromisoformat(bar["to"]) - datetime.fromisoformat(bar["from"]) == timedelta(hours=1)


def test_the_hour_that_never_comes_takes_no_room() -> None:
    """A quarter of an hour after 01:45 it is 03:00; nothing looks an hour longer than it is."""
    words, [bar], _ = drawn("2026-03-29T01:00")
    assert words[:6] == ["01:00 CET", "01:15 CET", "01:30 CET", "01:45 CET", "03:00 CEST", "03:15 CEST"]
    assert (bar["From"], bar["To"]) == ("01:30", "03:30")
    assert datetime.fromisoformat(bar["to"]) - datetime.fromisoformat(bar["from"]) == timedelta(hours=1)


def test_ticks_are_round_where_the_clocks_are_quarters_of_an_hour_off() -> None:
    """Kathmandu, and Lord Howe where they change by half an hour."""
    assert drawn("2026-07-01T12:05", "Asia/Kathmandu")[0][:2] == ["17:00", "17:15"]
    words = drawn("2026-04-04T15:00", "Australia/Lord_Howe")[0]
    assert words[2:7] == ["01:30 UTC+11:00", "01:45 UTC+11:00", "01:30 UTC+10:30", "01:45 UTC+10:30", "02:00 UTC+10:30"]


def labels(since: str, until: str, zone: str, *, most: int = 9) -> list[str]:
    """The words along an axis of hours or weeks."""
    drawn_axis = calendar_axis(at(since), at(until), zone, most=most)
    words, _ = json.JSONDecoder().raw_decode(drawn_axis["labelExpr"])
    assert [instant(at_) for at_ in _instants(words)] == drawn_axis["values"]
    return list(words.values())


def _instants(words: dict[str, str]) -> list[datetime]:
    return [datetime.fromtimestamp(int(key) / 1000, UTC) for key in words]


def test_a_day_has_its_hours_and_a_week_its_midnights() -> None:
    """Those of the place; a midnight is named by its day."""
    assert labels("2026-07-01T10:00", "2026-07-02T10:00", "Asia/Kolkata") == [
        *("18:00", "21:00", "Thu 2 Jul", "03:00", "06:00", "09:00", "12:00", "15:00"),
    ]
    assert labels("2026-07-01T10:00", "2026-07-05T10:00", "Europe/Berlin", most=5) == [
        *("Thu 2 Jul", "Fri 3 Jul", "Sat 4 Jul", "Sun 5 Jul"),
    ]


def test_hours_stay_full_hours_across_a_change_of_the_clocks() -> None:
    """On 29 March 2:00 is left out in Berlin, on 25 October it comes twice and has one tick."""
    assert labels("2026-03-28T23:00", "2026-03-29T04:00", "Europe/Berlin") == [
        *("Sun 29 Mar", "01:00", "03:00", "04:00", "05:00", "06:00"),
    ]
    assert labels("2026-10-24T22:00", "2026-10-25T03:00", "Europe/Berlin") == [
        *("Sun 25 Oct", "01:00", "02:00", "03:00", "04:00"),
    ]


def test_accounts_are_in_the_order_of_their_numbers() -> None:
    """The tenth room comes after the second."""
    rooms = ["room10@a.test", "suite1@a.test", "room2@a.test", "room1@b.test", "annex@a.test"]
    assert sorted(rooms, key=by_number) == [
        "annex@a.test", "room2@a.test", "room10@a.test", "suite1@a.test", "room1@b.test"]  # fmt: skip


def test_who_hears_the_picture_hears_how_many_are_in_which_state() -> None:
    """At this moment: what is over or planned is not counted."""
    now = at("2026-07-01T12:00")
    bars = [
        {"account": ACCOUNT, "state": state, "planned": planned, "to_at": now - timedelta(minutes=ago)}
        for state, planned, ago in (("live", False, 0), ("cooldown", True, -5), ("ready", False, 20))
    ]
    assert in_words(bars, [ACCOUNT, "other"], now) == "Timeline of 2 accounts. At this moment: 1 in meeting."
    assert in_words([], [ACCOUNT], now).endswith("none is in use.")
