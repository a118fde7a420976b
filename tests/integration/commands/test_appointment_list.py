"""`zoompool appointments list`: filters, pages and days, as people type and read them."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.commands import appointment_list
from core.db.models import Appointment
from tests.integration.commands.test_commands import Run, book, north, zoompool
from tests.world import World

__all__ = ["north", "zoompool"]  # fixtures


def listed(zoompool: Run, *options: str) -> list[str]:
    """The external ids, as a program reads them; what stands beside the JSON is left out."""
    status, printed = zoompool("appointments", "list", "--json", *options)
    assert status == 0, printed
    lines: list[dict[str, Any]] = json.loads(printed[: printed.rindex("]") + 1])
    return [line["external_id"] for line in lines]


@pytest.fixture
def five(north: Run, world: World) -> Run:
    """Five appointments to come, hour by hour; the first one is missed, the last one belongs to a telephone."""
    assert north("calendars", "add", "Phone", "-l", "North", "-m", "phone", "--detail", "+49 30 1234567")[0] == 0
    for number in range(1, 6):
        book(north, f"A-{number}", starts_at=f"+{60 * number}", calendar="Phone" if number == 5 else "Video")
    with world.parts.sessions.begin() as session:
        session.query(Appointment).filter_by(external_id="A-1").update({"status": "missed", "link": "missed"})
    return north


def test_filters_narrow_the_list(five: Run) -> None:
    """Those of the API, under the names of a command line."""
    assert listed(five) == ["A-1", "A-2", "A-3", "A-4", "A-5"]
    assert listed(five, "--status", "missed") == ["A-1"]
    assert listed(five, "--link", "not_needed") == ["A-5"]
    assert listed(five, "-l", "North", "-c", "Phone") == ["A-5"]
    assert listed(five, "--search", "client a-3") == ["A-3"]
    assert listed(five, "--external-id", "A-2") == ["A-2"]
    assert listed(five, "--newest-first", "--limit", "2") == ["A-5", "A-4"]


def test_one_page_leads_to_the_next(five: Run) -> None:
    """By the cursor that stands beside the table; with other filters it is refused."""
    cursor = re.search(r"--after (\S+),", five("appointments", "list", "--limit", "2")[1])
    assert cursor is not None
    assert listed(five, "--limit", "2", "--after", cursor[1]) == ["A-3", "A-4"]
    status, said = five("appointments", "list", "--status", "missed", "--after", cursor[1])
    assert status == 1
    assert "cursor: does not belong to this list" in said
    assert "--after" not in five("appointments", "list", "--limit", "5")[1]


def test_all_pages_come_at_once(five: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """For people as one table, for programs as one array, the empty one included."""
    monkeypatch.setattr(appointment_list, "AT_ONCE", 2)
    assert listed(five, "--all") == ["A-1", "A-2", "A-3", "A-4", "A-5"]
    assert listed(five, "--all", "--status", "no_show") == []
    table = five("appointments", "list", "--all")[1]
    assert [f"A-{number}" in table for number in range(1, 6)] == [True] * 5
    assert table.count("external id") == 1


def test_without_a_filter_the_past_is_left_out(north: Run, world: World) -> None:
    """Six hours of it are shown; with a filter, or when all are wanted, it belongs to what is looked for."""
    book(north, "OLD", starts_at="+30")
    book(north, "NEW", starts_at="+60")
    with world.parts.sessions.begin() as session:
        old = session.query(Appointment).filter_by(external_id="OLD").one()
        old.starts_at, old.ends_at = old.starts_at - timedelta(days=9), old.ends_at - timedelta(days=9)
    assert listed(north) == ["NEW"]
    assert listed(north, "--all") == ["OLD", "NEW"]
    assert listed(north, "--search", "old") == ["OLD"]
    assert listed(north, "--status", "booked") == ["OLD", "NEW"]


@pytest.mark.parametrize(("day", "hours"), [("2031-03-30", 23), ("2031-07-01", 24), ("2031-10-26", 25)])
def test_a_day_is_the_location_s(north: Run, day: str, hours: int) -> None:
    """From its first to its last minute by the location's clocks, which make some days shorter and some longer."""
    before, after = (datetime.fromisoformat(day) + timedelta(days=days, minutes=m) for days, m in ((0, -1), (1, 0)))
    for name, start in (("before", before), ("first", before + timedelta(minutes=1)), ("after", after)):
        book(north, name, starts_at=start.isoformat(timespec="minutes"))
    book(north, "last", starts_at=(after - timedelta(minutes=1)).isoformat(timespec="minutes"))

    assert listed(north, "-l", "North", "--day", day) == ["first", "last"]
    assert listed(north, "-l", "North", "--from", day, "--to", day) == ["first", "last"]
    assert listed(north, "-l", "North", "--from", day) == ["first", "last", "after"]
    assert listed(north, "-l", "North", "--to", day, "--status", "booked") == ["before", "first", "last"]
    starts = [line["starts_at"] for line in _rows(north, "-l", "North", "--day", day)]
    first, last = (datetime.fromisoformat(each) for each in starts)
    assert last - first == timedelta(hours=hours, minutes=-1)


def test_a_repeated_hour_is_listed_in_the_order_in_which_it_happens(north: Run) -> None:
    """Half past two comes twice; a range tells the two apart by their offsets."""
    for name, start in (("A", "2031-10-26T02:30+02:00"), ("B", "2031-10-26T02:30+01:00"), ("C", "2031-10-26T03:00")):
        book(north, name, starts_at=start)
    assert listed(north, "-l", "North", "--day", "2031-10-26") == ["A", "B", "C"]
    assert listed(north, "--from", "2031-10-26T02:30+01:00") == ["B", "C"]
    assert listed(north, "--from", "2031-10-26T02:30+02:00", "--to", "2031-10-26T02:30+01:00") == ["A"]
    status, said = north("appointments", "list", "-l", "North", "--from", "2031-10-26T02:30")
    assert status == 1
    assert "from: 02:30 comes twice on 26 Oct 2031" in said


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--calendar", "Video"), "calendar: is the name of one of a location"),
        (("--day", "2031-03-30", "--from", "2031-03-30"), "day: says from when and until when already"),
        (("--day", "tomorrow"), "day: 'tomorrow' is no day such as 2026-03-29."),
        (("--from", "tomorrow"), "from: 'tomorrow' is neither a time"),
        (("--from", "2031-03-30", "--to", "2031-03-29"), "to: is not after --from."),
        (("--day", "9999-12-31"), "day: is out of reach"),
        (("--search", "  "), "search: must not be empty."),
        (("--after", "nowhere"), "cursor: does not belong to this list"),
        (("-l", "South"), "no location named"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(north: Run, options: tuple[str, ...], sentence: str) -> None:
    """That names the option."""
    status, said = north("appointments", "list", *options)
    assert status == 1
    assert sentence in said


def _rows(zoompool: Run, *options: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(zoompool("appointments", "list", "--json", *options)[1])
    return rows
