"""The mails about an appointment over the API: how they stand, what they say, and once more."""

import pytest
from icalendar import Calendar

from core.db.models import Event
from tests.console.api.conftest import MakeProgram
from tests.integration.mail.booked import CLIENT, call_off, confirmed
from tests.world import World


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """A location with one account, whose link is sent to A-1."""
    world.location()
    world.book()
    world.run()


def test_each_mail_is_listed_with_its_delivery(world: World, program: MakeProgram) -> None:
    """And the mail server's own answer."""
    answer = program("read", "Harbour Clinic").get(f"/appointments/{world.appointment().id}/messages")

    assert answer.status_code == 200
    body = answer.json()
    (mail,) = body["items"]
    assert (mail["kind"], mail["to"], mail["status"], mail["to_host"]) == ("join_link", CLIENT, "sent", False)
    assert mail["answer"].startswith("250 ") and mail["sent_at"].endswith("Z")
    assert (mail["next_attempt_at"], body["next"]) == (None, None)


def test_the_list_goes_on_page_by_page(world: World, program: MakeProgram) -> None:
    """Newest first, and each once."""
    caller, mails = program("book"), f"/appointments/{world.appointment().id}/messages"
    for _ in range(2):
        last = world.messages()[-1].id
        assert caller.post(f"/messages/{last}/resend").status_code == 201
        world.notify()
    ids, cursor = [], None
    for _ in range(3):
        page = caller.get(mails, limit=1, **({"cursor": cursor} if cursor else {})).json()
        ids += [each["id"] for each in page["items"]]
        cursor = page["next"]

    assert cursor is None
    assert ids == [each.id for each in reversed(world.messages())]
    assert caller.get(mails, cursor="soon").status_code == 422


def test_a_preview_has_all_four_forms(world: World, program: MakeProgram) -> None:
    """The same as the client got, with its link while that is valid."""
    (mail,) = world.messages()
    seen = program("read").get(f"/messages/{mail.id}/preview").json()

    (meeting,) = world.meetings()
    assert seen["subject"] == world.sandbox.mail(CLIENT)[0]["subject"]
    assert meeting.join_url in seen["text"] and "<html" in seen["html"]
    assert str(Calendar.from_ical(seen["calendar"]).events[0]["LOCATION"]) == meeting.join_url
    call_off(world)
    seen = program("read", name="later").get(f"/messages/{mail.id}/preview").json()
    assert seen["untrue"] == "The appointment is cancelled."
    assert meeting.join_url not in str(seen)


def test_a_mail_is_sent_again_once_however_often_it_is_asked_for(world: World, program: MakeProgram) -> None:
    """The same Idempotency-Key gets the same answer; the timeline names the key."""
    (mail,) = world.messages()
    caller = program("book", name="booking system")
    first, second = (caller.post(f"/messages/{mail.id}/resend", once="again-1") for _ in range(2))
    world.notify()

    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert (first.status_code, first.json()["to"]) == (201, CLIENT)
    assert len(world.sandbox.mail(CLIENT)) == 2
    assert [event.actor for event in world.all(Event, kind="mail_resent")] == ["key:booking system"]


def test_what_is_not_true_any_more_is_a_conflict(world: World, program: MakeProgram) -> None:
    """With a sentence."""
    (mail,) = world.messages()
    call_off(world)
    answer = program("book").post(f"/messages/{mail.id}/resend")

    assert (answer.status_code, answer.json()["detail"]) == (409, "The appointment is cancelled.")


def test_a_key_of_another_location_sees_no_mail(world: World, program: MakeProgram) -> None:
    """As if there were none; nor one that is no mail."""
    world.location("North Clinic", accounts=0)
    (mail,) = world.messages()
    stranger = program("admin", "North Clinic")

    assert stranger.get(f"/appointments/{world.appointment().id}/messages").status_code == 404
    assert stranger.get(f"/messages/{mail.id}/preview").status_code == 404
    assert stranger.post(f"/messages/{mail.id}/resend").status_code == 404
    assert program("admin").get("/messages/4711/preview").status_code == 404
    assert program("read").post(f"/messages/{mail.id}/resend").status_code == 403


def test_a_confirmation_that_waits_can_be_looked_at(world: World, program: MakeProgram) -> None:
    """As it would leave now; it is still there afterwards."""
    waiting = confirmed(world, external_id="A-3")
    (mail,) = world.messages(appointment_id=waiting.id)
    seen = program("read").get(f"/messages/{mail.id}/preview").json()

    assert (seen["status"], seen["untrue"]) == ("queued", None)
    assert seen["subject"].startswith("Booked: ")
    assert program("book").post(f"/messages/{mail.id}/resend").status_code == 409
