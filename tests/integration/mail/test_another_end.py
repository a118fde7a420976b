"""Only the end of an appointment changes: the link stays, and every calendar with the old end gets the new one."""

from datetime import timedelta

from core.clock import utcnow
from core.services.reschedule import reschedule
from tests.integration.mail.booked import CLIENT, HOST, confirmed, entry, set_calendar
from tests.world import TEST, World

LONGER = timedelta(minutes=15)


def last_longer(world: World) -> None:
    """The appointment takes a quarter of an hour more than it did."""
    appointment = world.appointment()
    reschedule(
        world.parts.sessions,
        world.parts.zoom,
        location="Harbour Clinic",
        external_id="A-1",
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at + LONGER,
        actor=TEST,
        hours=world.parts.hours,
        clock=utcnow,
    )


def test_who_has_the_link_gets_it_again_with_the_new_end(world: World) -> None:
    """The same link, in the same calendar entry, which ends later; on-time figures stay those of the first mail."""
    world.location()
    world.book()
    world.run()
    last_longer(world)

    world.notify()

    first, again = sorted(world.sandbox.mail(CLIENT), key=lambda mail: entry(mail)[1]["SEQUENCE"])
    (_, before), (method, after) = entry(first), entry(again)
    assert again["subject"].startswith("New end: your appointment on ")
    assert "Its end has changed; the link stays." in again["text"] and "Its end has changed" in again["html"]
    assert (method, after["UID"], after.start) == ("REQUEST", before["UID"], before.start)
    assert after.end == before.end + LONGER
    assert after["LOCATION"] == before["LOCATION"] and after["LOCATION"] in again["text"]
    assert len(world.zoom_meetings()) == 1


def test_who_has_both_gets_the_links_mail_again(world: World) -> None:
    """The confirmation, sent last, would take the link out of his calendar."""
    world.location()
    confirmed(world, starts_in=timedelta(minutes=9))
    world.notify(now=utcnow() + timedelta(minutes=2))
    world.run()
    last_longer(world)

    world.notify()

    mails = sorted(world.sandbox.mail(CLIENT), key=lambda mail: entry(mail)[1]["SEQUENCE"])
    assert [mail["subject"].split(" on ")[0] for mail in mails] == [
        "Booked: your appointment",
        "Your link to join",
        "New end: your appointment",
    ]
    assert entry(mails[-1])[1]["LOCATION"] == entry(mails[-2])[1]["LOCATION"] != "Zoom"


def test_who_has_only_the_confirmation_gets_that_again(world: World) -> None:
    """And so does the host who got a copy."""
    world.location()
    set_calendar(world, copy_to_host=True, host_email=HOST)
    confirmed(world)
    world.notify()
    last_longer(world)

    world.notify()

    ends = world.appointment().ends_at
    for reader in (CLIENT, HOST):
        first, again = sorted(world.sandbox.mail(reader), key=lambda mail: entry(mail)[1]["SEQUENCE"])
        assert "Its end has changed; this is its time now:" in again["text"]
        assert "Its end has changed" not in first["text"]
        assert (entry(again)[1].end, entry(again)[1]["UID"]) == (ends, entry(first)[1]["UID"])


def test_an_end_that_changes_twice_is_told_once(world: World) -> None:
    """Before the first change was mailed, the second one came."""
    world.location()
    confirmed(world)
    world.notify()
    last_longer(world)
    last_longer(world)

    world.notify()

    assert len(world.sandbox.mail(CLIENT)) == 2
    assert [mail.status for mail in world.messages(channel="mail")] == ["sent", "dropped", "sent"]


def test_who_was_told_nothing_is_told_nothing(world: World) -> None:
    """What waits for him reads the new end when it leaves."""
    world.location()
    confirmed(world)
    last_longer(world)

    world.notify()

    (mail,) = world.sandbox.mail(CLIENT)
    assert "Its end has changed" not in mail["text"]
    assert entry(mail)[1].end == world.appointment().ends_at
