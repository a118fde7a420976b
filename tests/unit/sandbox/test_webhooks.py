"""Events on their way: signed, tried again, and astray on command."""

import time

import pytest

from core.sandbox.webhook_delivery import signature
from tests.sandbox_process import SandboxControl
from tests.unit.sandbox.conftest import OPEN, Wire
from tests.unit.sandbox.receiver import SECRET, Receiver


def test_a_signature_is_zooms() -> None:
    """Known secret, moment and body give the known signature."""
    body = (
        b'{"event":"meeting.ended","event_ts":1767225600123,"payload":{"account_id":"acc1","object":{"id":"91234567890",'
        b'"uuid":"4444AAAiAAAAAiAiAiiAii==","host_id":"host1","topic":"Intake","type":2,'
        b'"start_time":"2026-01-01T00:00:00Z","timezone":"UTC","duration":30,"end_time":"2026-01-01T00:29:00Z"}}}'
    )

    assert signature("test_secret_token_123", "1767225600", body) == (
        "v0=403f8e353f33f0cb8f9ec5230d00f507a4ee2580eca15bd6d22f2a91ab64a7f2"
    )


def test_every_event_is_signed_and_told_once(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """With a timestamp in seconds and a tracking id."""
    sandbox.configure(webhooks_in_order=True)
    meeting = host.created(settings={"join_before_host": True})["id"]
    sandbox.join(meeting)
    sandbox.leave(meeting)
    host.call("DELETE", f"/meetings/{meeting}")

    assert sandbox.wait_for_webhooks() == {"pending": 0, "held": 0, "delivered": 6, "failed": 0, "lost": 0}
    assert receiver.events() == [
        "meeting.created",
        "meeting.started",
        "meeting.participant_joined",
        "meeting.participant_left",
        "meeting.ended",
        "meeting.deleted",
    ]
    assert all(each.signed for each in receiver.received)
    assert len({each.headers["x-zm-trackingid"] for each in receiver.received}) == 6
    assert abs(int(receiver.received[0].headers["x-zm-request-timestamp"]) - time.time()) < 5
    assert len(receiver.connections) == 1


def test_nothing_is_sent_where_nobody_listens(host: Wire, sandbox: SandboxControl) -> None:
    """Without an address there are no events at all."""
    host.created()

    assert sandbox.webhooks() == []


@pytest.mark.parametrize("refusal", [500, 404, 302])
def test_a_refused_event_is_tried_again_signed_anew(
    host: Wire, sandbox: SandboxControl, receiver: Receiver, refusal: int
) -> None:
    """Three more times, at 5, 20 and 60 minutes, here scaled; each with the signature of its own moment."""
    sandbox.configure(webhook_retry_scale=0.0005)
    receiver.statuses = [refusal] * 3
    host.created()

    assert sandbox.wait_for_webhooks()["delivered"] == 1
    first, second, third, _ = (each.at for each in receiver.received)
    assert 0.1 < second - first < third - second
    assert all(each.signed for each in receiver.received)
    assert [(each["tries"], each["last_status"]) for each in sandbox.webhooks()] == [(4, 204)]


def test_an_event_is_dropped_after_the_fourth_try(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """It counts as failed, with the last answer."""
    sandbox.configure(webhook_retry_scale=0.00001)
    receiver.statuses = [503] * 4
    host.created()

    assert sandbox.wait_for_webhooks()["failed"] == 1
    (failed,) = sandbox.webhooks()
    assert (failed["state"], failed["tries"], failed["last_status"]) == ("failed", 4, 503)
    assert len(receiver.received) == 4


def test_a_subscriber_who_is_away_is_tried_again(host: Wire, sandbox: SandboxControl) -> None:
    """A refused connection is a failed try like any other."""
    sandbox.configure(webhook_url="http://127.0.0.1:9/webhooks/zoom", webhook_retry_scale=0.00001)
    host.created()

    assert sandbox.wait_for_webhooks()["failed"] == 1
    assert sandbox.webhooks()[0]["last_error"]


def test_an_answer_after_three_seconds_is_too_late(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """The event comes again."""
    sandbox.configure(webhook_retry_scale=0.0001)
    receiver.delay = 3.3
    host.created()
    deadline = time.monotonic() + 10
    while len(receiver.received) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    receiver.delay = 0

    assert sandbox.wait_for_webhooks()["delivered"] == 1
    assert 3 <= receiver.received[1].at - receiver.received[0].at < 4


def test_lost_events_never_leave(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """As often as told; the list still shows them."""
    sandbox.lose_webhooks(r"^meeting\.created$", times=1)
    host.created(topic="lost")
    host.created(topic="told")

    assert sandbox.wait_for_webhooks() == {"pending": 0, "held": 0, "delivered": 1, "failed": 0, "lost": 1}
    assert receiver.one("meeting.created")["payload"]["object"]["topic"] == "told"
    assert [each["state"] for each in sandbox.webhooks()] == ["lost", "delivered"]


def test_a_late_event_arrives_after_later_ones(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """It overtakes nobody."""
    sandbox.delay_webhooks("started", seconds=0.4)
    meeting = host.created()["id"]
    sandbox.start_meeting(meeting)
    sandbox.end_meeting(meeting)

    assert sandbox.wait_for_webhooks()["delivered"] == 3
    assert receiver.events()[-1] == "meeting.started"


def test_a_doubled_event_arrives_several_times(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """With the same body."""
    sandbox.double_webhooks("created", copies=3)
    host.created()

    assert sandbox.wait_for_webhooks()["delivered"] == 3
    assert len({each.raw for each in receiver.received}) == 1
    assert sandbox.webhook_rules()[0]["hits"] == 1


@pytest.mark.parametrize("order", ["fifo", "reverse", "shuffle"])
def test_held_events_leave_in_the_order_told(
    host: Wire, sandbox: SandboxControl, receiver: Receiver, order: str
) -> None:
    """Nothing leaves before; each leaves as often as told."""
    sandbox.hold_webhooks()
    for number in range(6):
        host.created(topic=str(number))
    assert sandbox.webhook_count()["held"] == 6
    assert receiver.received == []

    assert sandbox.release_webhooks(order, copies=2, seed=3) == 12
    sandbox.wait_for_webhooks()
    topics = [each.body["payload"]["object"]["topic"] for each in receiver.received]
    straight = [*"012345", *"012345"]
    assert sorted(topics) == sorted(straight)
    assert (topics == straight) == (order == "fifo")
    assert (topics == straight[::-1]) == (order == "reverse")


def test_some_events_are_held_and_others_pass(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """By name."""
    sandbox.hold_webhooks_of("started")
    meeting = host.created()["id"]
    sandbox.start_meeting(meeting)
    sandbox.end_meeting(meeting)
    sandbox.wait_for_webhooks()

    assert sorted(receiver.events()) == ["meeting.created", "meeting.ended"]
    sandbox.release_webhooks()
    sandbox.wait_for_webhooks()
    assert receiver.events()[-1] == "meeting.started"


def test_deliveries_are_forgotten_with_what_is_pending(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """What was to come later never comes."""
    sandbox.delay_webhooks(seconds=0.3)
    host.created()
    sandbox.clear_webhooks()
    sandbox.clear_webhook_rules()
    time.sleep(0.5)

    assert sandbox.webhooks() == [] and receiver.received == []


@pytest.mark.parametrize(("secret", "valid"), [(SECRET, True), ("another", False)])
def test_the_subscriber_proves_that_he_knows_the_secret(
    sandbox: SandboxControl, receiver: Receiver, secret: str, valid: bool
) -> None:
    """endpoint.url_validation, signed like the others; the answer is judged."""
    receiver.secret = secret

    assert sandbox.validate_webhook_url()["valid"] is valid
    assert receiver.received[0].signed


@pytest.mark.parametrize(
    "rule", [{"effect": "explode"}, {"effect": "lose", "event": "("}, {"effect": "late", "times": 0}]
)
def test_a_rule_that_makes_no_sense_is_refused(sandbox: SandboxControl, rule: dict[str, object]) -> None:
    """In a sentence."""
    with pytest.raises(AssertionError, match="error"):
        sandbox._rule(**rule)


def test_thousands_of_events_leave_quickly(host: Wire, sandbox: SandboxControl, receiver: Receiver) -> None:
    """A full hour's worth, over a few connections that are kept."""
    sandbox.hold_webhooks()
    for _ in range(20):
        host.created(settings=OPEN)
    started = time.monotonic()
    sandbox.double_webhooks(copies=100)
    sandbox.configure(webhooks_hold=False)
    for meeting in sandbox.meetings():
        sandbox.start_meeting(meeting["id"])
        sandbox.end_meeting(meeting["id"])

    assert sandbox.wait_for_webhooks(60)["delivered"] == 20 * 4 * 100
    assert time.monotonic() - started < 30
    assert len(receiver.connections) <= 16
