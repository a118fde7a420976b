"""A mail as its reader would see it: as it would leave now, or as a sent one reads by now. Nothing is marked."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from core.mail import compose
from core.mail.compose import Kind, MailFacts
from core.services.mail_facts import Pending, entry, facts, untrue
from core.services.resend import WHY_NOT, find_mail, look_at
from core.zoom.vault import TokenVault

NOT_VALID = "(the link is not valid any more)"
NOT_SHOWN = "(the link is not shown here)"


@dataclass(frozen=True)
class Preview:
    """What a mail says. *untrue*: the sentence that says why it would not leave any more; None while it is true."""

    message_id: int
    kind: str
    to: str
    status: str
    untrue: str | None
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    calendar: str = field(repr=False)


def preview(
    session: Session, vault: TokenVault, message_id: int, *, sender_address: str, with_link: bool, now: datetime
) -> Preview:
    """What the mail of that id says at this moment.

    Arguments:
        sender_address: the bare address of MAIL_FROM, as the calendar entry names it.
        with_link: whether to show link and passcode, to those who may see the link.

    Raises:
        NotFound: there is no such mail.
    """
    find_mail(session, message_id)
    row = look_at(session, message_id)
    kind, told = Kind(row.kind), _told(row, vault, with_link=with_link, now=now)
    reason = untrue(row)
    calendar = compose.calendar(
        kind,
        told,
        sender_address=sender_address,
        recipient=compose.one_line(row.recipient),
        entry=entry(row),
        now=now,
    )
    return Preview(
        message_id=message_id,
        kind=row.kind,
        to=row.recipient,
        status=row.status,
        untrue=None if reason is None else WHY_NOT.get(reason, "Its reader has been told otherwise."),
        subject=compose.subject(kind, told),
        text=compose.text(kind, told),
        html=compose.html(kind, told),
        calendar=calendar.decode(),
    )


def _told(row: Pending, vault: TokenVault, *, with_link: bool, now: datetime) -> MailFacts:
    told = facts(row, vault, now=now)
    if row.kind != Kind.JOIN_LINK or (with_link and row.meeting_open):
        return told
    return replace(told, join_url=NOT_SHOWN if row.meeting_open else NOT_VALID, passcode=None)
