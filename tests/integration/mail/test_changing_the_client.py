"""The client's name, address or zone is corrected: what has not left follows, what has left can be sent again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from core.clock import utcnow
from core.db.models import Event
from core.errors import InvalidInput, NotFound, StaleState
from core.services.change_client import ClientChanged, change_client
from tests.integration.mail.booked import CLIENT, HOST, confirmed, entry, set_calendar
from tests.integration.mail.given import wait_until
from tests.world import TEST, World

NEW = "new@clients.test"


def changed(world: World, **said: Any) -> ClientChanged:
    """Change the client of the appointment."""
    with world.parts.sessions.begin() as session:
        return change_client(session, world.appointment().id, actor=TEST, now=utcnow(), **said)


def test_unsent_mail_follows_to_the_new_client(world: World) -> None:
    """Address, name and zone; nobody writes to the old address any more."""
    world.location()
    confirmed(world)
    done = changed(world, client_email=NEW, client_name="Sam New", client_zone="Asia/Tokyo")
    world.notify()

    assert (done.fields, done.following, done.offer) == (("client_name", "client_email", "client_zone"), 1, ())
    assert world.sandbox.mail(CLIENT) == []
    (mail,) = world.sandbox.mail(NEW)
    assert mail["headers"]["to"] == f"Sam New <{NEW}>"
    assert "Asia/Tokyo" in mail["text"]
    assert entry(mail)[1]["ATTENDEE"] == f"mailto:{NEW}"
    assert [each.recipient for each in world.messages()] == [NEW]


def test_the_timeline_names_the_fields_and_nobody(world: World) -> None:
    """Personal data stands in appointments and messages alone."""
    world.location()
    confirmed(world)
    changed(world, client_email=NEW, client_name="Sam New")

    (event,) = world.all(Event, kind="client_changed")
    assert (event.actor, event.detail) == (TEST, {"fields": ["client_name", "client_email"]})


def test_what_was_sent_is_offered_to_be_sent_again(world: World) -> None:
    """The confirmation as long as there is no link, then the link alone."""
    world.location()
    confirmed(world)
    world.notify()
    assert [each.kind for each in changed(world, client_email=NEW).offer] == ["booked"]

    world.book("A-2")
    world.run()
    with world.parts.sessions.begin() as session:
        done = change_client(session, world.appointment("A-2").id, client_zone="Asia/Tokyo", actor=TEST, now=utcnow())
    assert [each.kind for each in done.offer] == ["join_link"]


def test_the_same_client_again_changes_nothing(world: World) -> None:
    """No line on the timeline, no new version."""
    world.location()
    before = confirmed(world)
    done = changed(world, client_email=before.client_email, client_name=before.client_name)

    assert (done.fields, done.sentence) == ((), "The client of appointment A-1 is as it was.")
    assert world.appointment().row_version == before.row_version
    assert world.all(Event, kind="client_changed") == []


def test_who_saw_an_older_appointment_is_told_so(world: World) -> None:
    """By the revision as by the row's version."""
    world.location()
    before = confirmed(world)
    changed(world, client_name="Sam New", expected_version=before.row_version)

    with pytest.raises(StaleState):
        changed(world, client_name="Kim Newer", expected_version=before.row_version)
    with pytest.raises(StaleState):
        changed(world, client_name="Kim Newer", expected_revision=2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_name", "Sam\r\nBcc: x@y.test"),
        ("client_name", "  "),
        ("client_email", "sam@new.test\r\nBcc: x@y.test"),
        ("client_email", "sam@new.test, x@y.test"),
        ("client_zone", "Mars/Olympus"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_field(world: World, field: str, value: str) -> None:
    """And nothing else of the request is done."""
    world.location()
    before = confirmed(world)
    with pytest.raises(InvalidInput) as refused:
        changed(world, **{"client_name": "Sam New", field: value})

    assert refused.value.field == field
    assert world.appointment().client_name == before.client_name


def test_there_has_to_be_something_to_change(world: World) -> None:
    """An empty request is a mistake, and an unknown appointment none of ours."""
    world.location()
    confirmed(world)
    with pytest.raises(InvalidInput):
        changed(world)
    with world.parts.sessions.begin() as session, pytest.raises(NotFound):
        change_client(session, 4711, client_name="Sam", actor=TEST, now=utcnow())


def test_what_is_in_flight_goes_where_it_was_going(world: World) -> None:
    """It is recorded with the address that got it."""
    world.location()
    confirmed(world)
    world.sandbox.fault({"slow": 1500}, smtp=True, times=1)
    with ThreadPoolExecutor(1) as pool:
        delivery = pool.submit(world.notify)
        wait_until(lambda: world.messages()[0].status == "in_flight")
        wait_until(lambda: all(each.get("times") == 0 for each in world.sandbox.faults()))
        changed(world, client_email=NEW)
        assert delivery.result(timeout=20).sent == 1

    assert [(each.recipient, each.status) for each in world.messages()] == [(CLIENT, "sent")]
    assert len(world.sandbox.mail(CLIENT)) == 1


def test_a_try_that_failed_meanwhile_goes_to_the_new_address(world: World) -> None:
    """Also where the change came while it was being tried."""
    world.location()
    confirmed(world)
    world.sandbox.fault({"smtp_code": 451}, smtp=True, times=1)
    world.notify()
    changed(world, client_email=NEW)
    world.notify(now=utcnow() + timedelta(minutes=1))

    assert world.sandbox.mail(CLIENT) == []
    assert len(world.sandbox.mail(NEW)) == 1


def test_the_hosts_copy_stays_the_hosts(world: World) -> None:
    """It names the client of now, and goes where it always went."""
    world.location()
    set_calendar(world, copy_to_host=True, host_email=HOST)
    confirmed(world)
    changed(world, client_email=NEW)
    world.notify()

    (copy,) = world.sandbox.mail(HOST)
    assert NEW in copy["text"]
