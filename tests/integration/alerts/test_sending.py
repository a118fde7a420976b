"""Alerts reach every target, once, in order; a target that fails is tried again, and none is lost."""

import io
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr

from core.clock import utcnow
from core.db.models import Message
from core.domain.alerts import Kind
from core.services.alerts.raise_ import clear_alert, raise_alert
from core.services.alerts.send import due_alerts, send_alerts
from core.services.deliver import DeliveryReport
from core.settings import PRACTICE_OPERATIONS
from tests.integration.alerts.conftest import Receiver
from tests.world import World


def raise_it(world: World, condition: str = "reconcile:9", *, kind: str = "reconcile", text: str = "Thirty.") -> None:
    """Raise a condition as some part of the product would."""
    with world.parts.sessions.begin() as session:
        raise_alert(session, condition, kind=kind, text=text, next_step="Look at them.", now=utcnow())


def clear_it(world: World, condition: str = "reconcile:9") -> None:
    """And clear it."""
    with world.parts.sessions.begin() as session:
        clear_alert(session, condition, now=utcnow())


def send(world: World, *urls: str, now: datetime | None = None, kind: Kind | None = None) -> DeliveryReport:
    """Send what is due to *urls*, or where the settings say."""
    settings = world.parts.settings
    if urls:
        settings = settings.model_copy(update={"alert_urls": SecretStr(" ".join(urls))})
    return send_alerts(world.parts.sessions, settings, clock=lambda: now or utcnow(), kind=kind)


def message(world: World) -> Message:
    """The one alert message."""
    [found] = world.all(Message, channel="alert")
    return found


def due(world: World) -> int:
    """How many alert messages are due."""
    with world.parts.sessions() as session:
        return due_alerts(session, now=utcnow())


def test_without_any_setting_alerts_go_to_the_practice_mailbox(world: World) -> None:
    """By real SMTP, with what happened and what to do."""
    raise_it(world)
    assert due(world) == 1

    assert send(world) == DeliveryReport(sent=1)

    [mail] = world.sandbox.mail(PRACTICE_OPERATIONS)
    assert mail["subject"] == "Reconcile waits for a person"
    assert mail["text"].split() == ["Thirty.", "Look", "at", "them."]
    assert (message(world).status, message(world).provider_reply) == ("sent", "mailto: accepted")
    assert due(world) == 0
    assert send(world) == DeliveryReport()


def test_its_end_is_told_after_its_beginning(world: World, receiver: Receiver) -> None:
    """Also when both were queued before anybody came to send them."""
    raise_it(world)
    clear_it(world)

    assert send(world, receiver.address).sent == 2

    assert receiver.titles == ["Reconcile waits for a person", "Over: Reconcile waits for a person"]
    assert [each["type"] for each in receiver.got] == ["warning", "success"]
    assert receiver.got[1]["message"].split("\n\n") == ["It is settled.", "It was: Thirty."]


def test_an_end_waits_while_its_beginning_is_tried_again(world: World, receiver: Receiver) -> None:
    """Nobody reads that something is over before he has read that it began."""
    receiver.status = 503
    raise_it(world)
    send(world, receiver.address)
    clear_it(world)
    receiver.status = 200

    assert send(world, receiver.address) == DeliveryReport()
    assert send(world, receiver.address, now=utcnow() + timedelta(seconds=6)).sent == 2


def test_a_target_that_fails_is_tried_again_and_the_others_are_left_in_peace(world: World, receiver: Receiver) -> None:
    """The mailbox has it once however often the other is tried; no answer shows the password in the address."""
    receiver.status = 503
    raise_it(world)
    targets = (receiver.address, *world.parts.settings.alert_targets)

    assert send(world, *targets).retrying == 1
    assert message(world).provider_reply == "json: not accepted (503); mailto: accepted"
    assert send(world, *targets) == DeliveryReport()
    receiver.status = 200
    assert send(world, *targets, now=utcnow() + timedelta(seconds=6)).sent == 1

    assert len(world.sandbox.mail(PRACTICE_OPERATIONS)) == len(receiver.got) == 1
    assert message(world).attempts == 2


def test_a_day_of_trying_is_enough(world: World, receiver: Receiver) -> None:
    """What nobody could be told by then is recorded as failed."""
    receiver.status = 503
    raise_it(world)

    assert send(world, receiver.address, now=utcnow() + timedelta(hours=23, minutes=59, seconds=58)).failed == 1

    assert (message(world).status, message(world).reason) == ("failed", "given_up")


def test_while_no_target_answers_the_rest_waits(world: World, receiver: Receiver) -> None:
    """One is tried and the others are put back, untried: each try may take as long as a time-out."""
    receiver.status = 500
    for number in range(3):
        raise_it(world, f"reconcile:{number}")

    report = send(world, receiver.address)

    assert (report.retrying, report.put_back, report.problem) == (1, 2, "json: not accepted (500)")
    assert send(world, receiver.address) == DeliveryReport()
    assert [each.attempts for each in world.all(Message)] == [1, 0, 0]


@pytest.mark.parametrize("address", ["nonsense", "nothing://anywhere", "json://user:hidden-word@127.0.0.1:1/x"])
def test_a_target_that_cannot_be_reached_keeps_its_address_to_itself(
    world: World, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither what is recorded nor what is logged shows more than its scheme."""
    raise_it(world)
    log = logging.StreamHandler(io.StringIO())
    logging.getLogger().addHandler(log)

    assert send(world, address).retrying == 1

    logging.getLogger().removeHandler(log)
    said = "".join((*capsys.readouterr(), log.stream.getvalue(), str(message(world).provider_reply)))
    assert "not" in said and "hidden-word" not in said and "127.0.0.1" not in said


def test_where_nobody_is_to_be_told_the_message_says_so(world: World) -> None:
    """The alert itself stands on its page all the same."""
    raise_it(world)
    nobody = world.parts.settings.model_copy(update={"mode": "production"})

    report = send_alerts(world.parts.sessions, nobody, clock=utcnow)

    assert report.dropped == 1
    assert message(world).reason == "no_alert_urls"


def test_two_who_send_at_once_send_once(world: World, receiver: Receiver) -> None:
    """A claim is one's own."""
    for number in range(12):
        raise_it(world, f"reconcile:{number}")

    with ThreadPoolExecutor(3) as pool:
        reports = [each.result() for each in [pool.submit(send, world, receiver.address) for _ in range(3)]]

    assert sum(report.sent for report in reports) == len(receiver.got) == 12


def test_what_a_killed_sender_held_is_sent_by_the_next(world: World, receiver: Receiver) -> None:
    """Its claim lasts two minutes."""
    raise_it(world)
    with world.parts.sessions.begin() as session:
        session.get_one(Message, message(world).id).status = "in_flight"
        session.get_one(Message, message(world).id).in_flight_since = utcnow()

    assert send(world, receiver.address) == DeliveryReport()
    assert send(world, receiver.address, now=utcnow() + timedelta(seconds=121)).sent == 1


def test_of_one_kind_only_that_is_sent(world: World, receiver: Receiver) -> None:
    """The watchdog tells its own and leaves the rest to the runs."""
    raise_it(world)
    raise_it(world, "watchdog:inbox", kind="watchdog", text="Nobody looks.")

    assert send(world, receiver.address, kind=Kind.WATCHDOG).sent == 1
    assert receiver.titles == ["The product itself"]
