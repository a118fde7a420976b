"""What people and programs see of the outbox."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Appointment, Message


@dataclass(frozen=True)
class MessageLine:
    """One message. *reply* is the mail server's last answer, *reason* why it failed or was dropped."""

    id: int
    kind: str
    to: str
    status: str
    reason: str | None
    reply: str | None
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    sent_at: datetime | None
    appointment: str | None  # its external id
    to_host: bool
    resend_of: int | None


def list_messages(
    session: Session,
    *,
    location_id: int | None = None,
    appointment_id: int | None = None,
    channel: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[MessageLine]:
    """The newest *limit* messages, of one location, appointment or channel if given, and older than the id *before*."""
    message = Message
    query = (
        sa.select(
            message.id,
            message.kind,
            message.recipient.label("to"),
            message.status,
            message.reason,
            message.provider_reply.label("reply"),
            message.attempts,
            message.created_at,
            message.next_attempt_at,
            message.sent_at,
            Appointment.external_id.label("appointment"),
            message.to_host,
            message.resend_of,
        )
        .outerjoin(Appointment, Appointment.id == message.appointment_id)
        .order_by(message.id.desc())
        .limit(limit)
    )
    if location_id is not None:
        query = query.where(message.location_id == location_id)
    if appointment_id is not None:
        query = query.where(message.appointment_id == appointment_id)
    if channel is not None:
        query = query.where(message.channel == channel)
    if before is not None:
        query = query.where(message.id < before)
    return [MessageLine(**row) for row in session.execute(query).mappings()]
