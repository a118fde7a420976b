"""Where a caller says that we call, we call the public Internet only, by the address that was looked at."""

import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.errors import HookUnreachable
from core.services.hooks.connection import MOST_OF_AN_ANSWER, Outside, _exchange
from tests.integration.hooks.receiver import Authority, receiving

BODY = b'{"event": "ping"}'
INSIDE = [
    "127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "224.0.0.1",
    "0.0.0.0",  # noqa: S104
]  # fmt: skip


def always(*addresses: str) -> Outside:
    """In production, with a resolver that says this of every name."""
    return Outside(practice=False, resolver=lambda host, port: addresses)


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_not_called(address: str) -> None:
    """Whatever the name says; and the answer does not say where it leads."""
    with pytest.raises(HookUnreachable, match="does not lead to an address of the public Internet") as refusal:
        always(address).post("https://hooks.example/", BODY, {})

    assert address not in str(refusal.value)


def test_this_machine_is_not_called_by_its_own_name_either() -> None:
    """With the system's own resolver, which knows localhost and every way to write it."""
    for host in ("localhost", "127.1", "0x7f000001", "2130706433", "[::1]"):
        with pytest.raises(HookUnreachable, match="public Internet"):
            Outside(practice=False).post(f"https://{host}/", BODY, {})


def test_plain_http_is_for_practice_only() -> None:
    """Not even asked for an address."""
    with pytest.raises(HookUnreachable, match="https"):
        always("8.8.8.8").post("http://hooks.example/", BODY, {})


def test_in_practice_this_machine_is_called_and_no_other_inside() -> None:
    """A practice receiver runs here; a private network is as far away as ever."""
    with receiving() as receiver:
        answer = Outside(practice=True).post(f"{receiver.address}/in?a=b", BODY, {"X-One": "1"})
        assert (answer.status, answer.body) == (200, "ok")
        [request] = receiver.got
        assert (request.path, request.raw, request.headers["X-One"]) == ("/in?a=b", BODY, "1")
    with pytest.raises(HookUnreachable, match="public Internet"):
        Outside(practice=True, resolver=lambda host, port: ["10.0.0.1"]).post("http://hooks.example/", BODY, {})


def test_the_certificate_is_checked_for_the_name(tmp_path: Path) -> None:
    """Although the connection goes to an address; a wrong one is refused before anything is said."""
    authority = Authority(tmp_path, "hooks.test")
    with receiving(context=authority.server) as receiver:
        port = receiver.address.rsplit(":", 1)[1]
        outside = Outside(practice=True, context=authority.client, resolver=lambda host, port: ["127.0.0.1"])
        assert outside.post(f"https://hooks.test:{port}/", BODY, {}).status == 200
        assert receiver.got[0].headers["Host"] == f"hooks.test:{port}"

        with pytest.raises(HookUnreachable, match="certificate"):
            outside.post(f"https://other.test:{port}/", BODY, {})
        strangers = Outside(practice=True, resolver=lambda host, port: ["127.0.0.1"])
        with pytest.raises(HookUnreachable, match="certificate"):
            strangers.post(f"https://hooks.test:{port}/", BODY, {})
        assert len(receiver.got) == 1


def test_what_dns_says_a_moment_later_does_not_count(tmp_path: Path) -> None:
    """The name is asked once, and the connection goes to the address that was looked at."""
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1" if len(asked) == 1 else "127.0.0.2"]

    with receiving() as vetted:
        port = int(vetted.address.rsplit(":", 1)[1])
        outside = Outside(practice=True, resolver=rebinding)
        assert outside.post(f"http://hooks.test:{port}/", BODY, {}).status == 200
        assert len(vetted.got) == 1 and asked == ["hooks.test"]


def test_of_several_addresses_only_public_ones_are_tried() -> None:
    """A name with a private address among others: that one is not even knocked at."""
    with receiving() as receiver:
        port = receiver.address.rsplit(":", 1)[1]
        outside = Outside(practice=True, resolver=lambda host, port: ["10.0.0.1", "192.168.0.1", "127.0.0.1"])
        before = time.monotonic()
        assert outside.post(f"http://hooks.test:{port}/", BODY, {}).status == 200
        assert time.monotonic() - before < 2


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    """It could lead anywhere."""
    with receiving() as elsewhere, receiving() as receiver:
        receiver.status, receiver.headers = 302, {"Location": elsewhere.address}
        assert Outside(practice=True).post(receiver.address, BODY, {}).status == 302
        assert elsewhere.got == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would see the links, and resolve the name themselves."""
    with receiving() as proxy, receiving() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.address)
        assert Outside(practice=True).post(receiver.address, BODY, {}).status == 200
        assert proxy.got == []


def test_only_the_beginning_of_an_answer_is_read() -> None:
    """Somebody could send without end."""
    with receiving() as receiver:
        receiver.reply = b"x" * 1_000_000
        assert len(Outside(practice=True).post(receiver.address, BODY, {}).body) <= MOST_OF_AN_ANSWER


def test_who_answers_byte_by_byte_is_cut_off() -> None:
    """The whole takes no longer than its time, however often something comes."""
    with receiving() as receiver:
        receiver.reply, receiver.drip = b"x" * 200, 0.1
        before = time.monotonic()
        assert Outside(practice=True, total=0.5).post(receiver.address, BODY, {}).status == 200  # that had come
        assert time.monotonic() - before < 1.5


def test_who_does_not_answer_is_given_up(tmp_path: Path) -> None:
    """With TLS, too, which takes the socket over."""
    authority = Authority(tmp_path, "hooks.test")
    with receiving(context=authority.server) as receiver:
        receiver.wait = threading.Event()
        port = receiver.address.rsplit(":", 1)[1]
        here = {"context": authority.client, "resolver": lambda host, port: ["127.0.0.1"]}
        before = time.monotonic()
        with pytest.raises(HookUnreachable, match="No complete answer"):
            Outside(practice=True, total=0.5, **here).post(f"https://hooks.test:{port}/", BODY, {})
        assert time.monotonic() - before < 1.5


def test_a_resolver_that_hangs_holds_nobody_up() -> None:
    """The system's own knows no time limit."""
    over = threading.Event()
    hanging = Outside(practice=True, total=0.3, resolver=lambda host, port: [str(over.wait(10))])
    with pytest.raises(HookUnreachable, match="not resolved"):
        hanging.post("http://hooks.test/", BODY, {})
    over.set()


def test_what_went_wrong_is_said_in_a_sentence() -> None:
    """Refused, unknown, or no HTTP."""
    with receiving() as receiver:
        address = receiver.address
    with pytest.raises(HookUnreachable, match="refused"):
        Outside(practice=True).post(address, BODY, {})
    with pytest.raises(HookUnreachable, match="cannot be resolved"):
        Outside(practice=True).post("http://no-such-name.invalid/", BODY, {})


@pytest.mark.parametrize("host", ["[2606:4700::1111]", "[2606:4700::1111]:8443", "hooks.example", "hooks.example:8443"])
def test_the_receiver_reads_the_name_by_which_it_is_called(host: str) -> None:
    """A server that has several tells them apart by it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        _exchange(ours, urlsplit(f"https://{host}/in"), BODY, {})
        assert f"\r\nHost: {host}\r\n".encode() in theirs.recv(4096)
