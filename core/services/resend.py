"""Sending a mail once more because a person asks for it: only what is still true, and always as it reads now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Appointment, Message
from core.db.sql import statements
from core.domain.states import Channel
from core.domain.states import Message as Status
from core.errors import Conflict, NotFound
from core.mail.compose import Kind
from core.services.mail_facts import Pending, untrue
from core.services.outbox import AFTER, FIRST, Mail, queue_mails
from core.services.timeline import note

UNDER_WAY = (Status.QUEUED, Status.RETRYING, Status.IN_FLIGHT)
WHY_NOT: Mapping[str, str] = {
    "cancelled": "The appointment is cancelled.",
    "moved": "The appointment has been moved since; this mail names its old time.",
    "over": "The appointment is over.",
    "replaced": "The link in it is not valid any more.",
    "not_cancelled": "The appointment is not cancelled.",
    "link_sent": "The link has been sent since, and its mail says it all.",
    "under_way": "This mail is on its way already.",
}
NEXT = {
    "under_way": "Wait a moment and look at its status again.",
    "replaced": "Send the newest mail with a link again, if there is one.",
    "moved": "Send the newest mail again.",
    "link_sent": "Send the mail with the link again.",
}


@dataclass(frozen=True)
class Resent:
    """The mail that was queued, and where it goes."""

    message_id: int
    kind: str
    to: str


def resend(session: Session, message_id: int, *, actor: str, now: datetime) -> Resent:
    """Queue a mail once more, to the address that its client, or the calendar's host, has now.

    Raises:
        NotFound: there is no such mail.
        Conflict: it is not true any more, or on its way already.
    """
    original = find_mail(session, message_id)
    # Two who press the button at once come one after the other; the second one finds the first one's mail under way.
    session.execute(
        sa.select(Appointment.id).where(Appointment.id == original.appointment_id).with_for_update(key_share=True)
    )
    row = look_at(session, message_id)
    if reason := why_not(session, row, now=now):
        raise Conflict(WHY_NOT.get(reason, "This mail is not true any more."), next_step=NEXT.get(reason, ""))
    again = _again(session, row)
    queue_mails(session, [again], now=now)
    new_id = session.scalars(sa.select(Message.id).where(Message.dedupe_key == again.dedupe_key)).one()
    note(
        session,
        "mail_resent",
        at=now,
        actor=actor,
        location_id=row.location_id,
        appointment_id=row.appointment_id,
        meeting_id=row.meeting_id,
        message_id=new_id,
        mail=row.kind,
        resend_of=again.resend_of,
        to_host=row.to_host,
    )
    return Resent(new_id, row.kind, again.recipient)


def why_not(session: Session, row: Pending, *, now: datetime) -> str | None:
    """Why a mail cannot be sent again, as a short stable word; None when it can."""
    if row.ends_at <= now:
        return "over"
    if reason := untrue(row, resent=True):
        return reason
    root = row.resend_of or row.id
    under_way = sa.select(Message.id).where(
        Message.appointment_id == row.appointment_id,
        Message.status.in_(UNDER_WAY),
        sa.or_(Message.id.in_((row.id, root)), Message.resend_of == root),
    )
    return "under_way" if session.scalar(sa.select(under_way.exists())) else None


def find_mail(session: Session, message_id: int) -> Message:
    """The mail of that id. Raises `NotFound`, for alerts and webhooks too."""
    message = session.get(Message, message_id)
    if message is None or message.channel != Channel.MAIL:
        raise NotFound(f"There is no mail {message_id}.", next_step="See which there are: zoompool messages list.")
    return message


def look_at(session: Session, message_id: int) -> Pending:
    """What a mail says and whether it is true, without claiming it."""
    return session.execute(statements("mail")["look"], {"id": message_id, "claimer": None}).one()


def _again(session: Session, row: Pending) -> Mail:
    root = row.resend_of or row.id
    before = session.scalar(
        sa.select(sa.func.count()).where(Message.appointment_id == row.appointment_id, Message.resend_of == root)
    )
    return Mail(
        Kind(row.kind),
        f"resend:{root}:{(before or 0) + 1}",
        (row.host_email or row.recipient) if row.to_host else row.client_email,
        row.location_id,
        row.appointment_id,
        row.revision,
        row.ends_at,
        row.meeting_id,
        priority=FIRST if row.kind == Kind.JOIN_LINK and not row.to_host else AFTER,
        to_host=row.to_host,
        resend_of=root,
    )
