"""Times and names as people type and read them on the command line."""

import pytest

from tests.integration.commands.test_commands import Run, as_json, book, north, zoompool

__all__ = ["north", "zoompool"]  # fixtures


def starts(zoompool: Run) -> list[str]:
    """The starts of all appointments, as programs read them."""
    return [line["starts_at"] for line in as_json(zoompool("appointments", "list", "--all", "--json")[1])]


def test_a_local_time_means_the_location_s_clocks_or_those_of_a_zone(north: Run) -> None:
    """Both sides of a change of the clocks, and another continent's."""
    assert "2031-07-01 09:00 CEST (07:00 UTC)" in book(north, "A-1", starts_at="2031-07-01T09:00")[1]
    book(north, "A-2", starts_at="2031-12-01T09:00")
    said = book(north, "A-3", starts_at="2031-12-01T09:00", zone="America/New_York")[1]

    assert "2031-12-01 09:00 EST (14:00 UTC)" in said
    assert starts(north) == ["2031-07-01T07:00:00Z", "2031-12-01T08:00:00Z", "2031-12-01T14:00:00Z"]


def test_a_time_that_comes_twice_is_asked_back_and_booked_as_answered(north: Run) -> None:
    """In the words that can be typed; people read afterwards which of the two it is."""
    status, said = book(north, "A-1", starts_at="2031-10-26T02:30")
    assert status == 1
    assert "starts_at: 02:30 comes twice on 26 Oct 2031 in Europe/Berlin" in said
    assert "Write 2031-10-26T02:30+02:00 or 2031-10-26T02:30+01:00." in said
    assert starts(north) == []

    book(north, "A-1", starts_at="2031-10-26T02:30+02:00")
    book(north, "A-2", starts_at="2031-10-26T02:30+01:00")
    assert starts(north) == ["2031-10-26T00:30:00Z", "2031-10-26T01:30:00Z"]
    told = north("appointments", "list", "--all")[1]
    assert "Sun 26 Oct 02:30 CEST" in told and "Sun 26 Oct 02:30 CET" in told


def test_a_time_that_never_comes_is_refused_with_the_nearest(north: Run) -> None:
    """When booking and when rescheduling alike."""
    status, said = book(north, starts_at="2031-03-30T02:30")
    assert status == 1 and "the clocks go forward from 02:00 to 03:00" in said
    assert "Write 2031-03-30T01:59 or 2031-03-30T03:00." in said

    book(north, starts_at="2031-03-30T03:00")
    status, said = north("appointments", "reschedule", "A-1", "-l", "North", "--starts-at", "2031-03-30T02:00")
    assert status == 1 and "02:00 does not exist" in said
    status, said = north(
        "appointments",
        "reschedule",
        "A-1",
        "-l",
        "North",
        "--starts-at",
        "2031-03-09T02:30",
        "--zone",
        "America/New_York",
    )
    assert status == 1 and "in America/New_York" in said
    assert starts(north) == ["2031-03-30T01:00:00Z"]


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("zone", "Mars/Base", "zone: 'Mars/Base' is not a time zone."),
        ("starts_at", "0001-01-01T00:00", "starts_at:"),
        ("starts_at", "9999-12-31T23:59-12:00", "out of reach"),
    ],
)
def test_what_means_no_instant_is_a_sentence(north: Run, option: str, value: str, says: str) -> None:
    """Never a traceback."""
    status, said = book(north, **{"starts_at": "2031-07-01T09:00", option: value})
    assert status == 1 and says in said and "Quote" not in said


def test_a_zone_beside_an_offset_is_refused(north: Run) -> None:
    """Two answers to one question."""
    status, said = book(north, starts_at="2031-07-01T09:00Z", zone="Europe/Berlin")
    assert status == 1 and said.startswith("zone: says nothing about 2031-07-01T09:00Z")


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "**bold** [x](javascript:alert(1))",
    ":red[x] :smile: $x$",
    "[bold red]x[/] [/b] \\[x]",
    "x" * 200,
    "👩‍⚕️ شركة 客人",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_printed_as_they_are(zoompool: Run, name: str) -> None:
    """Neither markup nor pictures nor errors of the printer's."""
    assert zoompool("locations", "add", name, "--zone", "Europe/Berlin")[0] == 0
    assert zoompool("calendars", "add", name, "-l", name)[0] == 0
    status, said = book(zoompool, name, location=name, calendar=name, client_name=name)
    assert status == 0 and f"Appointment {name} is booked" in said

    listed = "".join(zoompool("appointments", "list")[1].split())
    assert listed.count(as_listed(name)) or len(name) > 100  # long ones are folded over several lines
    assert as_json(zoompool("appointments", "list", "--json")[1])[0]["location"] == name
    assert zoompool("locations", "list")[0] == zoompool("calendars", "list", "-l", name)[0] == 0
    status, said = zoompool("appointments", "cancel", name + "!", "-l", name)
    assert status == 1 and f"{name} has no appointment {name}!" in said


def as_listed(name: str) -> str:
    """Without the spaces, at which a table may fold."""
    return "".join(name.split())


@pytest.mark.parametrize("option", ["client_name", "external_id", "client_email", "client_zone"])
@pytest.mark.parametrize("hostile", ["a\N{RIGHT-TO-LEFT OVERRIDE}b", "a\x1b[31mb", "a\nb"])
def test_what_could_hide_or_obey_is_refused_with_its_field(north: Run, option: str, hostile: str) -> None:
    """Before it is stored, printed or put into the header of a mail."""
    changed = {option: hostile} if option != "external_id" else {}
    status, said = book(north, hostile if option == "external_id" else "A-1", **changed)

    assert status == 1 and said.startswith(f"{option}: "), said
    assert "\x1b" not in said and "\N{RIGHT-TO-LEFT OVERRIDE}" not in said
