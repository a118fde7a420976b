"""`zoompool hooks`, and what docs/webhooks.md tells a receiver."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.domain.hook_events import PING, HookEvent
from tests.integration.commands.test_commands import Run, as_json, zoompool  # noqa: F401 - a fixture
from tests.integration.hooks.given import hooks
from tests.integration.hooks.receiver import Receiver, receiving
from tests.integration.hooks.test_delivery import deliver
from tests.world import World

DOC = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The booking system."""
    with receiving() as found:
        yield found


def registered(run: Run, url: str) -> dict[str, Any]:
    """A new endpoint, with its secret."""
    status, printed = run("hooks", "add", url, "-l", "Harbour Clinic", "--json")
    assert status == 0, printed
    found: dict[str, Any] = as_json(printed)
    return found


def test_an_endpoint_is_added_tried_out_and_listed(zoompool: Run, world: World, receiver: Receiver) -> None:  # noqa: F811
    """The ping leaves at once; the secret is shown once."""
    world.location()
    made = registered(zoompool, receiver.address)
    number = str(made["endpoint"])
    status, printed = zoompool("hooks", "ping", number)
    assert (status, receiver.events) == (0, ["ping"])
    assert "sent. 200 OK" in printed

    [listed] = as_json(zoompool("hooks", "list", "-l", "Harbour Clinic", "--json")[1])
    assert (listed["health"], listed["events"], listed["last_reply"]) == ("well", "all", "200 OK")
    assert made["secret"] not in zoompool("hooks", "list")[1]
    assert zoompool("hooks", "rotate", number)[1].count("whsec_") == 1


def test_an_answer_that_is_none_is_shown_and_exits_with_one(zoompool: Run, world: World, receiver: Receiver) -> None:  # noqa: F811
    """So that a script knows."""
    world.location()
    number = str(registered(zoompool, receiver.address)["endpoint"])
    receiver.status, receiver.reply = 500, b"no disk"
    status, printed = zoompool("hooks", "ping", number)

    assert status == 1
    assert "retrying. 500 Internal Server Error: no disk" in printed


def test_what_was_sent_is_listed_and_sent_again(zoompool: Run, world: World, receiver: Receiver) -> None:  # noqa: F811
    """At once."""
    world.location()
    number = str(registered(zoompool, receiver.address)["endpoint"])
    world.book()
    deliver(world)
    [line] = as_json(zoompool("hooks", "deliveries", number, "--status", "sent", "--json")[1])
    assert (line["event"], line["appointment"], line["reply"]) == ("appointment.booked", "A-1", "200 OK")

    assert zoompool("hooks", "resend", str(line["delivery"]))[0] == 0
    assert receiver.events == ["appointment.booked"] * 2


def test_an_endpoint_is_changed_disabled_enabled_and_removed(zoompool: Run, world: World, receiver: Receiver) -> None:  # noqa: F811
    """Each in a sentence."""
    world.location()
    number = str(registered(zoompool, receiver.address)["endpoint"])
    assert "has changed" in zoompool("hooks", "set", number, "-e", "appointment.booked")[1]
    assert "already" in zoompool("hooks", "set", number, "-e", "appointment.booked")[1]
    assert "is disabled" in zoompool("hooks", "disable", number)[1]
    world.book("A-1")
    assert "is enabled" in zoompool("hooks", "enable", number)[1]
    assert "has changed" in zoompool("hooks", "set", number, "--all-events")[1]
    world.book("A-2")
    assert len(hooks(world)) == 1
    assert "is removed" in zoompool("hooks", "remove", number)[1]
    status, printed = zoompool("hooks", "ping", number)
    assert (status, "There is no endpoint" in printed) == (1, True)


def test_the_document_names_every_event() -> None:
    """And no other."""
    named = set(re.findall(r"^\| `([a-z_.]+)` \|", DOC, re.MULTILINE))
    assert named == {*HookEvent, PING}


def test_the_document_s_check_accepts_ours_and_nothing_else(world: World, zoompool: Run, receiver: Receiver) -> None:  # noqa: F811
    """Its Python, as it stands there, with a request as it came."""
    [code] = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - ours, from the document
    is_ours = names["is_ours"]
    world.location()
    made = registered(zoompool, receiver.address)
    zoompool("hooks", "ping", str(made["endpoint"]))
    new = as_json(zoompool("hooks", "rotate", str(made["endpoint"]), "--json")[1])["secret"]
    zoompool("hooks", "ping", str(made["endpoint"]))
    first, second = receiver.got

    assert is_ours(made["secret"], first.headers, first.raw)
    assert is_ours(made["secret"], second.headers, second.raw) and is_ours(new, second.headers, second.raw)
    assert not is_ours(new, first.headers, first.raw)
    assert not is_ours(made["secret"], first.headers, first.raw + b" ")
    old = {**first.headers, "ZoomPool-Timestamp": str(int(first.headers["ZoomPool-Timestamp"]) - 1000)}
    assert not is_ours(made["secret"], old, first.raw)


def test_the_document_s_body_has_the_fields_that_leave(world: World, zoompool: Run, receiver: Receiver) -> None:  # noqa: F811
    """Those of the envelope and of the link."""
    [shown] = re.findall(r"```json\n(.*?)```", DOC, re.DOTALL)
    world.location()
    registered(zoompool, receiver.address)
    world.book()
    deliver(world)
    told, documented = receiver.got[0].body, json.loads(shown)

    assert set(told) == set(documented)
    assert set(documented["appointment"]) <= set(told["appointment"])
    assert set(told["appointment"]["link"]) == set(documented["appointment"]["link"])
