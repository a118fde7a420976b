"""One POST to an address that a caller has given: to the public Internet only, within ten seconds, and no further.

The name is resolved here, each address is looked at, and the connection goes to the very address that was looked at:
what DNS says a moment later does not count. The certificate is checked for the name all the same. Redirects are not
followed and proxies of the environment not used, for either would lead elsewhere.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from queue import Empty, SimpleQueue
from threading import Thread, Timer
from urllib.parse import SplitResult, urlsplit

import certifi

from core.domain.public_address import is_loopback, is_public
from core.errors import HookUnreachable

CONNECT_WITHIN = 5.0
TOTAL = 10.0
MOST_OF_AN_ANSWER = 4096

Resolver = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> list[str]:
    """The addresses of *host*, in the system's order. Raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def trusted() -> ssl.SSLContext:
    """The certificate authorities that browsers trust."""
    return ssl.create_default_context(cafile=certifi.where())


@dataclass(frozen=True)
class Answer:
    """What the receiver said: the status, the beginning of the body, and when it wants to be asked again."""

    status: int
    body: str = field(repr=False)
    retry_after: str | None


@dataclass(frozen=True)
class Outside:
    """How receivers are called. *practice*: plain HTTP and this machine are allowed as well."""

    practice: bool
    context: ssl.SSLContext = field(default_factory=trusted)
    resolver: Resolver = resolve
    total: float = TOTAL

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send *body* to *url* and read the beginning of the answer, whatever it is.

        Raises:
            HookUnreachable: nobody answered in time, or it is an address that is not called.
        """
        target = urlsplit(url)
        deadline = time.monotonic() + self.total
        if target.scheme != "https" and not (self.practice and target.scheme == "http"):
            raise HookUnreachable("Only https:// addresses are called.")
        try:
            sock = self._connect(target, deadline)
            with _cut_at(deadline, sock):
                return _exchange(self._speak(sock, target), target, body, headers)
        except (OSError, HTTPException, ValueError) as error:
            if time.monotonic() >= deadline:
                raise HookUnreachable(f"No complete answer within {self.total:.0f} s.") from error
            raise HookUnreachable(_told(error)) from error

    def _connect(self, target: SplitResult, deadline: float) -> socket.socket:
        host, port = target.hostname or "", target.port or (443 if target.scheme == "https" else 80)
        addresses = [each for each in self._resolved(host, port) if self._may_call(each)]
        if not addresses:
            raise HookUnreachable(f"{host} does not lead to an address of the public Internet; no other is called.")
        connect_until = min(time.monotonic() + CONNECT_WITHIN, deadline)
        for number, address in enumerate(addresses, 1):
            left = connect_until - time.monotonic()
            try:
                sock = socket.create_connection((address, port), timeout=max(left, 0.05))
            except OSError:
                if number == len(addresses) or time.monotonic() >= connect_until:
                    raise
                continue
            sock.settimeout(max(deadline - time.monotonic(), 0.05))
            return sock
        raise AssertionError("an address was tried, or there was none")

    def _resolved(self, host: str, port: int) -> Sequence[str]:
        """Asked in a thread of its own, because the system's resolver knows no time limit."""
        answer: SimpleQueue[Sequence[str] | OSError | UnicodeError] = SimpleQueue()

        def ask() -> None:
            try:
                answer.put(self.resolver(host, port))
            except (OSError, UnicodeError) as error:
                answer.put(error)

        Thread(target=ask, daemon=True, name="resolver").start()
        try:
            found = answer.get(timeout=min(CONNECT_WITHIN, self.total))
        except Empty:
            raise HookUnreachable(f"The name {host} was not resolved within {CONNECT_WITHIN:.0f} s.") from None
        if isinstance(found, OSError | UnicodeError):
            raise HookUnreachable(f"The name {host} cannot be resolved.") from found
        return found

    def _may_call(self, address: str) -> bool:
        return is_public(address) or (self.practice and is_loopback(address))

    def _speak(self, sock: socket.socket, target: SplitResult) -> socket.socket:
        if target.scheme == "http":
            return sock
        return self.context.wrap_socket(sock, server_hostname=target.hostname)


def _exchange(sock: socket.socket, target: SplitResult, body: bytes, headers: Mapping[str, str]) -> Answer:
    # It only speaks HTTP: the socket it would open is there already. Without its brackets an IPv6 address would lose
    # its last group, which is taken for a port.
    connection = HTTPConnection(target.netloc)
    connection.sock = sock
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    try:
        connection.request("POST", path, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        return Answer(response.status, _beginning(response), response.headers.get("Retry-After"))
    finally:
        connection.close()


def _beginning(response: HTTPResponse) -> str:
    try:
        return response.read(MOST_OF_AN_ANSWER).decode("utf-8", "replace")
    except (OSError, HTTPException):
        return ""  # the status has come, and it is the status that counts


@contextmanager
def _cut_at(deadline: float, sock: socket.socket) -> Iterator[None]:
    """End the connection at *deadline*: who sends a byte now and then passes every time-out of the socket."""
    with sock, sock.dup() as handle:  # TLS takes the socket over; what is done to its double still ends both
        bell = Timer(max(deadline - time.monotonic(), 0), _cut, [handle])
        bell.start()
        try:
            yield
        finally:
            bell.cancel()
            bell.join()


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):  # it is over already
        sock.shutdown(socket.SHUT_RDWR)


def _told(error: Exception) -> str:
    """What went wrong in words without addresses of ours."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not accepted: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return "It does not speak TLS as it should."
    if isinstance(error, TimeoutError):
        return f"It cannot be reached within {CONNECT_WITHIN:.0f} s."
    if isinstance(error, ConnectionRefusedError):
        return "The connection was refused."
    if isinstance(error, OSError):
        return f"The connection failed ({error.strerror or type(error).__name__})."
    return f"The answer was no HTTP ({type(error).__name__})."
