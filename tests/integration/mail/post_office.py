"""A mail server of the tests' own, for what the practice mailbox does not do: logins, encryption, bad manners."""

from collections.abc import Iterator
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from core.mail.smtp import MailServer

LOCAL = "127.0.0.1"
SENDER = "QuantixOne <no-reply@quantixone.example>"


class Post:
    """What a server received, and how it is told to behave."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.peers: set[Any] = set()
        self.sender_code = 0
        self.hang_up_after = 0

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.peers.add(session.peer)
        if self.sender_code:
            return f"{self.sender_code} no"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("hang-up"):
            assert server.transport is not None
            server.transport.close()
        if address.startswith("nobody"):
            return "550 unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.extend(envelope.rcpt_tos)
        if self.hang_up_after and len(self.mails) % self.hang_up_after == 0:
            assert server.transport is not None
            server.loop.call_later(0.05, server.transport.close)
        return "250 OK"


class OnAnyPort(Controller):
    """On the port that the system chose; the controller itself would call at port 0 to see that it is up."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    """Let `post` in with its password, and nobody else."""
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"post", b"s3cret/word")
    return AuthResult(success=right, handled=False)


def served(post: Post, url: str, **options: Any) -> Iterator[MailServer]:
    """Serve *post* on a free port for as long as the test runs; *options* are aiosmtpd's."""
    controller = OnAnyPort(post, hostname=LOCAL, port=0, **options)
    controller.start()
    yield MailServer.parse(url.format(host=LOCAL, port=controller.port), SENDER)
    controller.stop()
