"""The page Health: what is not well, in words, and what a person does about it there."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Alert, Appointment, Event, HookEndpoint, InboxEvent, Message
from core.domain.roles import Role
from core.services.locations import find_location
from core.services.pause import pause_allocation
from tests.console.conftest import OpenPage, words_of
from tests.faults.given import CREATE
from tests.world import World

REFUSED = {"status": 400, "body": {"code": 300, "message": "Validation Failed."}}


def failed_link(world: World) -> int:
    """A-1 was refused in bulk, and its first isolated run has failed as well."""
    world.location(accounts=1)
    appointment = world.book("A-1")
    world.sandbox.fault(REFUSED, times=1, **CREATE)
    world.run()
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Appointment).values(isolation_claimed=1))
    return int(appointment.id)


def dead_mail(world: World) -> Message:
    """A-1 has its link; the mail server refused the mail with it for good."""
    world.location(accounts=1)
    world.book("A-1")
    world.sandbox.fault({"smtp_code": 550}, times=1, smtp=True)
    world.run()
    [message] = world.messages(status="failed")
    return message


def test_each_part_is_a_row_with_words(open_page: OpenPage) -> None:
    """Also where nothing has happened yet; what does not run says how to start it."""
    told = words_of(open_page("health"))

    for part in ("Database", "Dagster", "Work", "Zoom", "Events from Zoom", "Accounts", "Mail", "Outgoing webhooks"):
        assert f"**{part}**" in told
    assert "PostgreSQL" in told and "Nothing was asked yet." in told and "No booking system is told." in told
    assert "correct DAGSTER_DATABASE_URL" in told
    assert "No link failed." in told and "Every message arrived" in told and "Links are opened everywhere." in told


def test_what_waits_because_of_zoom_is_counted(world: World, open_page: OpenPage) -> None:
    """How many links wait for it, and when it last answered well."""
    world.location(accounts=2)
    world.book("A-1")
    world.run()
    assert "The busiest account made 1 of 100 meetings today." in words_of(open_page("health"))
    world.book("A-2")
    world.sandbox.fault({"status": 503})
    world.run()

    told = words_of(open_page("health"))

    assert "One link waits because it does not answer. Its last good answer was within the last minute." in told
    assert "status.zoom.us" in told


def test_events_that_are_not_applied_point_to_the_sensor(world: World, open_page: OpenPage) -> None:
    """The last one's time alone would look well."""
    long_ago = utcnow() - timedelta(minutes=3)
    with world.parts.sessions.begin() as session:
        session.add(InboxEvent(key="event:1", event="meeting.started", received_at=long_ago, event_at=long_ago))

    told = words_of(open_page("health"))

    assert "1 wait to be applied, the first since 3 min ago." in told
    assert "lifecycle_sensor applies them" in told


def test_a_failed_link_is_tried_again_once(world: World, open_page: OpenPage) -> None:
    """It says why it failed and which run failed; two browsers that press at once ask for one run."""
    appointment_id = failed_link(world)
    one, other = open_page("health"), open_page("health")
    [failed] = world.all(Event, kind="link_failed")
    assert "Zoom refused to create the meeting." in words_of(one)
    assert f"http://127.0.0.1:3000/runs/{failed.run_id}" in words_of(one)

    one.button(key=f"retry_{appointment_id}").click().run()
    other.button(key=f"retry_{appointment_id}").click().run()

    assert "is tried again within half a minute" in words_of(one)
    assert "is tried again" not in words_of(other), "what it pressed was not there any more"
    assert other.button(key=f"retry_{appointment_id}").disabled
    assert world.appointment().isolation == 2
    [asked] = world.all(Event, kind="link_retried")
    assert asked.actor == "practice (admin)" and asked.detail["role"] == "admin"


def test_a_failed_link_is_tried_again_on_its_own_page_too(world: World, open_page: OpenPage) -> None:
    """Whoever presses it after somebody else is told, and asks for no second run."""
    appointment_id = failed_link(world)
    page = open_page("appointment", id="A-1")

    for told in ("is tried again within half a minute", "is being tried again already"):
        page.button(key=f"Retry_{appointment_id}").click().run()
        assert told in words_of(page)

    assert world.appointment().isolation == 2
    assert len(world.all(Event, kind="link_retried")) == 1


def test_a_mail_that_did_not_arrive_is_sent_again(world: World, open_page: OpenPage) -> None:
    """With what the server said; afterwards it is not listed any more."""
    message = dead_mail(world)
    page = open_page("health")
    assert "Join link" in words_of(page) and "550" in words_of(page)
    assert "One mail that still matters was not delivered." in words_of(page)

    page.button(key=f"resend_{message.id}").click().run()

    assert f"It leaves for {message.recipient} within half a minute." in words_of(page)
    assert "Every message arrived" in words_of(page)
    assert [m.resend_of for m in world.messages(status="queued")] == [message.id]


def test_a_webhook_that_was_given_up_is_sent_again(world: World, open_page: OpenPage) -> None:
    """Those of a disabled endpoint wait for somebody to enable it, and are not offered here."""
    message_id = dead_webhook(world)
    page = open_page("health")
    assert "One webhook was given up within a week." in words_of(page)

    page.button(key=f"resend_{message_id}").click().run()

    assert not page.exception, page.exception
    assert "Every message arrived" in words_of(page)
    assert [m.resend_of for m in world.messages(status="queued", channel="hook")] == [message_id]


def dead_webhook(world: World) -> int:
    """A webhook that its receiver did not take within a day."""
    location, now = world.location(accounts=0), utcnow()
    with world.parts.sessions.begin() as session:
        endpoint = HookEndpoint(
            location_id=location.id, url="https://booking.test/hooks", secret=b"-", created_at=now, created_by="test"
        )
        session.add(endpoint)
        session.flush()
        message = Message(
            location_id=location.id,
            endpoint_id=endpoint.id,
            dedupe_key="hook:1:1",
            channel="hook",
            kind="appointment.booked",
            priority=3,
            recipient=endpoint.url,
            payload={},
            status="failed",
            reason="in_vain",
            provider_reply="HTTP 503",
            next_attempt_at=now,
            give_up_at=now,
            message_id="1",
        )
        session.add(message)
        session.flush()
        return int(message.id)


@pytest.mark.parametrize("page", ["pool", "appointment", "connections", "hooks", "health"])
def test_every_page_says_who_paused_what_and_why(world: World, open_page: OpenPage, page: str) -> None:
    """Of one location, and of all."""
    world.location(accounts=0)
    with world.parts.sessions.begin() as session:
        about = {"actor": "Sam", "role": "operations", "now": utcnow()}
        pause_allocation(session, location=None, reason="Incident 7", **about)
        pause_allocation(session, location=find_location(session, "Harbour Clinic"), reason="Moving house", **about)

    told = words_of(open_page(page))

    assert "The opening of links is paused at every location." in told
    assert "The opening of links is paused at Harbour Clinic." in told
    assert "by Sam since today" in told and "“Incident 7”" in told and "“Moving house”" in told


def test_what_is_paused_is_resumed_where_it_is_listed(world: World, open_page: OpenPage) -> None:
    """With a reason, like the pause."""
    place = world.location(accounts=0)
    with world.parts.sessions.begin() as session:
        where = find_location(session, "Harbour Clinic")
        pause_allocation(session, location=where, reason="Fire", actor="Sam", role="operations", now=utcnow())
    page = open_page("health")
    page.text_input(key=f"{place.id}_Resume_why").input("It is out").run()

    page.button(key=f"{place.id}_Resume_do").click().run()

    assert not page.exception, page.exception
    assert "Links are opened everywhere." in words_of(page)
    [resumed] = world.all(Event, kind="allocation_resumed")
    assert resumed.actor == "practice (admin)" and resumed.detail["reason"] == "It is out"


def test_who_may_not_act_reads(world: World, open_page: OpenPage) -> None:
    """Support sees a failed link and why, and no button that could only be refused."""
    appointment_id = failed_link(world)
    page = open_page("health")
    page.selectbox(key="practice_role").select(Role.SUPPORT).run()

    assert "Zoom refused to create the meeting." in words_of(page)
    keys = [button.key for button in page.button]
    assert f"retry_{appointment_id}" not in keys and "Pause_do" not in keys


def test_what_is_over_is_still_told_for_a_day(world: World, open_page: OpenPage) -> None:
    """How long it lasted; what ended longer ago is history."""
    world.location(accounts=0)
    now = utcnow()
    with world.parts.sessions.begin() as session:
        for hours, text in ((2, "Mail was late."), (40, "Long ago.")):
            ended = now - timedelta(hours=hours)
            session.add(
                Alert(
                    kind="pool_short",
                    condition=f"outage:{hours}",
                    text=text,
                    next_step="",
                    raised_at=ended - timedelta(minutes=12),
                    cleared_at=ended,
                )
            )

    told = words_of(open_page("health"))

    assert "Mail was late." in told and "lasted 12 min, over 2 h ago" in told and "Long ago." not in told
    assert "Nothing is wrong that a person would have to know." in told


def test_another_location_s_troubles_are_not_shown(world: World, open_page: OpenPage) -> None:
    """Where one is chosen."""
    failed_link(world)
    world.location("Town Clinic", accounts=0)

    assert "No link failed." in words_of(open_page("health", location="Town Clinic"))
    assert "A\\-1" not in str([m.value for m in open_page("health", location="Town Clinic").markdown])
