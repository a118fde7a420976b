"""One appointment as programs see it: whether there is a link, why not, and when it should come."""

from datetime import timedelta

import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Location
from core.db.read.appointment_view import AppointmentView, view
from core.services.cancel import cancel
from tests.world import TEST, World

HOUR = timedelta(hours=1)


def seen(world: World, *external_ids: str) -> list[AppointmentView]:
    """These appointments, as programs see them now."""
    ids = [world.appointment(each).id for each in external_ids]
    parts = world.parts
    with parts.sessions() as session:
        return view(session, ids, now=utcnow(), hours=parts.hours, cooldown=parts.settings.cooldown)


def test_before_its_time_a_link_is_expected_ten_minutes_before_the_start(world: World) -> None:
    """And there is nothing to show yet."""
    world.location()
    booked = world.book("A-1", starts_in=HOUR)

    [one] = seen(world, "A-1")

    assert (one.link, one.reason, one.expected_at) == ("not_due", "not_due", booked.starts_at - timedelta(minutes=10))
    assert (one.join_url, one.passcode, one.calendar, one.revision) == (None, None, "Video", 1)


def test_while_the_link_is_valid_it_is_there_with_its_passcode(world: World) -> None:
    """The passcode as it is stored; neither shows when the view is printed."""
    world.location()
    world.book("A-1")
    world.run()

    [one] = seen(world, "A-1")

    [meeting] = world.meetings()
    assert one.link == "ready" and one.join_url is not None
    assert (one.reason, one.expected_at, one.join_url) == (None, None, meeting.join_url)
    assert one.passcode is not None
    assert one.join_url not in repr(one) and "passcode" not in repr(one)


def test_who_waits_is_told_when_an_account_should_be_free(world: World) -> None:
    """By what has the accounts now; those who ask together are told in their order."""
    world.location(accounts=1)
    first = world.book("A-1", starts_in=timedelta(minutes=5))
    world.run()
    world.book("A-2")
    world.allocate()

    waiting, ready = seen(world, "A-2", "A-1")

    assert (waiting.external_id, waiting.link, waiting.reason) == ("A-2", "waiting", "no_free_account")
    assert waiting.expected_at == first.ends_at + world.parts.settings.cooldown
    assert (ready.external_id, ready.link) == ("A-1", "ready")


def test_a_location_that_opens_no_links_promises_none(world: World) -> None:
    """Nobody knows when it is active again."""
    world.location()
    world.book("A-1", starts_in=HOUR)
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Location).values(status="suspended"))

    [one] = seen(world, "A-1")

    assert (one.link, one.reason, one.expected_at) == ("not_due", "location_suspended", None)


def test_what_needs_no_link_and_what_is_cancelled_expects_none(world: World) -> None:
    """And says so."""
    world.location()
    world.book("PHONE", calendar="Phone", starts_in=HOUR)
    world.book("OPENED")
    world.run()
    parts = world.parts
    cancel(parts.sessions, parts.zoom, location="Harbour Clinic", external_id="OPENED", actor=TEST, clock=utcnow)

    phone, cancelled = seen(world, "PHONE", "OPENED")

    assert (phone.link, phone.reason, phone.expected_at) == ("not_needed", "not_needed", None)
    assert (cancelled.status, cancelled.link, cancelled.reason) == ("cancelled", "ended", "cancelled")
    assert (cancelled.join_url, cancelled.expected_at) == (None, None)
    assert cancelled.cancelled_at is not None
