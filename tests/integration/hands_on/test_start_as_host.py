"""Starting as host: the link comes from Zoom when it is asked for, and stays nowhere."""

import itertools
from datetime import datetime

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Event
from core.errors import Conflict, NeedsReauth, StaleState, ZoomUnavailable
from core.services.cancel import cancel
from core.services.link_copied import link_copied
from core.services.start_as_host import HostLink, start_as_host
from tests.integration.hands_on.given import SEAT1, opened
from tests.world import World

PERSON = "ada"


def started(world: World, external_id: str = "A-1") -> HostLink:
    """Somebody asks for the host's link."""
    return start_as_host(
        world.parts.sessions,
        world.parts.zoom,
        world.appointment(external_id).id,
        actor=PERSON,
        role="host",
        clock=utcnow,
    )


def everything_stored(world: World) -> str:
    """Every row of every table as text."""
    with world.parts.sessions() as session:
        tables = session.scalars(
            sa.text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()")
        ).all()
        return "\n".join(
            text for table in tables for text in session.scalars(sa.text(f"SELECT t::text FROM {table} AS t"))
        )


def test_whoever_asks_gets_zoom_s_own_link_and_stands_on_the_timeline(world: World) -> None:
    """With the role in which it was asked for; the account is named, for one is its host then."""
    number = opened(world, accounts=1)
    link = started(world)

    assert link.account == SEAT1
    assert f"/s/{number}?zak=" in link.url
    [event] = world.all(Event, kind="host_link_given")
    assert (event.actor, event.detail) == (PERSON, {"role": "host"})
    assert event.meeting_id == world.meetings()[0].id


def test_the_link_is_kept_nowhere_and_does_not_show_when_printed(world: World) -> None:
    """Neither the link nor its key, in no table; each asking gets its own."""
    opened(world, accounts=1)
    link = started(world)

    assert "zak" not in repr(link)
    stored = everything_stored(world)
    assert "host_link_given" in stored
    assert "zak=" not in stored and link.url.partition("zak=")[2] not in stored
    assert started(world).url != link.url


def test_without_a_meeting_there_is_nothing_to_start(world: World) -> None:
    """Not before the link is made; Zoom is not asked."""
    world.location(accounts=1)
    world.book()

    with pytest.raises(Conflict, match="no meeting that could be started"):
        started(world)
    assert world.all(Event, kind="host_link_given") == []


def test_a_cancelled_appointment_starts_nothing(world: World) -> None:
    """Its meeting is gone from Zoom."""
    opened(world, accounts=1)
    cancelled(world)

    with pytest.raises(Conflict, match="no meeting that could be started"):
        started(world)


def test_nobody_gets_the_link_of_an_appointment_that_is_cancelled_meanwhile(world: World) -> None:
    """Cancelled between Zoom's answer and our timeline: there the account belongs to somebody else soon."""
    opened(world, accounts=1)
    asked = itertools.count(1)

    def clock() -> datetime:
        if next(asked) == 3:  # Zoom has answered
            cancelled(world)
        return utcnow()

    with pytest.raises(StaleState):
        start_as_host(
            world.parts.sessions, world.parts.zoom, world.appointment().id, actor=PERSON, role="host", clock=clock
        )
    assert world.appointment().status == "cancelled"
    assert world.all(Event, kind="host_link_given") == []


def test_a_meeting_that_zoom_does_not_know_is_a_sentence(world: World) -> None:
    """Somebody deleted it in Zoom's portal."""
    world.sandbox.delete_meeting(opened(world, accounts=1))

    with pytest.raises(Conflict, match="Zoom does not know this meeting"):
        started(world)


def test_an_outage_and_a_dead_grant_are_told_apart(world: World) -> None:
    """Each with its own next step, and nothing on the timeline."""
    opened(world, accounts=1)
    fault = world.sandbox.fault({"status": 503}, method="GET", path_regex="/meetings/")
    with pytest.raises(ZoomUnavailable):
        started(world)
    world.sandbox.remove_fault(fault)
    world.sandbox.revoke_consent(world.accounts()[0].zoom_user_id)
    with pytest.raises(NeedsReauth):
        started(world)
    assert world.all(Event, kind="host_link_given") == []


def test_who_copied_what_stands_on_the_timeline_and_what_it_was_does_not(world: World) -> None:
    """Support sees that the client was given the link by hand, and by whom."""
    opened(world, accounts=1)
    appointment = world.appointment()
    with world.parts.sessions.begin() as session:
        link_copied(session, appointment.id, what="link", actor=PERSON, now=utcnow())
        link_copied(session, appointment.id, what="passcode", actor=PERSON, now=utcnow())

    events = world.all(Event, kind="link_copied")
    assert [(event.actor, event.detail) for event in events] == [
        (PERSON, {"what": "link"}),
        (PERSON, {"what": "passcode"}),
    ]
    assert events[0].lease_id == world.leases()[0].id


def cancelled(world: World) -> None:
    """Cancel A-1 as a person would."""
    cancel(
        world.parts.sessions,
        world.parts.zoom,
        location="Harbour Clinic",
        external_id="A-1",
        actor=PERSON,
        clock=utcnow,
    )
