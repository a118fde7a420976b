"""The mails about an appointment: how they stand, what they say, and once more."""

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from console.api.caller import Books, Caller, Reads
from console.api.idempotency import Answer, Once
from console.api.schemas.base import PathId
from console.api.schemas.message import MessageBody, Messages, PreviewBody, ResentBody
from console.database import sessions
from core.clock import utcnow
from core.db.models import Appointment, Message
from core.domain.states import Channel
from core.services.messages import MessageLine, list_messages
from core.services.outbox import WAITING
from core.services.preview import preview
from core.services.resend import resend
from core.wiring import wiring

router = APIRouter(tags=["Messages"])
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(pattern="^[0-9]{1,18}$", description="*next* of the answer before.")]


@router.get("/appointments/{appointment_id}/messages")
def list_appointment_messages(
    appointment_id: PathId, caller: Reads, limit: Limit = 50, cursor: Cursor = None
) -> Messages:
    """The mails about an appointment, newest first, each with its delivery and the mail server's answer."""
    before = None if cursor is None else int(cursor)
    with sessions()() as session:
        place = session.scalar(sa.select(Appointment.location_id).where(Appointment.id == appointment_id))
        caller.require(place, "appointment")
        found = list_messages(
            session, appointment_id=appointment_id, channel=Channel.MAIL, before=before, limit=limit + 1
        )
    shown = found[:limit]
    return Messages(items=[_body(each) for each in shown], next=str(shown[-1].id) if len(found) > limit else None)


@router.get("/messages/{message_id}/preview")
def preview_message(message_id: PathId, caller: Reads) -> PreviewBody:
    """What a mail says at this moment; looking changes nothing. It has link and passcode while the link is valid."""
    parts = wiring()
    with sessions()() as session:
        _seen(session, message_id, caller)
        sender = parts.mail_server.sender_address
        seen = preview(session, parts.vault, message_id, sender_address=sender, with_link=True, now=utcnow())
    return PreviewBody(
        id=seen.message_id,
        kind=seen.kind,
        to=seen.to,
        status=seen.status,
        untrue=seen.untrue,
        subject=seen.subject,
        text=seen.text,
        html=seen.html,
        calendar=seen.calendar,
    )


@router.post("/messages/{message_id}/resend", status_code=201, response_model=ResentBody)
def resend_message(message_id: PathId, caller: Books, once: Once) -> Response:
    """Send a mail again, as it reads now and to the client's address of now; only while it is true."""

    def work(session: Session) -> Answer:
        _seen(session, message_id, caller)
        done = resend(session, message_id, actor=caller.actor, now=utcnow())
        return Answer(201, ResentBody(id=done.message_id, kind=done.kind, to=done.to))

    return once.in_one_transaction(work)


def _seen(session: Session, message_id: int, caller: Caller) -> None:
    mail = sa.select(Message.location_id).where(Message.id == message_id, Message.channel == Channel.MAIL)
    caller.require(session.scalar(mail), "message")


def _body(line: MessageLine) -> MessageBody:
    return MessageBody(
        id=line.id,
        kind=line.kind,
        to=line.to,
        to_host=line.to_host,
        resend_of=line.resend_of,
        status=line.status,
        reason=line.reason,
        answer=line.reply,
        attempts=line.attempts,
        created_at=line.created_at,
        next_attempt_at=line.next_attempt_at if line.status in WAITING else None,
        sent_at=line.sent_at,
    )
