"""People hear of it when a booking system has missed something for good."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from core.clock import utcnow
from core.db.models import HookEndpoint, Message
from core.services.hooks.again import resend
from tests.integration.alerts.given import change, conditions, keep, the_alert
from tests.integration.hooks.given import hooks, listen
from tests.integration.hooks.receiver import Receiver, receiving
from tests.integration.hooks.test_delivery import deliver
from tests.world import TEST, World


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The booking system."""
    with receiving() as found:
        yield found


def test_what_was_given_up_is_one_alert_a_receiver_until_it_is_sent_again(world: World, receiver: Receiver) -> None:
    """However much it was; the words name the receiver and say what to do, and no link."""
    world.location()
    endpoint = listen(world, receiver.address + "/in?token=hidden-word")
    world.book("A-1")
    world.book("A-2")
    for hook in hooks(world):
        change(world, Message, hook.id, status="failed", reason="in_vain", give_up_at=utcnow())
    keep(world)

    alert = the_alert(world)
    assert (alert.condition, alert.kind) == (f"hook_undelivered:endpoint:{endpoint.id}", "hook_undelivered")
    assert f"The receiver {receiver.address.removeprefix('http://')} at Harbour Clinic" in alert.text
    assert "in vain for a day" in alert.text and "Re-send" in alert.next_step
    assert "hidden-word" not in alert.text

    for hook in hooks(world):
        with world.parts.sessions.begin() as session:
            resend(session, hook.id, actor=TEST, now=utcnow())
    keep(world)
    assert conditions(world) == []


def test_a_receiver_that_is_gone_is_told_for_a_day(world: World, receiver: Receiver) -> None:
    """Or until somebody enables it again."""
    world.location()
    endpoint = listen(world, receiver.address)
    world.book()
    receiver.status = 410
    deliver(world)
    keep(world)
    assert "gone for good" in the_alert(world).text

    change(world, HookEndpoint, endpoint.id, disabled_at=utcnow() - timedelta(days=2))
    keep(world)
    assert conditions(world) == []


def test_a_receiver_that_is_only_slow_to_come_back_is_no_alert(world: World, receiver: Receiver) -> None:
    """Nothing is lost yet."""
    world.location()
    listen(world, receiver.address)
    world.book()
    receiver.status = 500
    deliver(world)
    keep(world)

    assert conditions(world) == []
