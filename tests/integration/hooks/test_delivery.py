"""What leaves, how it is proven, and what becomes of it when the receiver does not take it."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Event, HookEndpoint
from core.errors import Conflict, InvalidInput, NotFound, StaleState
from core.services.deliver import DeliveryReport
from core.services.hooks.again import ping, resend
from core.services.hooks.claim import due_hooks
from core.services.hooks.connection import Answer
from core.services.hooks.deliver import back_off, deliver_hooks, kept, retry_after
from core.services.hooks.endpoints import add_endpoint, change_endpoint, endpoint_by_id, remove, rotate_secret
from core.services.locations import find_location
from core.services.rotate_keys import rotate_keys
from tests.integration.booking.test_cancelling import cancelled
from tests.integration.hooks.given import SECRET, hooks, listen
from tests.integration.hooks.receiver import Receiver, receiving
from tests.world import TEST, World

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The booking system."""
    with receiving() as found:
        yield found


def deliver(world: World, *, after: timedelta = timedelta(0), only: int | None = None) -> DeliveryReport:
    """What a delivery run does, *after* this time from now."""
    clock = lambda: utcnow() + after  # noqa: E731 - as short as it is
    return deliver_hooks(world.parts.sessions, world.parts.hook_sender, clock=clock, run_id="deliver", only=only)


def due(world: World, *, after: timedelta = timedelta(0)) -> int:
    """What the sensor counts."""
    with world.parts.sessions() as session:
        return due_hooks(session, now=utcnow() + after)


def endpoint(world: World, number: int = 0) -> HookEndpoint:
    """An endpoint as it is now."""
    found: HookEndpoint = world.all(HookEndpoint)[number]
    return found


def states(world: World) -> list[tuple[str, int]]:
    """Status and attempts of every webhook."""
    return [(each.status, each.attempts) for each in hooks(world)]


def test_a_webhook_says_what_happened_and_how_things_stand(world: World, receiver: Receiver) -> None:
    """As of when it leaves: the booking is told with the link that exists by then, and its passcode."""
    world.location()
    listen(world, receiver.address + "/in", events=["appointment.booked"])
    booked = world.book()
    world.run()
    assert due(world) == 1

    assert deliver(world) == DeliveryReport(sent=1)

    [request], [message], [meeting] = receiver.got, hooks(world), world.meetings()
    body = request.body
    assert request.path == "/in" and request.headers["Content-Type"] == "application/json"
    assert (body["id"], body["event"]) == (message.message_id, "appointment.booked")
    assert (body["actor"], body["revision"], body["location_id"]) == (TEST, 1, booked.location_id)
    assert datetime.fromisoformat(body["occurred_at"]) == booked.booked_at
    shown = body["appointment"]
    assert (shown["id"], shown["external_id"], shown["status"]) == (booked.id, "A-1", "booked")
    assert shown["starts_at"] == booked.starts_at.isoformat().replace("+00:00", "Z")
    assert shown["link"] == {
        "state": "ready",
        "reason": None,
        "expected_at": None,
        "join_url": meeting.join_url,
        "passcode": world.parts.vault.decrypt(meeting.passcode),
    }
    assert (message.status, message.provider_reply) == ("sent", "200 OK")
    assert due(world) == 0


def test_a_link_that_is_dead_is_not_told(world: World, receiver: Receiver) -> None:
    """The webhook about it leaves after the appointment was cancelled."""
    world.location()
    listen(world, receiver.address)
    world.book()
    world.run()
    cancelled(world)
    deliver(world)

    assert receiver.events == ["appointment.booked", "appointment.link_ready", "appointment.cancelled"]
    links = [request.body["appointment"]["link"] for request in receiver.got]
    assert {(link["state"], link["join_url"], link["passcode"]) for link in links} == {("ended", None, None)}


def test_an_account_is_told_with_what_is_wrong(world: World, receiver: Receiver) -> None:
    """The seat, its state, and why."""
    from tests.integration.connections.test_deauthorized import remove as deauthorize

    world.location()
    listen(world, receiver.address)
    deauthorize(world)
    deliver(world)

    body = receiver.got[0].body
    assert (body["event"], body["revision"]) == ("account.needs_attention", None)
    assert "appointment" not in body
    [account] = world.accounts()
    assert body["account"] == {
        "id": account.id,
        "email": account.email,
        "state": "needs_reauth",
        "benched_until": None,
        "reason": "deauthorized",
    }


def test_the_receiver_can_prove_that_it_is_ours(world: World, receiver: Receiver) -> None:
    """HMAC-SHA256 over the timestamp, a dot and the raw body."""
    world.location()
    listen(world, receiver.address)
    world.book()
    deliver(world)

    [request] = receiver.got
    timestamp = request.headers["ZoomPool-Timestamp"]
    proof = hmac.new(SECRET.encode(), timestamp.encode() + b"." + request.raw, hashlib.sha256).hexdigest()
    assert request.headers["ZoomPool-Signature"] == f"v1={proof}"
    assert abs(int(timestamp) - time.time()) < 60


def test_while_a_secret_is_changed_both_sign(world: World, receiver: Receiver) -> None:
    """For a day; and the keys of the vault can be changed meanwhile."""
    world.location()
    listen(world, receiver.address)
    with world.parts.sessions.begin() as session:
        new = rotate_secret(session, endpoint(world), vault=world.parts.vault, actor=TEST, now=utcnow())
    rotate_keys(world.parts.sessions, world.parts.vault)
    world.book("A-1")
    deliver(world)
    world.book("A-2")
    deliver(world, after=25 * HOUR)

    def proofs(number: int) -> list[str]:
        return receiver.got[number].headers["ZoomPool-Signature"].split(",")

    def proof(number: int, secret: str) -> str:
        request = receiver.got[number]
        signed = request.headers["ZoomPool-Timestamp"].encode() + b"." + request.raw
        return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"

    assert proofs(0) == [proof(0, new.secret), proof(0, SECRET)]
    assert proofs(1) == [proof(1, new.secret)]


@pytest.mark.parametrize("status", [302, 400, 404, 500, 502])
def test_what_is_refused_is_tried_again(world: World, receiver: Receiver, status: int) -> None:
    """Whatever the refusal: the receiver may be mended. Its words are kept, and nothing else is sent meanwhile."""
    world.location()
    listen(world, receiver.address)
    world.book("A-1")
    world.book("A-2")
    receiver.status, receiver.reply = status, b'{"error": "no such\\ntable"}'

    assert deliver(world) == DeliveryReport(retrying=1, put_back=1)
    assert states(world) == [("retrying", 1), ("queued", 0)]
    first = hooks(world)[0]
    assert first.provider_reply.startswith(str(status)) and "no such" in first.provider_reply
    assert due(world) == 0 and deliver(world) == DeliveryReport()

    receiver.status = 200
    assert due(world, after=MINUTE) == 2
    assert deliver(world, after=MINUTE) == DeliveryReport(sent=2)
    assert (endpoint(world).failures, endpoint(world).paused_until) == (0, None)


def test_the_same_thing_has_the_same_id_each_time(world: World, receiver: Receiver) -> None:
    """By which the receiver knows what it has had."""
    world.location()
    listen(world, receiver.address)
    world.book()
    receiver.status = 500
    deliver(world)
    receiver.status = 200
    deliver(world, after=MINUTE)
    with world.parts.sessions.begin() as session:
        resend(session, hooks(world)[0].id, actor=TEST, now=utcnow())
    deliver(world)

    assert len(receiver.got) == 3
    assert len({request.body["id"] for request in receiver.got}) == 1


def test_one_that_is_refused_every_time_does_not_hold_up_the_others(world: World, receiver: Receiver) -> None:
    """The receiver stumbles over A-1 alone."""
    world.location()
    listen(world, receiver.address)
    for number in range(1, 4):
        world.book(f"A-{number}")
    receiver.answer = lambda request: 500 if request.body["appointment"]["external_id"] == "A-1" else 200
    deliver(world)
    deliver(world, after=MINUTE)

    assert states(world) == [("retrying", 2), ("sent", 1), ("sent", 1)]


def test_a_day_of_trying_is_enough(world: World, receiver: Receiver) -> None:
    """What was tried and what only waited behind it are given up together, and it is on the timeline."""
    world.location()
    listen(world, receiver.address)
    for number in range(3):
        world.book(f"A-{number}")
    receiver.status = 500
    deliver(world)
    assert all(each.give_up_at for each in hooks(world))
    tries, after = 0, timedelta(0)
    while any(status != "failed" for status, _ in states(world)) and after < 30 * HOUR:
        after += 20 * MINUTE
        tries += 1
        deliver(world, after=after)

    assert 23 * HOUR < after <= 25.5 * HOUR
    assert {each.reason for each in hooks(world)} == {"in_vain"}
    assert len(receiver.got) < 40, "the longer it lasts, the less often it is tried"
    assert len(world.all(Event, kind="hook_failed")) == 3
    assert due(world, after=after) == 0


def test_gone_means_gone(world: World, receiver: Receiver) -> None:
    """410 disables the endpoint at once; what waited is dropped and can be sent again later."""
    world.location()
    listen(world, receiver.address)
    world.book("A-1")
    world.book("A-2")
    receiver.status = 410
    assert deliver(world) == DeliveryReport(dropped=2)

    assert (endpoint(world).disabled_reason, len(receiver.got)) == ("endpoint_gone", 1)
    assert [(each.status, each.reason) for each in hooks(world)] == [
        ("dropped", "endpoint_gone"),
        ("dropped", "endpoint_disabled"),
    ]
    world.book("A-3")
    assert len(hooks(world)) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_asks_for_a_pause_gets_it(world: World, receiver: Receiver, status: int) -> None:
    """Between ten seconds and an hour."""
    world.location()
    listen(world, receiver.address)
    world.book()
    receiver.status, receiver.headers = status, {"Retry-After": "1800"}
    deliver(world)

    assert due(world, after=29 * MINUTE) == 0
    assert due(world, after=31 * MINUTE) == 1


def test_a_slow_receiver_holds_up_no_other(world: World, receiver: Receiver) -> None:
    """While one keeps us waiting, the other has all of its webhooks."""
    world.location()
    world.location("North Clinic")
    with receiving() as slow:
        slow.wait = threading.Event()
        listen(world, slow.address)
        listen(world, receiver.address, location="North Clinic")
        world.book("A-1")
        for number in range(5):
            world.book(f"N-{number}", location="North Clinic")
        delivery = threading.Thread(target=deliver, args=[world])
        delivery.start()
        while len(receiver.got) < 5 and delivery.is_alive():
            time.sleep(0.01)
        assert len(receiver.got) == 5 and delivery.is_alive()
        slow.wait.set()
        delivery.join()
    assert {each.status for each in hooks(world)} == {"sent"}


def test_a_dead_receiver_says_why_in_a_sentence(world: World) -> None:
    """And is left in peace."""
    world.location()
    with receiving() as receiver:
        listen(world, receiver.address)
    world.book()
    deliver(world)

    assert hooks(world)[0].provider_reply == "The connection was refused."
    assert endpoint(world).failures == 1


def test_two_who_deliver_at_once_send_each_once(world: World, receiver: Receiver) -> None:
    """Whoever claims a webhook sends it."""
    world.location()
    listen(world, receiver.address)
    for number in range(20):
        world.book(f"A-{number}")
    threads = [threading.Thread(target=deliver, args=[world]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(receiver.got) == len({request.body["id"] for request in receiver.got}) == 20


def test_what_a_dead_run_had_claimed_is_sent_after_a_minute(world: World, receiver: Receiver) -> None:
    """Its claim is past its time."""
    world.location()
    listen(world, receiver.address)
    world.book()
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.text("UPDATE messages SET status = 'in_flight', in_flight_since = now(), claimed_by = 'dead'")
        )
    assert deliver(world) == DeliveryReport()

    assert deliver(world, after=2 * MINUTE) == DeliveryReport(sent=1)


def test_disabled_it_is_told_nothing_and_enabled_only_what_is_new(world: World, receiver: Receiver) -> None:
    """What waited is dropped, and sent again only if somebody says so."""
    world.location()
    listen(world, receiver.address)
    world.book("A-1")
    change(world, disabled=True)
    world.book("A-2")
    assert deliver(world) == DeliveryReport()
    assert [(each.status, each.reason) for each in hooks(world)] == [("dropped", "endpoint_disabled")]
    with pytest.raises(Conflict, match="disabled"), world.parts.sessions.begin() as session:
        resend(session, hooks(world)[0].id, actor=TEST, now=utcnow())

    change(world, disabled=False)
    world.book("A-3")
    with world.parts.sessions.begin() as session:
        resend(session, hooks(world)[0].id, actor=TEST, now=utcnow())
    deliver(world)
    assert [each.body["appointment"]["external_id"] for each in receiver.got] == ["A-3", "A-1"]


def test_sent_again_it_is_numbered_and_on_the_timeline(world: World, receiver: Receiver) -> None:
    """As often as somebody wants, a copy of a copy being one of the first; never while it still waits."""
    world.location()
    listen(world, receiver.address)
    world.book()
    [first] = hooks(world)
    with pytest.raises(Conflict, match="still waits"), world.parts.sessions.begin() as session:
        resend(session, first.id, actor=TEST, now=utcnow())
    deliver(world)
    for number in range(2):
        with world.parts.sessions.begin() as session:
            resend(session, hooks(world)[number].id, actor="Sam", now=utcnow())
        deliver(world)

    assert [each.dedupe_key for each in hooks(world)[1:]] == [f"resend:{first.id}:1", f"resend:{first.id}:2"]
    assert [each.actor for each in world.all(Event, kind="hook_resent")] == ["Sam", "Sam"]
    assert len(receiver.got) == 3
    with pytest.raises(NotFound), world.parts.sessions.begin() as session:
        resend(session, 4711, actor=TEST, now=utcnow())


def test_an_endpoint_can_be_tried_out(world: World, receiver: Receiver) -> None:
    """At once, whatever it asked for and however long it was left in peace."""
    world.location()
    listen(world, receiver.address, events=["appointment.missed"])
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(HookEndpoint).values(failures=9, paused_until=utcnow() + HOUR))
    with world.parts.sessions.begin() as session:
        message = ping(session, endpoint(world), actor="Sam", now=utcnow())
    assert deliver(world, only=message) == DeliveryReport(sent=1)

    body = receiver.got[0].body
    assert (body["event"], body["actor"], body["revision"]) == ("ping", "Sam", None)
    assert endpoint(world).failures == 0


def test_the_secret_is_stored_encrypted_and_shown_once(world: World) -> None:
    """What is in the database signs nothing."""
    world.location()
    new = add(world, "https://Booking.example/hooks")
    assert new.secret.startswith("whsec_") and len(new.secret) > 40
    assert endpoint(world).url == "https://booking.example/hooks"
    assert new.secret.encode() not in endpoint(world).secret
    assert world.parts.vault.decrypt(endpoint(world).secret) == new.secret
    assert new.secret not in repr(new)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://booking.example/", "https"),
        ("https://", "not an address"),
        ("booking.example", "https"),
        ("https://user:word@booking.example/", "user or password"),
        ("https://booking.example/#there", "fragment"),
        ("https://10.0.0.1/", "private network"),
        ("https://[::ffff:127.0.0.1]/", "private network"),
        ("https://booking.example:99999/", "not an address"),
        ("https://booking.example/\nX: y", "control character"),
        ("https://booking.example/" + "x" * 2000, "2000 are allowed"),
    ],
)
def test_an_address_that_is_never_called_is_refused_at_once(world: World, url: str, why: str) -> None:
    """With the field at fault."""
    world.location()
    with pytest.raises(InvalidInput, match=why) as refusal:
        add(world, url)
    assert refusal.value.field == "url"


def test_in_production_this_machine_and_plain_http_are_refused(world: World) -> None:
    """They are for practice."""
    world.location()
    for url in ("http://booking.example/", "https://localhost/", "https://127.0.0.1:8600/"):
        with pytest.raises(InvalidInput):
            add(world, url, practice=False)


def test_an_endpoint_is_changed_by_who_has_seen_it(world: World) -> None:
    """Its events in our order; unknown ones are refused, and the same address twice."""
    world.location()
    add(world, "https://one.example/")
    add(world, "https://two.example/")
    with pytest.raises(Conflict, match="already"):
        add(world, "https://one.example/")
    change(world, events=["appointment.ended", "appointment.booked"], expected_version=1)
    assert endpoint(world).events == ["appointment.booked", "appointment.ended"]
    with pytest.raises(StaleState):
        change(world, events=None, expected_version=1)
    with pytest.raises(InvalidInput, match="no event"):
        change(world, events=["appointment.exploded"])
    with pytest.raises(Conflict, match="already"):
        change(world, url="https://two.example/")
    change(world, events=None)
    assert endpoint(world).events is None


def test_a_removed_one_is_gone_but_for_its_history(world: World, receiver: Receiver) -> None:
    """Its address may be registered anew."""
    world.location()
    add(world, receiver.address)
    world.book("A-1")
    deliver(world)
    with world.parts.sessions.begin() as session:
        remove(session, endpoint(world), actor=TEST, now=utcnow())
    world.book("A-2")
    assert [each.status for each in hooks(world)] == ["sent"]
    with pytest.raises(NotFound), world.parts.sessions.begin() as session:
        endpoint_by_id(session, endpoint(world).id)

    add(world, receiver.address)
    world.book("A-3")
    deliver(world)
    assert receiver.got[-1].body["appointment"]["external_id"] == "A-3"


def test_what_the_receiver_repeats_of_ours_is_not_kept() -> None:
    """Neither links nor passcodes, nor more than the beginning."""
    body = json.dumps({"got": "https://zoom.example/j/1?pwd=x", "passcode": "483920", "email": "x" * 400})
    words = kept(Answer(500, body + "\x00\x1b[31m", None), ("https://zoom.example/j/1?pwd=x", "483920"))

    assert words.startswith('500 Internal Server Error: {"got": "...')
    assert "zoom.example" not in words and "483920" not in words and "\x1b" not in words
    assert len(words) < 400


def test_back_off_grows_from_ten_seconds_to_an_hour() -> None:
    """With jitter, so that what failed together does not come back together."""
    waits = [back_off(failures).total_seconds() for failures in range(40)]
    assert all(8 <= wait <= 3600 for wait in waits)
    assert 10 <= waits[0] <= 12 and 2800 <= waits[-1] <= 3600
    assert len({back_off(5) for _ in range(10)}) > 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30),
        ("1", 10),
        ("999999999999", 3600),
        ("Wed, 25 Nov 2026 12:05:00 GMT", 300),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after_is_understood_in_both_spellings(said: str | None, seconds: int | None) -> None:
    """And bounded."""
    now = datetime.fromisoformat("2026-11-25T12:00:00Z")
    wait = retry_after(Answer(503, "", said), now)
    assert (wait and wait.total_seconds()) == seconds


def add(world: World, url: str, *, practice: bool = True, **said: object) -> object:
    """Register an endpoint of the clinic as the API would."""
    with world.parts.sessions.begin() as session:
        place = find_location(session, "Harbour Clinic")
        return add_endpoint(
            session, location=place, url=url, events=None, vault=world.parts.vault, practice=practice, actor=TEST,
            now=utcnow(), **said,
        )  # fmt: skip


def change(world: World, *, expected_version: int | None = None, **edit: object) -> list[str]:
    """Change the first endpoint as the API would."""
    with world.parts.sessions.begin() as session:
        first = endpoint(world)
        return change_endpoint(
            session, first, edit, practice=True, actor=TEST, now=utcnow(), expected_version=expected_version
        )
