"""A delivery run tells the booking systems, too, and no client waits for a slow one."""

import threading
import time

import dagster as dg

from core.clock import utcnow
from core.services.outbox import cancelled, queue_mails
from tests.integration.hooks.given import hooks, listen
from tests.integration.hooks.receiver import receiving
from tests.orchestration.conftest import Dagster
from tests.world import World


def test_a_webhook_that_is_due_asks_for_a_delivery_which_sends_it(world: World, dagster: Dagster) -> None:
    """After the mails, in a step of its own."""
    world.location()
    with receiving() as receiver:
        listen(world, receiver.address)
        world.book()
        [request] = dagster.tick("due_messages_sensor")
        run = dagster.run(dg.RunRequest(job_name="deliver_messages", run_key=request.run_key))

        assert run.green and run.steps == ["send_messages", "send_hooks"]
        assert run.numbers("send_hooks")["webhooks sent"] == 1
        assert receiver.events == ["appointment.booked"]
        assert dagster.tick("due_messages_sensor") == []


def test_a_mail_that_comes_due_while_a_receiver_keeps_us_waiting_leaves(world: World, dagster: Dagster) -> None:
    """Within seconds, while the webhook is still under way."""
    world.location()
    appointment = world.book()
    with receiving() as receiver:
        receiver.wait = threading.Event()
        listen(world, receiver.address)
        world.book("A-2")
        run = threading.Thread(target=dagster.run, args=["deliver_messages"])
        run.start()
        while not receiver.got and run.is_alive():
            time.sleep(0.02)
        with world.parts.sessions.begin() as session:
            mail = cancelled(
                recipient=appointment.client_email, location_id=appointment.location_id,
                appointment_id=appointment.id, revision=1, ends_at=appointment.ends_at,
            )  # fmt: skip
            queue_mails(session, [mail], now=utcnow())
        while world.messages(channel="mail")[0].status == "queued" and run.is_alive():
            time.sleep(0.05)
        assert world.messages(channel="mail")[0].status != "queued" and run.is_alive()
        assert hooks(world)[0].status == "in_flight"
        receiver.wait.set()
        run.join()
