"""Changing who the client is: a corrected name, address or zone. Mail that has not left follows by itself."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Appointment, Message
from core.domain import checks
from core.domain.states import Channel
from core.domain.states import Message as Status
from core.errors import InvalidInput, NotFound, StaleState
from core.mail.compose import Kind
from core.services.input import checked, email
from core.services.outbox import WAITING
from core.services.resend import look_at, why_not
from core.services.timeline import note


@dataclass(frozen=True)
class Resendable:
    """A mail that was sent, or refused, and could be sent again."""

    message_id: int
    kind: str
    sent_at: datetime | None


@dataclass(frozen=True)
class ClientChanged:
    """What came of it: the fields that are others now, how much unsent mail follows, and what could be sent again."""

    external_id: str
    fields: tuple[str, ...]
    following: int
    offer: tuple[Resendable, ...]

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if not self.fields:
            return f"The client of appointment {self.external_id} is as it was."
        follows = f" {self.following} unsent mail{'s follow' if self.following > 1 else ' follows'}."
        return f"The client of appointment {self.external_id} is changed.{follows if self.following else ''}"


def change_client(
    session: Session,
    appointment_id: int,
    *,
    client_name: str | None = None,
    client_email: str | None = None,
    client_zone: str | None = None,
    expected_revision: int | None = None,
    expected_version: int | None = None,
    actor: str,
    now: datetime,
) -> ClientChanged:
    """Change what is given (None: as it is). The same values again change nothing.

    A mail that is being handed over at this moment is not touched; it counts as sent to the old address.

    Arguments:
        expected_revision: the revision that the caller has seen; None: whichever it is.
        expected_version: the same of the row's version, which counts every change.

    Raises:
        NotFound: there is no such appointment.
        InvalidInput: a value cannot be used; names the field.
        StaleState: somebody else changed it first.
    """
    wanted = _checked(client_name, client_email, client_zone)
    appointment = session.scalar(
        sa.select(Appointment).where(Appointment.id == appointment_id).with_for_update(key_share=True)
    )
    if appointment is None:
        raise NotFound("There is no such appointment.")
    if expected_revision not in (None, appointment.revision) or expected_version not in (None, appointment.row_version):
        raise StaleState(f"Appointment {appointment.external_id} has been changed by somebody else.")
    changed = tuple(name for name, value in wanted.items() if getattr(appointment, name) != value)
    if not changed:
        return ClientChanged(appointment.external_id, (), 0, ())
    for name in changed:
        setattr(appointment, name, wanted[name])
    appointment.row_version += 1
    session.flush()  # what follows looks at the appointment as it is now
    note(
        session,
        "client_changed",
        at=now,
        actor=actor,
        location_id=appointment.location_id,
        appointment_id=appointment.id,
        fields=list(changed),
    )
    return ClientChanged(
        appointment.external_id, changed, _follow(session, appointment), _offer(session, appointment, now)
    )


def _checked(name: str | None, address: str | None, zone: str | None) -> dict[str, str]:
    if name is None and address is None and zone is None:
        raise InvalidInput("client_name", "is missing: give a name, an address or a zone.")
    with checked():
        wanted = {
            "client_name": None if name is None else checks.text("client_name", name),
            "client_email": None if address is None else email("client_email", address),
            "client_zone": None if zone is None else checks.zone("client_zone", zone),
        }
    return {field: value for field, value in wanted.items() if value is not None}


def _follow(session: Session, appointment: Appointment) -> int:
    """Show the new address with what waits. (Who sends takes the appointment's own, retries in flight included.)"""
    follows = (
        sa.update(Message)
        .where(Message.appointment_id == appointment.id, Message.channel == Channel.MAIL)
        .where(Message.status.in_(WAITING), Message.to_host.is_(False))
        .values(recipient=appointment.client_email)
        .returning(Message.id)
    )
    return len(session.scalars(follows).all())


def _offer(session: Session, appointment: Appointment, now: datetime) -> tuple[Resendable, ...]:
    """The client's mails that are still true, newest first and each once; where a link was sent, that one alone."""
    left = session.scalars(
        sa.select(Message)
        .where(Message.appointment_id == appointment.id, Message.channel == Channel.MAIL)
        .where(Message.status.in_((Status.SENT, Status.FAILED)), Message.to_host.is_(False))
        .order_by(Message.id.desc())
    ).all()
    newest = {message.kind: message for message in reversed(left)}
    rows = {kind: look_at(session, message.id) for kind, message in newest.items()}
    true = {kind: row for kind, row in rows.items() if why_not(session, row, now=now) is None}
    kinds = [Kind.JOIN_LINK] if Kind.JOIN_LINK in true else sorted(true, key=lambda kind: -newest[kind].id)
    return tuple(Resendable(newest[kind].id, kind, newest[kind].sent_at) for kind in kinds)
