"""The outbox: mails written in the transaction that causes them, delivered once by whoever comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.models import Installation, Message
from core.db.sql import statements
from core.domain import states
from core.mail.compose import Kind

FIRST, AFTER = 0, 1  # priorities: join links go before everything else
WAITING = (states.Message.QUEUED, states.Message.RETRYING)
LEAVING = (states.Message.IN_FLIGHT, states.Message.SENT)
TOLD = (Kind.BOOKED, Kind.JOIN_LINK, Kind.MOVED)  # the mails by which a client knows when to come
LINK_FIRST = timedelta(minutes=1)  # within which a link that is due has been sent


@dataclass(frozen=True)
class Mail:
    """A mail that somebody has to get. It holds ids; what it says is read when it leaves, so that it is still true."""

    kind: Kind
    dedupe_key: str
    recipient: str
    location_id: int
    appointment_id: int
    revision: int
    give_up_at: datetime
    meeting_id: int | None = None
    priority: int = AFTER
    not_before: datetime | None = None
    to_host: bool = False
    resend_of: int | None = None
    new_end: bool = False  # sent again because the end is another


def booked(
    *,
    recipient: str,
    location_id: int,
    appointment_id: int,
    ends_at: datetime,
    not_before: datetime | None = None,
) -> Mail:
    """The confirmation of a booking. It says what is true when it leaves, so a move meanwhile needs no other mail.

    Arguments:
        not_before: `LINK_FIRST` from now where the link is due at once: its mail says it all, and this one is dropped.
    """
    key = f"booked:{appointment_id}:{recipient}"
    return Mail(Kind.BOOKED, key, recipient, location_id, appointment_id, 1, ends_at, not_before=not_before)


def join_link(
    *,
    meeting_id: int,
    recipient: str,
    location_id: int,
    appointment_id: int,
    revision: int,
    ends_at: datetime,
) -> Mail:
    """The join link of one meeting to one recipient; no use after *ends_at*, the appointment's scheduled end."""
    key = f"join_link:{meeting_id}:{recipient}"
    return Mail(
        Kind.JOIN_LINK,
        key,
        recipient,
        location_id,
        appointment_id,
        revision,
        ends_at,
        meeting_id,
        priority=FIRST,
    )


def cancelled(
    *,
    recipient: str,
    location_id: int,
    appointment_id: int,
    revision: int,
    ends_at: datetime,
) -> Mail:
    """The notice that an appointment about which a mail had left does not take place."""
    key = f"cancelled:{appointment_id}:{revision}:{recipient}"
    return Mail(Kind.CANCELLED, key, recipient, location_id, appointment_id, revision, ends_at)


def moved(
    *,
    recipient: str,
    location_id: int,
    appointment_id: int,
    revision: int,
    starts_at: datetime,
    not_before: datetime | None = None,
) -> Mail:
    """The notice that an appointment has another time as of *revision*; no use after *starts_at*, the new start."""
    key = f"moved:{appointment_id}:{revision}:{recipient}"
    return Mail(Kind.MOVED, key, recipient, location_id, appointment_id, revision, starts_at, not_before=not_before)


def queue_mails(session: Session, mails: Sequence[Mail], *, now: datetime) -> int:
    """Write *mails* in one statement, due at once or when they say. A dedupe key that exists already is left alone.

    Where the calendar wants it, a copy of each new one is queued for its host; not of what is sent again.

    Returns:
        How many are new, without the copies.
    """
    if not mails:
        return 0
    installation = session.scalars(sa.select(Installation.installation_id)).one()
    rows = [_row(mail, installation, now) for mail in mails]
    statement = insert(Message).on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(Message.id)
    new = session.scalars(statement, rows).all()
    if new:
        session.execute(statements("mail")["copy_to_host"], {"ids": list(new)})
    return len(new)


def withdraw(session: Session, appointment_id: int, *, reason: str) -> bool:
    """Drop what waits to leave about an appointment that is being `cancelled` or `moved` (*reason*).

    Call it in the transaction that does so, after the appointment's own UPDATE. A confirmation that waits survives a
    move: it tells the new time when it leaves.

    Returns:
        Whether a mail that named its time has left, or may be leaving at this moment: then its recipient has to be
        told. A mail in flight is not touched here, since it may be with the server already; its sender looks at the
        appointment right before handing it over.
    """
    untrue = sa.update(Message).where(Message.appointment_id == appointment_id, Message.status.in_(WAITING))
    if reason == "moved":
        untrue = untrue.where(Message.kind != Kind.BOOKED)
    session.execute(
        untrue.where(Message.channel == states.Channel.MAIL).values(status=states.Message.DROPPED, reason=reason)
    )
    left = sa.select(Message.id).where(
        Message.appointment_id == appointment_id, Message.kind.in_(TOLD), Message.status.in_(LEAVING)
    )
    return session.scalar(sa.select(left.exists())) or False


def stable_id(installation: str, dedupe_key: str) -> str:
    """The Message-ID of the message with this key, without the sender's domain: the same however often it leaves."""
    return f"zp-{installation}-{sha256(dedupe_key.encode()).hexdigest()[:24]}"


def _row(mail: Mail, installation: str, now: datetime) -> dict[str, Any]:
    return {
        "location_id": mail.location_id,
        "appointment_id": mail.appointment_id,
        "revision": mail.revision,
        "meeting_id": mail.meeting_id,
        "to_host": mail.to_host,
        "resend_of": mail.resend_of,
        "dedupe_key": mail.dedupe_key,
        "channel": states.Channel.MAIL,
        "kind": mail.kind,
        "priority": mail.priority,
        "recipient": mail.recipient,
        "payload": {"new_end": True} if mail.new_end else {},
        "next_attempt_at": mail.not_before or now,
        "give_up_at": mail.give_up_at,
        "message_id": stable_id(installation, mail.dedupe_key),
        "created_at": now,
    }
