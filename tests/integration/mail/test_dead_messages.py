"""The mails that did not arrive, as the page of health lists them: as long as somebody can do something about them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Appointment
from core.db.read.dead_messages import DeadMessage, dead_messages
from tests.integration.mail.booked import CLIENT, call_off, confirmed, move
from tests.world import World

HOUR = timedelta(hours=1)


def dead(world: World) -> list[DeadMessage]:
    """The list of all locations."""
    with world.parts.sessions() as session:
        return dead_messages(session, None, now=utcnow())


def refused(world: World) -> None:
    """The next mail is refused for good."""
    world.sandbox.fault({"smtp_code": 550}, smtp=True, times=1)
    world.notify()


def test_a_refused_mail_is_listed_with_what_it_was(world: World) -> None:
    """Also once its appointment is over, when it is of no use any more."""
    world.location()
    confirmed(world)
    refused(world)
    [found] = dead(world)
    assert (found.kind, found.to, found.external_id, found.useful) == ("booked", CLIENT, "A-1", True)

    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Appointment).values(starts_at=utcnow() - HOUR, ends_at=utcnow()))
    assert [each.useful for each in dead(world)] == [False]


@pytest.mark.parametrize("overtaken", [call_off, lambda world: move(world, 2 * HOUR)], ids=["cancelled", "moved"])
def test_what_is_overtaken_is_nobodys_business_any_more(world: World, overtaken: Callable[[World], None]) -> None:
    """The link of a time that is no more can be sent to nobody."""
    world.location()
    world.book()
    world.allocate(run_id="run")
    world.create("run")
    refused(world)
    assert [each.kind for each in dead(world)] == ["join_link"]

    overtaken(world)
    assert dead(world) == []
