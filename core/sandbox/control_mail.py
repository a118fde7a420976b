"""Commands about the practice mailbox."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from core.sandbox.command import Commands
from core.sandbox.mailbox import read

if TYPE_CHECKING:
    from core.sandbox.world import World


def _list_mail(world: World, request: Request, body: Any) -> Any:
    to = request.query_params.get("to", "").lower()
    since = request.query_params.get("since")
    after = datetime.fromisoformat(since).timestamp() if since else 0.0
    return [
        read(mail).as_json()
        for mail in world.mails.values()
        if mail.received_at >= after and (not to or to in (address.lower() for address in mail.rcpt_tos))
    ]


def _list_envelopes(world: World, request: Request, body: Any) -> Any:
    return [
        {"number": mail.number, "from": mail.mail_from, "to": mail.rcpt_tos, "received_at": mail.received_at}
        for mail in world.mails.values()
    ]


def _count_mail(world: World, request: Request, body: Any) -> Any:
    return {"count": len(world.mails)}


def _clear_mail(world: World, request: Request, body: Any) -> Any:
    world.clear_mails()
    return {}


COMMANDS: Commands = (
    ("GET", "/sandbox/mail", _list_mail),
    ("GET", "/sandbox/mail/envelopes", _list_envelopes),
    ("GET", "/sandbox/mail/count", _count_mail),
    ("DELETE", "/sandbox/mail", _clear_mail),
)
