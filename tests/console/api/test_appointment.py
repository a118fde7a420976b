"""One appointment over HTTP: its link, its life, and what can be done with it."""

from datetime import timedelta

import pytest

from core.clock import utcnow
from core.db.models import Event
from tests.console.api.conftest import MakeProgram, Program
from tests.console.api.test_booking import written
from tests.integration.recordings.given import file, found, hold, opened
from tests.world import World

HOUR = timedelta(hours=1)


def test_before_its_time_there_is_no_link_and_the_answer_says_when(world: World, program: MakeProgram) -> None:
    """Ten minutes before the start."""
    world.location()
    booked = world.book(starts_in=HOUR)

    answer = program("read").get(f"/appointments/{booked.id}/link")

    body = answer.json()
    assert (answer.status_code, body["type"]) == (404, "no_link")
    assert (body["reason"], body["link_state"]) == ("not_due", "not_due")
    assert body["expected_at"] == written(booked.starts_at - timedelta(minutes=10))


def test_who_waits_is_told_when_an_account_should_be_free(world: World, program: MakeProgram) -> None:
    """By when the one before has ended and its account has rested."""
    world.location(accounts=1)
    before = world.book("A-1", starts_in=timedelta(minutes=5))
    world.run()
    waiting = world.book("A-2")
    world.allocate()

    answer = program("read").get(f"/appointments/{waiting.id}/link")

    body = answer.json()
    assert (answer.status_code, body["link_state"], body["reason"]) == (404, "waiting", "no_free_account")
    assert body["expected_at"] == written(before.ends_at + world.parts.settings.cooldown)


def test_an_opened_link_is_shown_with_its_passcode_and_nowhere_else(world: World, program: MakeProgram) -> None:
    """The appointment itself only says that it is ready."""
    world.location()
    booked = world.book()
    world.run()
    caller = program("read")

    link = caller.get(f"/appointments/{booked.id}/link").json()
    shown = caller.get(f"/appointments/{booked.id}")

    [meeting] = world.meetings()
    assert link["join_url"] == meeting.join_url
    assert link["passcode"] == world.parts.vault.decrypt(meeting.passcode)
    assert (link["revision"], link["starts_at"]) == (1, written(booked.starts_at))
    assert shown.json()["link"] == {"state": "ready", "reason": None, "expected_at": None}
    assert meeting.join_url not in shown.text


def test_a_move_kills_the_link_and_names_the_key(world: World, program: MakeProgram) -> None:
    """The meeting is gone from Zoom, the account free, and the next link comes before the new start."""
    world.location()
    booked = world.book()
    world.run()
    caller = program("book", name="front desk")
    starts_at = booked.starts_at + 2 * HOUR

    answer = caller.post(f"/appointments/{booked.id}/reschedule", {"starts_at": written(starts_at)}, once="move-1")

    body = answer.json()
    assert answer.status_code == 200
    assert (body["changed"], body["account"]) == ("start", {"free": True, "why_not": None})
    appointment = body["appointment"]
    assert (appointment["revision"], appointment["starts_at"]) == (2, written(starts_at))
    assert appointment["ends_at"] == written(starts_at + timedelta(minutes=30))
    assert world.zoom_meetings() == []
    assert caller.get(f"/appointments/{booked.id}/link").json()["reason"] == "not_due"
    assert [each.actor for each in world.all(Event, kind="appointment_rescheduled")] == ["key:front desk"]
    again = caller.post(f"/appointments/{booked.id}/reschedule", {"starts_at": written(starts_at)}, once="move-1")
    assert (again.text, again.headers["Idempotent-Replayed"]) == (answer.text, "true")


def test_a_cancellation_deletes_the_meeting_and_may_be_sent_again(world: World, program: MakeProgram) -> None:
    """Afterwards there is no link, and the answer says why."""
    world.location()
    booked = world.book()
    world.run()
    caller = program("book")

    first = caller.post(f"/appointments/{booked.id}/cancel", {})
    again = caller.post(f"/appointments/{booked.id}/cancel", {})

    assert (first.status_code, again.status_code) == (200, 200)
    assert (first.json()["was_cancelled_before"], again.json()["was_cancelled_before"]) == (False, True)
    assert first.json()["appointment"]["status"] == "cancelled"
    assert first.json()["account"] == {"free": True, "why_not": None}
    assert world.zoom_meetings() == []
    link = caller.get(f"/appointments/{booked.id}/link").json()
    assert (link["reason"], link["link_state"], link["expected_at"]) == ("cancelled", "ended", None)


def test_unsent_mail_follows_a_corrected_client_and_what_was_sent_is_offered_again(
    world: World, program: MakeProgram
) -> None:
    """The confirmation has not left, so it follows; the link has, so it can be sent again."""
    world.location("Harbour Clinic", confirm_bookings=True)
    unsent = world.book("A-1", starts_in=HOUR)
    sent = world.book("A-2")
    world.run()
    caller = program("book", name="front desk")

    follows = caller.send("PATCH", f"/appointments/{unsent.id}", {"client_email": "new@clients.test"}, once="c-1")
    offers = caller.send("PATCH", f"/appointments/{sent.id}", {"client_email": "new@clients.test"})
    nothing = caller.send("PATCH", f"/appointments/{unsent.id}", {"client_email": "new@clients.test"})

    assert (follows.status_code, follows.json()["changed"]) == (200, ["client_email"])
    assert follows.json()["appointment"]["client_email"] == "new@clients.test"
    [link] = offers.json()["can_be_sent_again"]
    [mail] = world.messages(id=link["message_id"])
    assert (mail.kind, link["kind"], mail.appointment_id) == ("join_link", "join_link", sent.id)
    assert nothing.json()["changed"] == []
    assert {each.actor for each in world.all(Event, kind="client_changed")} == {"key:front desk"}


@pytest.mark.parametrize(
    ("body", "field"), [({}, "client_name"), ({"client_email": "nobody"}, "client_email"), ({"status": "x"}, "status")]
)
def test_a_client_is_not_changed_to_what_cannot_be(
    world: World, program: MakeProgram, body: dict[str, str], field: str
) -> None:
    """The field at fault is named, also where nothing is given or something that cannot be changed."""
    world.location()

    answer = program("book").send("PATCH", f"/appointments/{world.book().id}", body)

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("change", ["reschedule", "cancel"])
def test_who_has_not_seen_the_last_move_is_refused(world: World, program: MakeProgram, change: str) -> None:
    """Somebody else moved it; the caller is to look again."""
    world.location()
    booked = world.book(starts_in=HOUR)
    caller = program("book")
    time = {"starts_at": written(booked.starts_at + HOUR)} if change == "reschedule" else {}
    caller.post(f"/appointments/{booked.id}/reschedule", {"starts_at": written(booked.starts_at + 2 * HOUR)})

    stale = caller.post(f"/appointments/{booked.id}/{change}", {**time, "expected_revision": 1})
    fresh = caller.post(f"/appointments/{booked.id}/{change}", {**time, "expected_revision": 2})

    assert (stale.status_code, stale.json()["type"]) == (409, "stale_state")
    assert fresh.status_code == 200


@pytest.mark.parametrize("change", ["reschedule", "cancel"])
def test_while_people_are_inside_nothing_changes_until_told_to_end_their_meeting(
    world: World, program: MakeProgram, change: str
) -> None:
    """The account is kept for the recording."""
    world.location()
    booked = world.book()
    world.run()
    [meeting] = world.zoom_meetings()
    world.sandbox.join(meeting["id"], "Client")
    caller = program("book")
    time = {"starts_at": written(booked.starts_at + HOUR)} if change == "reschedule" else {}

    refused = caller.post(f"/appointments/{booked.id}/{change}", time, once="change-1")
    told = caller.post(f"/appointments/{booked.id}/{change}", {**time, "end_meeting": True}, once="change-2")

    assert (refused.status_code, refused.json()["type"]) == (409, "meeting_in_progress")
    assert told.status_code == 200
    assert told.json()["account"]["free"] is False
    assert "People have been inside" in told.json()["account"]["why_not"]


def test_the_timeline_is_read_page_by_page(world: World, program: MakeProgram) -> None:
    """Oldest first, each line once."""
    world.location()
    booked = world.book()
    world.run()
    caller = program("read")

    whole = caller.get(f"/appointments/{booked.id}/timeline").json()
    pages, cursor = [], "0"
    while cursor is not None:
        page = caller.get(f"/appointments/{booked.id}/timeline", limit=2, cursor=cursor).json()
        pages += page["items"]
        cursor = page["next"]

    assert [line["kind"] for line in whole["items"]][:2] == ["appointment_booked", "lease_granted"]
    assert whole["next"] is None and pages == whole["items"]
    assert caller.get(f"/appointments/{booked.id}/timeline", cursor="b").status_code == 422


def test_before_there_is_a_recording_the_list_is_empty(world: World, program: MakeProgram) -> None:
    """And no error."""
    world.location()

    answer = program("read").get(f"/appointments/{world.book().id}/recordings")

    assert (answer.status_code, answer.json()) == (200, {"items": [], "next": None})


def test_a_recording_is_shown_with_its_player_passcode_and_files(world: World, program: MakeProgram) -> None:
    """Everything one needs to play it; what is kept encrypted is readable here, beside its link."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)
    found(world, meeting, file(file_size=7_220_000), file("f2", "M4A", recording_type="audio_only"))

    [recording] = program("read").get(f"/appointments/{world.appointment().id}/recordings").json()["items"]

    assert (recording["outcome"], recording["reason"], recording["minutes"]) == ("attached", None, 29)
    assert (recording["share_url"], recording["passcode"]) == ("https://zoom.example/rec/share/s", "typed-1")
    assert [(each["file_type"], each["play_url"]) for each in recording["files"]][1] == (
        "M4A",
        "https://zoom.example/rec/play/f2",
    )


def everything(caller: Program, appointment_id: int) -> list[int]:
    """The status of each thing that can be asked about or done with an appointment."""
    path = f"/appointments/{appointment_id}"
    reads = [caller.get(path + each) for each in ("", "/link", "/timeline", "/recordings")]
    starts_at = {"starts_at": written(utcnow() + HOUR)}
    writes = [
        caller.post(path + "/reschedule", starts_at),
        caller.post(path + "/cancel", {}, once=f"cancel-{appointment_id}"),
    ]
    writes.append(caller.send("PATCH", path, {"client_name": "Somebody"}, once=f"change-{appointment_id}"))
    return [answer.status_code for answer in reads + writes]


def test_what_a_key_does_not_see_looks_as_if_it_did_not_exist(world: World, program: MakeProgram) -> None:
    """For reading and for changing; nothing is changed."""
    world.location("Harbour Clinic")
    world.location("Hill Clinic")
    booked = world.book(starts_in=HOUR)
    stranger = program("book", "Hill Clinic")

    assert everything(stranger, booked.id) == everything(stranger, 4711) == [404] * 7
    there = stranger.get(f"/appointments/{booked.id}").json()
    assert there["detail"] == stranger.get("/appointments/4711").json()["detail"]
    assert world.appointment().status == "booked"


def test_nothing_is_moved_to_the_end_of_the_calendar(world: World, program: MakeProgram) -> None:
    """Where it would end after the last day there is."""
    world.location()
    booked = world.book(starts_in=HOUR)

    answer = program("book").post(f"/appointments/{booked.id}/reschedule", {"starts_at": "9999-12-31T23:59:00Z"})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "starts_at")
