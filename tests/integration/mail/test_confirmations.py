"""A booking is confirmed at once, without a link; what leaves is what is true when it leaves."""

from datetime import timedelta

import pytest

from core.clock import utcnow
from core.db.models import AppointmentRevision
from core.services.mail_claim import MailClaim
from core.services.outbox import LINK_FIRST
from tests.integration.mail.booked import CLIENT, HOST, HOUR, call_off, confirmed, entry, move, set_calendar
from tests.world import World


def kinds(world: World) -> list[tuple[str, str, str | None]]:
    """What became of each message to the client."""
    return [(each.kind, each.status, each.reason) for each in world.messages(channel="mail", to_host=False)]


def test_a_booking_is_confirmed_without_a_link_and_says_when_it_comes(world: World) -> None:
    """Ten minutes before, with the time of day."""
    world.location()
    appointment = confirmed(world)

    world.notify()

    (mail,) = world.sandbox.mail(CLIENT)
    assert mail["subject"].startswith("Booked: your appointment on ")
    for said in (mail["text"], mail["html"]):
        assert "comes by e-mail 10 minutes before the appointment begins, at " in said
        assert "https://" not in said
    method, event = entry(mail)
    assert (method, event["SEQUENCE"], event.start) == ("REQUEST", 1, appointment.starts_at)


def test_what_booking_writes_by_itself_is_the_same_confirmation(world: World) -> None:
    """Its statement and `booked` agree on the key, so that whoever is second adds nothing; the host's copy too."""
    world.location(confirm_bookings=True)
    set_calendar(world, copy_to_host=True, host_email=HOST)
    confirmed(world)

    world.notify()

    assert [mail["subject"].split(":")[0] for mail in world.sandbox.mail(CLIENT)] == ["Booked"]
    assert [mail["subject"].split(":")[0] for mail in world.sandbox.mail(HOST)] == ["Copy"]
    assert len(world.messages()) == 2


@pytest.mark.parametrize(
    ("meeting_location", "detail", "said"),
    [
        ("phone", "+49 30 1234567", "It takes place by phone: +49 30 1234567"),
        ("google_meet", "https://meet.google.com/abc", "It takes place on Google Meet: https://meet.google.com/abc"),
        ("custom", "Room 4", "It takes place here: Room 4"),
        ("phone", None, "It takes place by phone."),
    ],
)
def test_where_no_link_is_needed_the_confirmation_says_where_it_is(
    world: World, meeting_location: str, detail: str | None, said: str
) -> None:
    """And promises no link."""
    world.location()
    set_calendar(world, "Phone", meeting_location=meeting_location, meeting_detail=detail)
    confirmed(world, calendar="Phone")

    world.notify()

    (mail,) = world.sandbox.mail(CLIENT)
    assert said in mail["text"]
    assert "link" not in mail["text"] and "link to join" not in mail["html"]
    _, event = entry(mail)
    assert event["LOCATION"] == (detail or "Phone")


def test_a_link_that_follows_at_once_makes_the_confirmation_needless(world: World) -> None:
    """Booked inside the lead time: one mail, which says it all."""
    world.location()
    confirmed(world, starts_in=timedelta(minutes=9))

    world.run()
    world.notify(now=utcnow() + LINK_FIRST + timedelta(seconds=1))

    assert [mail["subject"].split(" on ")[0] for mail in world.sandbox.mail(CLIENT)] == ["Your link to join"]
    assert kinds(world) == [("booked", "dropped", "link_sent"), ("join_link", "sent", None)]


def test_a_link_that_has_to_wait_leaves_the_confirmation_its_turn(world: World) -> None:
    """No account is free: after a minute the client knows at least that he is booked."""
    world.location(accounts=0)
    confirmed(world, starts_in=timedelta(minutes=9))

    world.run()
    assert kinds(world) == [("booked", "queued", None)]
    world.notify(now=utcnow() + LINK_FIRST + timedelta(seconds=1))

    (mail,) = world.sandbox.mail(CLIENT)
    assert "Your link to join comes by e-mail as soon as it is ready." in mail["text"]


def test_a_calendar_that_meets_elsewhere_by_now_is_what_the_confirmation_tells(world: World) -> None:
    """It was queued for Zoom and leaves for the phone."""
    world.location()
    confirmed(world)
    world.edit_calendar(meeting_location="phone", meeting_detail="112")

    world.notify()

    (mail,) = world.sandbox.mail(CLIENT)
    assert "It takes place by phone: 112" in mail["text"]
    assert "link" not in mail["text"]


def test_who_got_only_the_confirmation_is_told_of_a_move_and_of_the_end(world: World) -> None:
    """Three mails, one calendar entry, each later than the one before."""
    world.location()
    confirmed(world)
    world.notify()
    move(world, HOUR)
    world.notify()
    call_off(world)
    world.notify()

    mails = world.sandbox.mail(CLIENT)
    assert [mail["subject"].split(":")[0] for mail in mails] == ["Booked", "New time", "Cancelled"]
    entries = [entry(mail) for mail in mails]
    assert [(method, event["SEQUENCE"]) for method, event in entries] == [("REQUEST", 1), ("REQUEST", 2), ("CANCEL", 3)]
    assert len({event["UID"] for _, event in entries}) == 1
    assert [event["STATUS"] for _, event in entries] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert entries[1][1].start - entries[0][1].start == HOUR


def test_a_confirmation_that_waits_while_its_appointment_moves_tells_the_new_time(world: World) -> None:
    """One mail, no word of the old time, and none about a move that the client need not hear of."""
    world.location()
    confirmed(world)
    move(world, HOUR)
    world.notify()

    (mail,) = world.sandbox.mail(CLIENT)
    _, event = entry(mail)
    assert event.start == world.appointment().starts_at
    assert kinds(world) == [("booked", "sent", None)]
    assert [each.revision for each in world.messages()] == [2]


def test_a_confirmation_that_waits_while_its_appointment_is_cancelled_never_leaves(world: World) -> None:
    """Nobody was told, so nobody is told."""
    world.location()
    confirmed(world)
    call_off(world)
    world.notify()

    assert world.sandbox.mail() == []
    assert kinds(world) == [("booked", "dropped", "cancelled")]


def test_the_link_after_a_confirmation_is_no_news_of_a_new_time(world: World) -> None:
    """And its entry replaces that of the confirmation, now with the link in it."""
    world.location()
    confirmed(world, starts_in=timedelta(minutes=11))
    world.notify()
    world.run(now=utcnow() + timedelta(minutes=2))

    first, second = world.sandbox.mail(CLIENT)
    assert second["subject"].startswith("Your link to join on ")
    (_, before), (_, after) = entry(first), entry(second)
    assert before["UID"] == after["UID"] and before["SEQUENCE"] < after["SEQUENCE"]
    assert after["LOCATION"].startswith("http") and "Passcode: " in after["DESCRIPTION"]


def test_a_mail_that_is_tried_again_keeps_its_number(world: World) -> None:
    """So the same mail, come twice, is the same version of the entry; its stamp is fresh."""
    world.location()
    confirmed(world)
    world.sandbox.fault({"smtp_code": 451}, smtp=True, times=1)
    assert world.notify().retrying == 1
    later = utcnow() + timedelta(seconds=30)
    assert world.notify(now=later).sent == 1

    (mail,) = world.sandbox.mail(CLIENT)
    _, event = entry(mail)
    assert (event["SEQUENCE"], event["DTSTAMP"].dt) == (1, later.replace(microsecond=0))
    assert world.appointment().ical_sequence == 1


def test_a_host_who_wants_copies_gets_one_of_each_mail_in_words_of_his_own(world: World) -> None:
    """Confirmation, link, move and cancellation; the client never sees the host."""
    world.location()
    set_calendar(world, copy_to_host=True, host_email=HOST)
    confirmed(world, starts_in=timedelta(minutes=11))
    world.notify()
    world.run(now=utcnow() + timedelta(minutes=2))
    world.notify()
    move(world, HOUR)
    world.notify()
    call_off(world)
    world.notify()

    copies, mails = world.sandbox.mail(HOST), world.sandbox.mail(CLIENT)
    assert [mail["subject"].split(":")[0] for mail in copies] == ["Copy"] * 4
    assert len(mails) == 4
    assert all(mail["to"] == [HOST] for mail in copies)
    assert all("Copy for the host" in mail["text"] and CLIENT in mail["text"] for mail in copies)
    assert "Passcode: " in copies[1]["text"]
    numbers = [entry(mail)[1]["SEQUENCE"] for mail in (*mails, *copies)]
    assert len(set(numbers)) == 8
    assert numbers[:4] == sorted(numbers[:4]) and numbers[4:] == sorted(numbers[4:])
    assert all(HOST not in mail["text"] + mail["calendar"] for mail in mails)


def test_a_copy_is_never_counted_as_the_clients_link(world: World) -> None:
    """The client's address is refused and the host gets his copy: the link is not accepted, and nobody was told."""
    world.location()
    set_calendar(world, copy_to_host=True, host_email=HOST)
    world.book()
    world.sandbox.fault({"smtp_code": 550}, smtp=True, to_regex="a-1@clients")
    world.run()
    world.notify()

    assert [(each.to_host, each.status) for each in world.messages(kind="join_link")] == [
        (False, "failed"),
        (True, "sent"),
    ]
    (revision,) = world.all(AppointmentRevision)
    assert (revision.mail_accepted_at, revision.outcome) == (None, None)
    call_off(world)
    world.notify()
    assert world.sandbox.mail(CLIENT) == []
    assert [mail["subject"].split(":")[0] for mail in world.sandbox.mail(HOST)] == ["Copy", "Copy"]


def test_of_two_notices_that_are_claimed_together_only_the_later_one_waits(world: World) -> None:
    """The confirmation, refused for now, and the notice of a move, which was written because the host knew."""
    world.location()
    set_calendar(world, copy_to_host=True, host_email=HOST)
    confirmed(world)
    world.sandbox.fault({"smtp_code": 450}, smtp=True, to_regex="a-1@clients", times=1)
    world.notify()
    move(world, HOUR)

    claim = MailClaim(world.parts.sessions, lambda: utcnow() + timedelta(seconds=10), None)
    mails = [mail for each in claim.take(10, None) if (mail := claim.look(each)) and not mail.to_host]

    assert {mail.kind: mail.leaving for mail in mails} == {"booked": False, "moved": True}
