"""Checks of what people and programs give us."""

from datetime import UTC, datetime, timedelta

import pytest

from core.domain.checks import FURTHEST, FieldError, aware, span, text, zone

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Ann", "Ann"),
        ("  Ann  ", "Ann"),
        ("Gäste-Świt O'X", "Gäste-Świt O'X"),
        ("客人", "客人"),
        ("نیک\u200cپی", "نیک\u200cپی"),  # the joiner is spelling
        ("Dr. 👩\u200d⚕️ Ann", "Dr. 👩\u200d⚕️ Ann"),
        ("Ann\xa0B", "Ann\xa0B"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),  # text, wherever it is shown
        ("x" * 200, "x" * 200),
    ],
)
def test_names_of_every_script_are_kept_without_the_space_around_them(given: str, kept: str) -> None:
    """No name is wrong but an empty, an endless or a hostile one."""
    assert text("name", given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "   ",
        "x" * 201,
        "two\nlines",
        "a\ttab",
        "null\x00",
        "right\u202eleft",
        "half\ud83d",
        "\u200d",
        "tag\U000e0041",
    ],
)
def test_what_says_nothing_too_much_or_something_hidden_is_refused(given: str) -> None:
    """Line breaks and control characters would get into mail headers."""
    with pytest.raises(FieldError) as refused:
        text("name", given)
    assert refused.value.field == "name"


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_iana_zones_are_taken(name: str) -> None:
    """As they are written."""
    assert zone("zone", name) == name


@pytest.mark.parametrize("name", ["", "Berlin", "CET+1", "+02:00", "europe/berlin", "/etc/localtime", "../UTC"])
def test_what_is_no_iana_zone_is_refused_with_an_example(name: str) -> None:
    """Offsets know nothing of summer time."""
    with pytest.raises(FieldError, match="Europe/Berlin"):
        zone("zone", name)


def test_a_time_without_a_zone_is_refused() -> None:
    """It means another moment on every machine."""
    with pytest.raises(FieldError, match="no time zone") as refused:
        aware("starts_at", NOW.replace(tzinfo=None))
    assert refused.value.field == "starts_at"


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "field"),
    [
        (NOW, NOW + HOUR, "starts_at"),
        (NOW - HOUR, NOW + HOUR, "starts_at"),
        (NOW + HOUR, NOW + HOUR, "ends_at"),
        (NOW + HOUR, NOW, "ends_at"),
        (NOW + HOUR, NOW + 25 * HOUR + timedelta(seconds=1), "ends_at"),
        (NOW + FURTHEST + HOUR, NOW + FURTHEST + 2 * HOUR, "starts_at"),
        (datetime(9999, 12, 31, 23, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "starts_at"),
    ],
)
def test_an_impossible_time_is_refused_by_its_field(starts_at: datetime, ends_at: datetime, field: str) -> None:
    """The start lies ahead, within ten years, the end after it, within a day."""
    with pytest.raises(FieldError) as refused:
        span(starts_at, ends_at, now=NOW)
    assert refused.value.field == field


@pytest.mark.parametrize("lasts", [timedelta(minutes=1), HOUR, 24 * HOUR])
def test_a_minute_to_a_day_is_fine(lasts: timedelta) -> None:
    """Beginning a second from now."""
    soon = NOW + timedelta(seconds=1)
    span(soon, soon + lasts, now=NOW)
