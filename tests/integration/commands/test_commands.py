"""The command line: what people type, what they read, and what programs get."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import cli, wiring
from core.clock import utcnow
from core.db.models import Appointment
from core.services.alerts.raise_ import clear_alert, raise_alert
from core.settings import Settings, get_settings
from tests.integration.reconcile.given import leave_behind, on_zoom, opened
from tests.world import World

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def zoompool(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs a command as `zoompool ...` would, in this process; gives the exit status and what was printed."""
    get_settings.cache_clear()
    wiring.wiring.cache_clear()
    monkeypatch.setenv("DATABASE_URL", str(settings.database_url))
    monkeypatch.setenv("STATE_DIR", str(settings.state_dir))
    monkeypatch.setenv("ZOOM_API_URL", settings.api_url)
    monkeypatch.setenv("ZOOM_OAUTH_URL", settings.oauth_url)

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["zoompool", *words])
        try:
            cli.main()
        except SystemExit as end:
            status = end.code
        else:
            status = 0
        printed = capsys.readouterr()
        return int(status or 0), printed.out + printed.err

    yield run
    get_settings.cache_clear()
    wiring.wiring.cache_clear()


def as_json(printed: str) -> Any:
    """What a program reads."""
    return json.loads(printed)


def book(zoompool: Run, external_id: str = "A-1", **changed: str) -> tuple[int, str]:
    """Book an appointment by the command line, with *changed* options."""
    options = {
        "location": "North",
        "calendar": "Video",
        "starts-at": "+30",
        "client-name": "A client",
        "client-email": "client@clients.test",
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    return zoompool("appointments", "book", external_id, *(f"--{name}={value}" for name, value in options.items()))


@pytest.fixture
def north(zoompool: Run) -> Run:
    """A location with a Zoom calendar, made by the command line."""
    assert zoompool("locations", "add", "North", "--zone", "Europe/Berlin")[0] == 0
    assert zoompool("calendars", "add", "Video", "-l", "North")[0] == 0
    return zoompool


def test_an_appointment_is_booked_listed_and_cancelled(north: Run) -> None:
    """From nothing to a cancelled appointment, in the words of the JSON that programs read."""
    assert book(north)[0] == 0

    [line] = as_json(north("appointments", "list", "--json")[1])
    assert set(line) == {
        "external_id", "location", "starts_at", "status", "link_state", "join_url", "account", "reason",
    }  # fmt: skip
    assert (line["external_id"], line["status"], line["link_state"]) == ("A-1", "booked", "not_due")
    assert north("appointments", "cancel", "A-1", "-l", "North") == (0, "Appointment A-1 is cancelled.\n")
    assert as_json(north("appointments", "list", "--json")[1])[0]["status"] == "cancelled"


def test_an_appointment_is_rescheduled(north: Run) -> None:
    """To another time and length; the same again changes nothing; as long as before unless said otherwise."""
    book(north, starts_at="2031-07-01T09:00")
    there = ("appointments", "reschedule", "A-1", "-l", "North", "--starts-at", "2031-07-02T10:00")

    said = north(*there, "--minutes", "45")
    again = as_json(north(*there, "--json")[1])

    assert said == (0, "Appointment A-1 is moved to 2031-07-02 08:00 to 08:45 UTC.\n")
    assert (again["changed"], again["revision"], again["ends_at"]) == ("nothing", 2, "2031-07-02T08:45:00Z")
    assert north(*there, "--minutes", "0")[0] == 1


def test_people_inside_are_only_sent_out_when_told_to(zoompool: Run, world: World) -> None:
    """The refusal is a sentence; the option is named by what it does."""
    world.location("North")
    world.book("A-1", location="North")
    world.run()
    world.sandbox.start_meeting(world.zoom_meetings()[0]["id"])

    refused = zoompool("appointments", "cancel", "A-1", "-l", "North")
    status, said = zoompool("appointments", "cancel", "A-1", "-l", "North", "--end-meeting")

    assert refused[0] == 1 and "People are in the meeting" in refused[1] and "--end-meeting" in refused[1]
    assert status == 0 and "the account stays taken until the recording is processed" in said


def test_an_appointment_is_moved_and_its_account_freed_by_hand(zoompool: Run, world: World) -> None:
    """Both want a reason; what cannot be done is a sentence."""
    world.location("North", accounts=2)
    world.book("A-1", location="North")
    world.run()
    why = ("-l", "North", "--reason", "the camera is broken")

    moved = as_json(zoompool("appointments", "move", "A-1", *why, "--json")[1])
    freed = zoompool("accounts", "free", "seat1@north.test", *why)
    refused = zoompool("accounts", "free", "seat2@north.test", *why)

    assert moved == {
        "external_id": "A-1", "was_on": "seat1@north.test", "is_on": "seat2@north.test", "link_ready": True,
    }  # fmt: skip
    assert freed == (0, "seat1@north.test was free already.\n")
    assert refused[0] == 1 and "which is not over" in refused[1]


def test_a_failed_link_is_tried_again(zoompool: Run, world: World) -> None:
    """Asked for once; what has not failed is refused with a sentence."""
    world.location("North", accounts=2)
    world.book("A-1", location="North")
    ask = ("appointments", "retry", "A-1", "-l", "North")
    refused = zoompool(*ask)
    world.sandbox.fault({"status": 400, "body": {"code": 300}}, method="POST", path_regex="/users/me/meetings$")
    world.run()
    with world.parts.sessions.begin() as session:  # the first isolated run has begun and failed
        session.execute(sa.update(Appointment).values(isolation_claimed=1))

    assert refused[0] == 1 and "has not failed" in refused[1]
    assert "is tried again within half a minute" in zoompool(*ask)[1]
    assert as_json(zoompool(*ask, "--json")[1]) == {"external_id": "A-1", "asked": False}


@pytest.mark.parametrize("of", [("locations",), ()])
def test_the_allocation_is_paused_and_resumed(north: Run, of: tuple[str, ...]) -> None:
    """Of one location, or of all."""
    named = ("North",) if of else ()
    why = ("--reason", "incident 7")

    assert "is paused" in north(*of, "pause", *named, *why)[1]
    assert "was paused already" in north(*of, "pause", *named, *why)[1]
    assert "goes on" in north(*of, "resume", *named, *why)[1]
    assert "was not paused" in north(*of, "resume", *named, *why)[1]


def test_booking_the_same_again_changes_nothing(north: Run) -> None:
    """The external id is the caller's own; a repeated call is no second appointment."""
    start = (utcnow() + timedelta(hours=1)).replace(microsecond=0).isoformat()
    assert book(north, starts_at=start)[0] == 0
    assert book(north, starts_at=start)[0] == 0

    assert len(as_json(north("appointments", "list", "--json")[1])) == 1


def test_the_same_id_with_other_content_is_refused_and_names_what_differs(north: Run) -> None:
    """Booking is no way to change an appointment."""
    start = (utcnow() + timedelta(hours=1)).replace(microsecond=0).isoformat()
    book(north, starts_at=start)

    status, said = book(north, starts_at=start, client_name="Another client")

    assert status == 1
    assert "another client_name" in said


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        ("starts_at", "2020-01-01T10:00:00Z", "starts_at"),
        ("starts_at", "tomorrow", "starts_at"),
        ("minutes", "0", "ends_at"),
        ("client_email", "nobody", "client_email"),
        ("client_zone", "Mars/Olympus", "client_zone"),
        ("client_name", "A\nclient", "client_name"),
        ("calendar", "Audio", "calendar named Audio"),
        ("location", "South", "location named South"),
    ],
)
def test_bad_input_is_a_sentence_that_names_the_field(north: Run, option: str, value: str, named: str) -> None:
    """Never a traceback."""
    status, said = book(north, **{option: value})

    assert status == 1
    assert named in said
    assert "Traceback" not in said


def test_a_seat_is_connected_by_the_address_that_is_printed(north: Run, world: World) -> None:
    """Only an issued seat gets one, and it leads to Zoom's consent page."""
    assert "No seat" in north("accounts", "connect", "room1@north.test", "-l", "North")[1]
    north("seats", "issue", "Room1@north.test", "-l", "North")

    printed = as_json(north("accounts", "connect", "room1@north.test", "-l", "North", "--json")[1])

    assert printed["seat"] == "room1@north.test"
    assert printed["address"].startswith(world.parts.settings.oauth_url + "/authorize?")


def test_accounts_and_messages_are_listed_in_the_words_programs_know(zoompool: Run, world: World) -> None:
    """The fields of the two lists."""
    world.location("North")
    world.book("A-1", location="North")
    world.run()

    [account] = as_json(zoompool("accounts", "list", "--json")[1])
    [message] = as_json(zoompool("messages", "list", "--json")[1])
    assert set(account) == {"email", "location", "state", "lease_state", "idle_since", "busy_until"}
    assert (account["state"], account["lease_state"]) == ("connected", "ready")
    assert (message["kind"], message["to"], message["status"]) == ("join_link", "a-1@clients.test", "sent")
    assert (message["appointment"], message["sent_at"] is not None) == ("A-1", True)


def test_a_calendar_taken_off_zoom_says_how_many_appointments_change(north: Run) -> None:
    """And back again."""
    book(north)

    detail = "--detail=+49 40 0000 0000"
    away = as_json(north("calendars", "set", "Video", "-l", "North", "-m", "phone", detail, "--json")[1])
    back = as_json(north("calendars", "set", "Video", "-l", "North", "-m", "zoom", "--json")[1])

    assert (away["cease_to_need"], back["begin_to_need"]) == (1, 1)


def test_a_location_is_changed_and_says_what_changed(north: Run) -> None:
    """What is not named stays."""
    options = ("--zone=UTC", "--hold-minutes=90", "--suspend", "--refuse-when-short")
    told = as_json(north("locations", "set", "North", *options, "--json")[1])

    assert told["changed"] == ["zone", "status", "refuse_when_short", "recording_hold_limit"]
    assert "North is like that" in north("locations", "set", "north", "--suspend")[1]
    assert as_json(north("locations", "set", "North", "--hold-minutes=default", "--activate", "--json")[1])[
        "changed"
    ] == ["status", "recording_hold_limit"]
    assert north("locations", "set", "North", "--hold-minutes=soon")[0] == 1


def test_a_list_of_seats_is_imported_whole_or_not_at_all(north: Run, tmp_path: Path) -> None:
    """First a look, then the bad lines, then all of it."""
    file = tmp_path / "seats.csv"
    file.write_text(
        "email;location\r\na@north.test;North\r\nnobody;North\r\nb@north.test;West\r\n", encoding="utf-8-sig"
    )
    status, said = north("seats", "import", str(file))
    assert status == 1
    assert "Line 3: 'nobody' is not" in said and "Line 4: There is no location named 'West'." in said
    assert "Nothing is imported: 2 lines are bad." in said

    file.write_text("email,location\na@north.test,North\nb@north.test,North\n")
    assert "2 seats would be issued" in north("seats", "import", str(file), "--dry-run")[1]
    assert as_json(north("seats", "list", "--json")[1]) == []
    assert "2 seats are issued" in north("seats", "import", str(file))[1]
    again = as_json(north("seats", "import", str(file), "--json")[1])
    assert (again["new"], again["already"], again["bad"]) == (0, 2, [])
    assert len(as_json(north("seats", "list", "--json")[1])) == 2


def test_a_file_that_cannot_be_read_is_a_sentence(north: Run, tmp_path: Path) -> None:
    """Neither a trace nor silence."""
    status, said = north("seats", "import", str(tmp_path / "nothing.csv"))
    assert (status, "cannot be read" in said) == (1, True)


def test_a_database_that_does_not_answer_is_a_sentence(zoompool: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to do stands in it."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    get_settings.cache_clear()
    wiring.wiring.cache_clear()

    status, said = zoompool("locations", "list")

    assert status == 1
    assert "The database does not answer" in said


def test_people_read_times_in_the_location_s_zone(north: Run) -> None:
    """And programs in UTC."""
    book(north, starts_at="2031-07-01T09:00")

    assert "09:00 CEST" in north("appointments", "list")[1]
    assert as_json(north("appointments", "list", "--json")[1])[0]["starts_at"] == "2031-07-01T07:00:00Z"


def test_reconciling_on_demand_looks_before_it_leaps(zoompool: Run, world: World) -> None:
    """A look changes nothing; what is too much for a leftover is told with the way to allow it."""
    meetings = opened(world, 2)
    leave_behind(world, *(each.id for each in meetings), ago=timedelta(hours=1))

    status, looked = zoompool("reconcile", "--dry-run", "--json")
    refused = zoompool("reconcile", "-l", "harbour clinic")[1]
    allowed = zoompool("reconcile", "--allow-many")[1]

    assert (status, {line["done"] for line in as_json(looked)["lines"]}) == (0, {"would be done"})
    assert "--allow-many" in refused
    assert allowed.count("gone") == 2
    assert on_zoom(world) == set()


def test_reconcile_does_not_call_well_what_it_has_not_seen(zoompool: Run, world: World) -> None:
    """A list that did not come says nothing."""
    world.location()
    assert "Everything is as it should be." in zoompool("reconcile")[1]
    world.sandbox.fault({"status": 503})

    printed = zoompool("reconcile")[1]

    assert "not listed, so nothing is concluded" in printed
    assert "as it should be" not in printed


def test_alerts_are_listed_and_tried_out(zoompool: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with what to do; and whether a message about it would arrive."""
    assert "Nothing is wrong" in zoompool("alerts", "list")[1]
    with world.parts.sessions.begin() as session:
        raise_alert(session, "reconcile:9", kind="reconcile", text="Thirty.", next_step="Look.", now=utcnow())
    [line] = as_json(zoompool("alerts", "list", "--json")[1])
    assert (line["kind"], line["text"], line["next_step"], line["over_since"]) == (
        "reconcile",
        "Thirty.",
        "Look.",
        None,
    )
    with world.parts.sessions.begin() as session:
        clear_alert(session, "reconcile:9", now=utcnow())
    assert as_json(zoompool("alerts", "list", "--json")[1]) == []
    assert len(as_json(zoompool("alerts", "list", "--all", "--json")[1])) == 1

    monkeypatch.setenv("SMTP_URL", world.parts.settings.mail_url)
    get_settings.cache_clear()
    wiring.wiring.cache_clear()
    assert as_json(zoompool("alerts", "test", "--json")[1]) == [
        {"target": 1, "accepted": True, "answer": "mailto: accepted"}
    ]
    assert [mail["subject"] for mail in world.sandbox.mail("operations@practice.example")] == ["A test"]
    world.sandbox.fault({"smtp_code": 550}, smtp=True)
    assert zoompool("alerts", "test")[0] == 1


def test_the_doctor_fails_where_a_part_does_not_work(zoompool: Run, world: World) -> None:
    """A program gets every finding, and the exit status; here no process of the installation runs."""
    status, printed = zoompool("doctor", "--json")

    found = {check["part"]: check["level"] for check in as_json(printed)}
    assert status == 1
    assert (found["database"], found["Dagster database"]) == ("ok", "fail")
    assert "fail" in zoompool("doctor")[1]


def test_after_a_restore_the_command_says_what_is_left_to_do(zoompool: Run, world: World) -> None:
    """Whose tokens are dead, what was waiting, and that allocation is paused."""
    opened(world)
    world.sandbox.grant("seat1@harbour-clinic.test")

    status, printed = zoompool("doctor", "after-restore")

    assert status == 0
    assert "Press Reconnect in the console for seat1@harbour-clinic.test" in printed
    assert "Allocation is paused" in printed
