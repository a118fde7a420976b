"""Sending something to an endpoint because somebody asks for it: a test, or once more what was sent or given up."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from core.db.models import HookEndpoint, Message
from core.db.sql import statements
from core.domain import states
from core.errors import Conflict, NotFound
from core.services.hooks.endpoints import endpoint_by_id
from core.services.timeline import note

SETTLED = (states.Message.SENT, states.Message.FAILED, states.Message.DROPPED)


def ping(session: Session, endpoint: HookEndpoint, *, actor: str, now: datetime) -> int:
    """Queue a test event for the endpoint, whatever it asked for; the message's id. Raises `Conflict`."""
    _refuse_disabled(endpoint)
    values = {"endpoint_id": endpoint.id, "actor": actor, "unique": uuid4().hex, "now": now}
    message = int(session.scalars(statements("hooks")["ping"], values).one())
    note(
        session,
        "hook_pinged",
        at=now,
        actor=actor,
        location_id=endpoint.location_id,
        message_id=message,
        endpoint_id=endpoint.id,
    )
    return message


def delivery_by_id(session: Session, message_id: int, *, lock: bool = False) -> Message:
    """The message to an endpoint with that id. Raises `NotFound`."""
    message = session.get(Message, message_id, with_for_update={"key_share": True} if lock else None)
    if message is None or message.channel != states.Channel.HOOK:
        raise NotFound(
            f"There is no delivery {message_id}.", next_step="See which there are: zoompool hooks deliveries."
        )
    return message


def resend(session: Session, message_id: int, *, actor: str, now: datetime) -> int:
    """Send once more what was sent, given up or dropped; the new message's id. It has the id that the receiver knows.

    Raises:
        NotFound: there is no such message to an endpoint, or its endpoint was removed.
        Conflict: it still waits to be sent, or its endpoint is disabled.
    """
    message = delivery_by_id(session, message_id, lock=True)
    if message.status not in SETTLED:
        raise Conflict(f"Delivery {message_id} still waits to be sent.", next_step="Wait for what becomes of it.")
    assert message.endpoint_id is not None
    _refuse_disabled(endpoint_by_id(session, message.endpoint_id))
    original_id = _original(session, message)
    new = int(session.scalars(statements("hooks")["send_again"], {"original": original_id, "now": now}).one())
    note(
        session,
        "hook_resent",
        at=now,
        actor=actor,
        location_id=message.location_id,
        appointment_id=message.appointment_id,
        message_id=new,
        hook=message.kind,
        original=original_id,
    )
    return new


def _original(session: Session, message: Message) -> int:
    """What *message* repeats, locked so that repetitions are numbered one by one; itself if that was purged."""
    if message.resend_of is None:
        return message.id
    original = session.get(Message, message.resend_of, with_for_update={"key_share": True})
    return message.id if original is None else original.id


def _refuse_disabled(endpoint: HookEndpoint) -> None:
    if endpoint.disabled_at is not None:
        raise Conflict(f"The endpoint {endpoint.id} is disabled.", next_step="Enable it first.")
