"""The practice mailbox: an SMTP server that accepts every mail, and reading what it got."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from core.sandbox.records import Mail

if TYPE_CHECKING:
    from core.sandbox.world import World

_REFUSALS = {
    421: "421 4.3.2 Service not available, closing transmission channel",
    451: "451 4.3.0 Requested action aborted: local error in processing",
    452: "452 4.3.1 Insufficient system storage",
    550: "550 5.1.1 Requested action not taken: mailbox unavailable",
    552: "552 5.2.2 Mailbox full",
    554: "554 5.7.1 Transaction failed",
}


class Mailbox:
    """The hooks that aiosmtpd calls, by its naming."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        effect = self._world.faults.take_for_mail([address], "rcpt")
        if effect and effect.smtp_code:
            return refusal(effect.smtp_code)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        effect = self._world.faults.take_for_mail(envelope.rcpt_tos, "data")
        if effect and effect.smtp_code:
            return refusal(effect.smtp_code)
        if effect and effect.slow:
            await asyncio.sleep(effect.slow / 1000)
        content = envelope.content
        raw = content if isinstance(content, str) else (content or b"").decode("latin-1")
        mail = self._world.add_mail(envelope.mail_from or "", list(envelope.rcpt_tos), raw)
        self._world.store.flush()
        if effect and effect.smtp_drop and server.transport:
            # The mail is ours, but its sender will never read the 250.
            server.transport.close()
        return f"250 2.0.0 OK: queued as {mail.number}"


async def listen(world: World, listener: socket.socket) -> asyncio.Server:
    """Serve SMTP on *listener* in the running event loop."""
    loop = asyncio.get_running_loop()
    mailbox = Mailbox(world)
    return await loop.create_server(
        lambda: SMTP(mailbox, hostname="practice-mailbox", enable_SMTPUTF8=True, loop=loop), sock=listener
    )


def refusal(code: int) -> str:
    """The line a mail server sends with *code*."""
    return _REFUSALS.get(code, f"{code} Refused by the practice mailbox")


@dataclass(frozen=True)
class ReadMail:
    """A mail taken apart for people and tests."""

    number: int
    sender: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    text: str
    html: str
    calendar: str
    attachments: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    header_names: tuple[str, ...]
    received_at: datetime

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "from": self.sender,
            "to": list(self.recipients),
            "subject": self.subject,
            "message_id": self.message_id,
            "text": self.text,
            "html": self.html,
            "calendar": self.calendar,
            "attachments": [{"filename": name, "content_type": kind} for name, kind in self.attachments],
            "headers": self.headers,
            "header_names": list(self.header_names),
            "received_at": self.received_at.isoformat(),
        }


def read(mail: Mail) -> ReadMail:
    """Take a stored mail apart. Done on demand, since it costs more than receiving one."""
    return _read(mail.number, mail.mail_from, tuple(mail.rcpt_tos), mail.received_at, mail.raw)


@lru_cache(maxsize=5000)
def _read(number: int, sender: str, recipients: tuple[str, ...], received_at: float, raw: str) -> ReadMail:
    message = email.message_from_bytes(raw.encode("latin-1"), policy=email.policy.default)
    return ReadMail(
        number=number,
        sender=sender,
        recipients=recipients,
        subject=str(message["subject"] or ""),
        message_id=str(message["message-id"] or ""),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        calendar=_calendar(message),
        attachments=tuple((part.get_filename() or "", part.get_content_type()) for part in message.iter_attachments()),
        headers={name.lower(): str(value) for name, value in message.items()},
        header_names=tuple(name.lower() for name in message),
        received_at=datetime.fromtimestamp(received_at, UTC),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


def _calendar(message: EmailMessage) -> str:
    """The entry that a calendar would make of the mail."""
    entries = (part.get_payload(decode=True) for part in message.walk() if part.get_content_type() == "text/calendar")
    return next((entry.decode("utf-8", "replace") for entry in entries if isinstance(entry, bytes)), "")
