"""The time axis of the pool's picture, in the nights in which the clocks change."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from console.account_chart import chart

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
