"""Outgoing webhooks over the API: registered, tried out, looked at and sent again; by admins of the location alone."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.clock import utcnow
from core.db.models import Event, HookEndpoint
from core.services.hooks.deliver import deliver_hooks
from tests.console.api.conftest import MakeProgram, Program
from tests.integration.hooks.receiver import Receiver, receiving
from tests.world import World


@pytest.fixture
def clinic(world: World) -> int:
    """A location's id."""
    return world.location().id


@pytest.fixture
def admin(program: MakeProgram, clinic: int) -> Program:
    """The location's own admin."""
    return program("admin", "Harbour Clinic")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The booking system."""
    with receiving() as found:
        yield found


def deliver(world: World) -> None:
    """What a delivery run does."""
    deliver_hooks(world.parts.sessions, world.parts.hook_sender, clock=utcnow)


def registered(admin: Program, clinic: int, url: str, **body: Any) -> dict[str, Any]:
    """A new endpoint, with its secret."""
    answer = admin.post(f"/locations/{clinic}/hooks", {"url": url, **body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_endpoint_is_registered_and_its_secret_shown_once(
    admin: Program, clinic: int, receiver: Receiver, world: World
) -> None:
    """The key's name stands on the timeline; nothing shows the secret again."""
    made = registered(admin, clinic, receiver.address, events=["appointment.booked"])
    assert made["secret"].startswith("whsec_")

    [listed] = admin.get(f"/locations/{clinic}/hooks").json()["items"]
    assert listed == admin.get(f"/hooks/{made['id']}").json()
    assert (listed["events"], listed["health"], listed["waiting"]) == (["appointment.booked"], "new", 0)
    assert made["secret"] not in str(listed)
    [event] = world.all(Event, kind="hook_added")
    assert event.actor == "key:admin of Harbour Clinic"


def test_registered_twice_with_one_key_it_is_one(admin: Program, clinic: int, receiver: Receiver, world: World) -> None:
    """The repeated answer holds the same secret: the first may have been lost on its way."""
    body = {"url": receiver.address}
    first = admin.post(f"/locations/{clinic}/hooks", body, once="k-1")
    again = admin.post(f"/locations/{clinic}/hooks", body, once="k-1")

    assert first.json() == again.json()
    assert len(world.all(HookEndpoint)) == 1
    assert admin.post(f"/locations/{clinic}/hooks", body).status_code == 409


def test_an_endpoint_is_changed_disabled_and_removed(admin: Program, clinic: int, receiver: Receiver) -> None:
    """By who has seen what it is."""
    made = registered(admin, clinic, receiver.address)
    path = f"/hooks/{made['id']}"
    changed = admin.send("PATCH", path, {"events": ["appointment.live"], "expected_version": made["version"]})
    assert (changed.status_code, changed.json()["events"]) == (200, ["appointment.live"])
    assert admin.send("PATCH", path, {"events": None, "expected_version": made["version"]}).status_code == 409
    assert admin.send("PATCH", path, {"events": None, "disabled": True}).json()["health"] == "disabled"
    assert admin.post(f"{path}/ping").status_code == 409
    assert admin.send("PATCH", path, {"disabled": False}).json()["events"] is None
    assert admin.post(f"{path}/secret").json()["secret"] != made["secret"]
    assert admin.get(path).json()["rotating_until"]

    assert admin.send("DELETE", path).status_code == 204
    assert admin.get(path).status_code == 404
    assert admin.get(f"/locations/{clinic}/hooks").json()["items"] == []


def test_what_it_was_told_is_listed_and_sent_again(
    admin: Program, clinic: int, receiver: Receiver, world: World
) -> None:
    """Newest first, page by page, with the receiver's answer."""
    made = registered(admin, clinic, receiver.address)
    for number in range(3):
        world.book(f"A-{number}")
    ping = admin.post(f"/hooks/{made['id']}/ping").json()["delivery_id"]
    deliver(world)
    path = f"/hooks/{made['id']}/deliveries"

    first = admin.get(path, limit=3).json()
    rest = admin.get(path, limit=3, cursor=first["next"]).json()
    found = first["items"] + rest["items"]
    assert [each["event"] for each in found] == ["ping", *["appointment.booked"] * 3]
    assert (found[0]["id"], found[0]["status"], found[0]["reply"]) == (ping, "sent", "200 OK")
    assert rest["next"] is None and admin.get(path, status="failed").json()["items"] == []

    again = admin.post(f"/deliveries/{found[1]['id']}/resend")
    assert again.status_code == 202
    deliver(world)
    sent = admin.get(f"/deliveries/{again.json()['delivery_id']}").json()
    assert (sent["resend_of"], sent["status"], sent["event_id"]) == (found[1]["id"], "sent", found[1]["event_id"])
    assert [event.actor for event in world.all(Event, kind="hook_resent")] == ["key:admin of Harbour Clinic"]
    assert len(receiver.got) == 5


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "ftp://booking.example/"}, "url"),
        ({"url": "https://booking.example/", "events": ["appointment.exploded"]}, "events"),
        ({"url": "https://booking.example/", "events": []}, "events"),
        ({"url": "https://booking.example/", "secret": "mine"}, "secret"),
    ],
)
def test_what_cannot_be_used_is_refused_by_field(admin: Program, clinic: int, body: dict[str, Any], field: str) -> None:
    """Before anything is stored."""
    answer = admin.post(f"/locations/{clinic}/hooks", body)
    assert answer.status_code == 422
    assert any(field in each["field"] for each in answer.json()["errors"])


def test_another_location_and_lesser_keys_have_no_business_here(
    admin: Program, clinic: int, receiver: Receiver, world: World, program: MakeProgram
) -> None:
    """Nothing is betrayed: what a key does not see does not exist; who may only book gets no addresses."""
    made = registered(admin, clinic, receiver.address)
    world.book()
    [delivery] = admin.get(f"/hooks/{made['id']}/deliveries").json()["items"]
    world.location("Hill Clinic", accounts=0)
    stranger, booker = program("admin", "Hill Clinic"), program("book", "Harbour Clinic")
    hook = f"/hooks/{made['id']}"
    ways = [
        ("GET", f"/locations/{clinic}/hooks", None), ("POST", f"/locations/{clinic}/hooks", {"url": receiver.address}),
        ("GET", hook, None), ("PATCH", hook, {"disabled": True}), ("DELETE", hook, None),
        ("POST", f"{hook}/ping", None),
        ("POST", f"{hook}/secret", None), ("GET", f"{hook}/deliveries", None),
        ("GET", f"/deliveries/{delivery['id']}", None), ("POST", f"/deliveries/{delivery['id']}/resend", None),
    ]  # fmt: skip
    for method, path, body in ways:
        assert stranger.send(method, path, body).status_code == 404, path
        assert booker.send(method, path, body).status_code == 403, path
    assert admin.get("/hooks/4711").status_code == admin.get("/deliveries/4711").status_code == 404
    assert admin.get(hook).json()["health"] == "new"
