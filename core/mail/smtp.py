"""One SMTP connection for many mails."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parseaddr
from functools import lru_cache
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from core.errors import (
    ConfigurationError,
    MailRejected,
    MailServerDown,
    MailUnavailable,
)
from core.mail.address import ascii_address

CONNECT_TIMEOUT = 5.0
REPLY_TIMEOUT = 5.0
# Servers scan a mail before they answer for it; who hangs up meanwhile sends it twice (RFC 5321, 4.5.3.2.6).
ACCEPT_TIMEOUT = 15.0
GOODBYE_TIMEOUT = 1.0
BROKEN_OFF_IN_A_ROW = 2
MAILS_PER_CONNECTION = 100  # public servers commonly close a connection after some hundred
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
SERVICE_CLOSING = 421  # RFC 5321, 3.8: the server hangs up after this reply


@dataclass(frozen=True)
class MailServer:
    """Where mail leaves and in whose name. Shared by every thread; a `Mailer` is one connection to it."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender_address: str  # the bare address of MAIL_FROM: the envelope's sender

    @classmethod
    def parse(cls, url: str, sender: str) -> Self:
        """Read `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port` and the sender of MAIL_FROM.

        Raises:
            ConfigurationError: one of them cannot be used; the message does not repeat the password.
        """
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme not in PORTS or not parts.hostname or port == 0:
            raise ConfigurationError(
                "SMTP_URL is not the address of a mail server.",
                next_step="Write it as smtp+starttls://user:password@host:587, with smtps:// or smtp://.",
            )
        try:
            address = ascii_address(parseaddr(sender)[1])
        except MailRejected as error:
            raise ConfigurationError(
                "MAIL_FROM is not a mail address.", next_step="Write it as Name <no-reply@your.domain>."
            ) from error
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not (user + password).isascii():
            raise ConfigurationError(
                "The user or password in SMTP_URL has letters outside ASCII.", next_step="Choose another password."
            )
        return cls(parts.scheme, parts.hostname, port or PORTS[parts.scheme], user, password, address)


class Mailer:
    """One connection to a `MailServer`, opened by the first mail and kept for the next. For one thread at a time."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None
        self._carried = 0
        self._broken_off = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, mail: Message, recipient: str) -> str:
        """Hand *mail* over for *recipient*, an address in ASCII. From its reply on the server answers for the mail.

        Raises:
            MailRejected: the server refuses this mail or recipient for good.
            MailUnavailable: it cannot take this mail now, or hung up in the middle of it.
            MailServerDown: it cannot be reached, refuses our login or our sender, or breaks off every mail. Nothing is
                known to be wrong with this one.
        """
        if self._carried >= MAILS_PER_CONNECTION:
            self.close()
        reused = self._smtp is not None
        try:
            smtp = self._begin(reused)
            _accepted(smtp.rcpt(recipient), "this recipient")
            reply = _accepted(_data(smtp, mail.as_bytes()), "this mail")
        except MailServerDown:
            self._hang_up()
            raise
        except (MailRejected, MailUnavailable):
            self._forget_mail()
            raise
        except OSError as error:  # smtplib's own errors are among them
            raise self._broken(error) from error
        self._carried += 1
        self._broken_off = 0
        return reply

    def knock(self) -> None:
        """Connect and log in, without sending anything. Raises `MailServerDown`."""
        self._connected()

    def close(self) -> None:
        """Take leave of the server; the next mail connects anew."""
        smtp, self._smtp, self._carried = self._smtp, None, 0
        if smtp is None:
            return
        try:
            _wait_at_most(smtp, GOODBYE_TIMEOUT)
            smtp.quit()
        except OSError:
            smtp.close()

    def _broken(self, error: OSError) -> MailUnavailable:
        """A connection lost in the middle of a mail: once may be this mail's doing, twice in a row is the server's."""
        self._hang_up()
        self._broken_off += 1
        if self._broken_off >= BROKEN_OFF_IN_A_ROW:
            return MailServerDown(f"The mail server breaks off one mail after the other ({_name(error)}).")
        return MailUnavailable(f"The mail server broke off in the middle of the mail ({_name(error)}).")

    def _begin(self, reused: bool) -> smtplib.SMTP:
        """Open the envelope. A kept connection may have been dropped meanwhile; nothing was sent yet, so ask again."""
        smtp = self._connected()
        try:
            code, text = smtp.mail(self._server.sender_address)
        except OSError as error:
            if reused:
                self._hang_up()
                return self._begin(reused=False)
            raise MailServerDown(f"The mail server does not answer ({_name(error)}).") from error
        if code == SERVICE_CLOSING and reused:
            self._hang_up()
            return self._begin(reused=False)
        if code != 250:
            sender = self._server.sender_address
            raise MailServerDown(f"The mail server takes no mail from {sender}.", reply=_text(code, text))
        return smtp

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            try:
                self._smtp = _connect(self._server)
            except (OSError, UnicodeError) as error:  # a host name that cannot be one is a UnicodeError
                raise _unreachable(error, self._server) from error
        return self._smtp

    def _forget_mail(self) -> None:
        """A refused mail must not spoil the next one on this connection (RFC 5321, 4.1.1.5)."""
        if self._smtp is None:
            return
        try:
            self._smtp.rset()
        except OSError:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp, self._carried = None, 0


def _connect(server: MailServer) -> smtplib.SMTP:
    smtp: smtplib.SMTP
    us = _our_host_name()
    if server.scheme == "smtps":
        smtp = smtplib.SMTP_SSL(server.host, server.port, us, timeout=CONNECT_TIMEOUT, context=_tls())
    else:
        smtp = smtplib.SMTP(server.host, server.port, us, timeout=CONNECT_TIMEOUT)
    try:
        if server.scheme == "smtp+starttls":
            smtp.starttls(context=_tls())
        if server.user:
            smtp.login(server.user, server.password)
        smtp.ehlo_or_helo_if_needed()
        _wait_at_most(smtp, REPLY_TIMEOUT)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _tls() -> ssl.SSLContext:
    """Whom we trust. Only for those who speak TLS: reading the system's certificates takes longer than many mails."""
    return ssl.create_default_context()


@lru_cache(maxsize=1)
def _our_host_name() -> str:
    """What we call ourselves in EHLO; asked once, since the answer may take a slow name server."""
    return socket.getfqdn()


def _data(smtp: smtplib.SMTP, mail: bytes) -> tuple[int, bytes]:
    """The server's answer to the mail itself; smtplib raises where the refusal comes before the first line of it."""
    try:
        _wait_at_most(smtp, ACCEPT_TIMEOUT)
        return smtp.data(mail)
    except smtplib.SMTPDataError as error:
        text = error.smtp_error
        return error.smtp_code, text.encode() if isinstance(text, str) else text
    finally:
        _wait_at_most(smtp, REPLY_TIMEOUT)


def _wait_at_most(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)


def _accepted(answer: tuple[int, bytes], what: str) -> str:
    """The reply of *answer* when it is a yes; the error that fits it otherwise."""
    code, text = answer
    reply = _text(code, text)
    if 200 <= code < 300:
        return reply
    refuse: Callable[..., MailRejected | MailUnavailable] = MailRejected if code >= 500 else MailUnavailable
    raise refuse(f"The mail server does not take {what}.", reply=reply)


def _unreachable(error: Exception, server: MailServer) -> MailServerDown:
    reply = _text(error.smtp_code, error.smtp_error) if isinstance(error, smtplib.SMTPResponseException) else ""
    return MailServerDown(
        f"The mail server {server.host}:{server.port} is not to be had ({_name(error)}).", reply=reply
    )


def _text(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())}"[:300]


def _name(error: Exception) -> str:
    """What kind of error it was: its text may hold what was sent, a login for instance."""
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__
