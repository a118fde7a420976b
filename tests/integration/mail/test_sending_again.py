"""A person has a mail sent again: only what is still true, to the address of now, noted with who asked for it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import AppointmentRevision, Event, Message
from core.errors import Conflict, NotFound
from core.services.change_client import change_client
from core.services.preview import preview
from core.services.resend import Resent, resend
from tests.integration.mail.booked import CLIENT, HOST, HOUR, call_off, confirmed, entry, move, set_calendar
from tests.world import World

SENDER = "no-reply@quantixone.example"


def again(world: World, message: Message) -> Resent:
    """Ask for it as support would."""
    with world.parts.sessions.begin() as session:
        return resend(session, message.id, actor="support", now=utcnow())


def link(world: World, **where: object) -> Message:
    """The first mail with a link."""
    return world.messages(kind="join_link", to_host=False, **where)[0]


def test_a_link_is_sent_again_as_a_later_version_of_the_same_entry(world: World) -> None:
    """Two mails, two Message-IDs, one calendar entry; the timeline names who asked."""
    world.location()
    world.book()
    world.run()
    resent = again(world, link(world))
    world.notify()

    first, second = world.sandbox.mail(CLIENT)
    assert first["message_id"] != second["message_id"]
    (_, before), (_, after) = entry(first), entry(second)
    assert before["UID"] == after["UID"] and before["SEQUENCE"] < after["SEQUENCE"]
    row = world.messages(id=resent.message_id)[0]
    assert (row.dedupe_key, row.resend_of) == (f"resend:{link(world).id}:1", link(world).id)
    (event,) = world.all(Event, kind="mail_resent")
    assert (event.actor, event.message_id, event.detail["mail"]) == ("support", row.id, "join_link")


def test_a_mail_sent_again_twice_is_counted(world: World) -> None:
    """And what is sent again can be sent again, as the first one's next."""
    world.location()
    world.book()
    world.run()
    resent = again(world, link(world))
    world.notify()
    with world.parts.sessions.begin() as session:
        resend(session, resent.message_id, actor="support", now=utcnow())

    first = link(world).id
    assert [each.dedupe_key for each in world.messages(resend_of=first)] == [f"resend:{first}:1", f"resend:{first}:2"]


def test_what_is_on_its_way_is_not_sent_again(world: World) -> None:
    """Neither the first one nor its repetition: a second press of the button changes nothing."""
    world.location()
    confirmed(world)
    (first,) = world.messages()
    with pytest.raises(Conflict, match="on its way already"):
        again(world, first)
    world.notify()
    again(world, first)
    with pytest.raises(Conflict, match="on its way already"):
        again(world, first)


def test_a_confirmation_is_sent_again_until_the_link_has_been(world: World) -> None:
    """After that it would take the link out of the client's calendar, and the link's own mail is the one to repeat."""
    world.location()
    confirmed(world, starts_in=timedelta(minutes=11))
    world.notify()
    (first,) = world.messages()
    again(world, first)
    world.notify()
    assert len(world.sandbox.mail(CLIENT)) == 2
    again(world, first)
    world.run(now=utcnow() + timedelta(minutes=2))
    world.notify(now=utcnow() + timedelta(minutes=3))

    with pytest.raises(Conflict, match="its mail says it all"):
        again(world, first)
    last = max((entry(mail)[1] for mail in world.sandbox.mail(CLIENT)), key=lambda event: int(event["SEQUENCE"]))
    assert str(last["LOCATION"]).startswith("http")


def test_what_is_no_longer_true_is_refused_with_a_sentence(world: World) -> None:
    """After a move and after a cancellation; the cancellation itself can be sent again."""
    world.location()
    world.book()
    world.run()
    move(world, HOUR)
    with pytest.raises(Conflict, match="moved since"):
        again(world, link(world))
    world.notify()
    call_off(world)
    world.notify()
    with pytest.raises(Conflict, match="is cancelled"):
        again(world, world.messages(kind="moved")[0])
    again(world, world.messages(kind="cancelled")[0])
    world.notify()

    assert [entry(mail)[0] for mail in world.sandbox.mail(CLIENT)] == ["REQUEST", "REQUEST", "CANCEL", "CANCEL"]


def test_what_became_untrue_after_the_press_does_not_leave(world: World) -> None:
    """It is looked at once more when its turn comes, like every other mail."""
    world.location()
    world.book()
    world.run()
    again(world, link(world))
    call_off(world)
    world.notify()

    assert [mail["subject"].split(" on ")[0] for mail in world.sandbox.mail(CLIENT)] == [
        "Your link to join",
        "Cancelled: your appointment",
    ]


def test_nothing_is_sent_again_after_the_end(world: World) -> None:
    """The appointment is over, whatever its status says."""
    world.location()
    world.book()
    world.run()
    with world.parts.sessions.begin() as session, pytest.raises(Conflict, match="The appointment is over"):
        resend(session, link(world).id, actor="support", now=utcnow() + HOUR)


def test_there_is_no_such_mail(world: World) -> None:
    """A sentence, as for everything else that does not exist."""
    with world.parts.sessions.begin() as session, pytest.raises(NotFound):
        resend(session, 4711, actor="support", now=utcnow())


def test_a_refused_link_reaches_the_corrected_address(world: World) -> None:
    """The server's answer is kept, the address corrected, the mail sent again; then it counts as the client's link."""
    world.location()
    world.book()
    world.sandbox.fault({"smtp_code": 550}, smtp=True, to_regex="a-1@")
    world.run()
    assert (link(world).status, str(link(world).provider_reply)[:3]) == ("failed", "550")

    with world.parts.sessions.begin() as session:
        done = change_client(
            session, world.appointment().id, client_email="new@clients.test", actor="support", now=utcnow()
        )
    assert [(each.kind, each.message_id) for each in done.offer] == [("join_link", link(world).id)]
    again(world, link(world))
    world.notify()

    assert len(world.sandbox.mail("new@clients.test")) == 1
    (revision,) = world.all(AppointmentRevision)
    assert revision.mail_accepted_at is not None


def test_a_copy_is_sent_again_to_the_host_of_now(world: World) -> None:
    """And the client gets nothing of it."""
    world.location()
    set_calendar(world, copy_to_host=True, host_email=HOST)
    confirmed(world)
    world.notify()
    world.notify()
    set_calendar(world, host_email="other@harbour-clinic.test")
    again(world, world.messages(to_host=True)[0])
    world.notify()

    assert len(world.sandbox.mail("other@harbour-clinic.test")) == 1
    assert len(world.sandbox.mail(CLIENT)) == 1


def test_a_preview_is_the_mail_that_leaves(world: World) -> None:
    """Subject, text, page and calendar are those that the client then gets; looking changes nothing."""
    world.location()
    world.book()
    world.allocate(run_id="run")
    world.create("run")
    now = (utcnow() + timedelta(seconds=1)).replace(microsecond=0)
    before = _row(world)
    with world.parts.sessions() as session:
        seen = preview(session, world.parts.vault, link(world).id, sender_address=SENDER, with_link=True, now=now)
    assert _row(world) == before
    world.notify(now=now)

    (mail,) = world.sandbox.mail(CLIENT)
    assert (seen.subject, seen.to) == (mail["subject"], CLIENT)
    assert seen.text.splitlines() == mail["text"].splitlines()
    assert seen.html.splitlines() == mail["html"].splitlines()
    assert seen.calendar.splitlines() == mail["calendar"].splitlines()
    assert seen.untrue is None


def test_a_preview_without_the_right_to_the_link_has_neither_link_nor_passcode(world: World) -> None:
    """In none of its four parts."""
    world.location()
    world.book()
    world.run()
    (meeting,) = world.meetings()
    passcode = world.parts.vault.decrypt(meeting.passcode)
    with world.parts.sessions() as session:
        seen = preview(session, world.parts.vault, link(world).id, sender_address=SENDER, with_link=False, now=utcnow())

    shown = seen.subject + seen.text + seen.html + seen.calendar
    assert meeting.join_url not in shown and passcode not in shown
    assert "not shown here" in seen.text and "not shown here" in seen.html


def test_a_preview_of_what_is_no_longer_true_says_so_and_shows_no_dead_link(world: World) -> None:
    """The link that the client once got is not given to anybody any more."""
    world.location()
    world.book()
    world.run()
    (meeting,) = world.meetings()
    call_off(world)
    with world.parts.sessions() as session:
        seen = preview(session, world.parts.vault, link(world).id, sender_address=SENDER, with_link=True, now=utcnow())

    assert seen.untrue == "The appointment is cancelled."
    assert meeting.join_url not in seen.text + seen.html + seen.calendar


def _row(world: World) -> object:
    with world.parts.sessions() as session:
        return session.execute(sa.text("SELECT messages, appointments FROM messages, appointments")).one()
