"""What one mail tells, read from its row of `look` in mail.sql: the same for who sends it and who only looks at it."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.domain.states import Link, MeetingLocation
from core.domain.still_true import Announcement, outdated
from core.mail import invitation
from core.mail.compose import Kind, MailFacts
from core.zoom.vault import TokenVault

Pending = sa.Row[Any]
ON_ITS_WAY = (Link.NOT_DUE, Link.WAITING, Link.OPENING)


def facts(mail: Pending, vault: TokenVault, *, now: datetime) -> MailFacts:
    """What *mail* tells if it leaves now."""
    shows_link = mail.kind == Kind.JOIN_LINK
    return MailFacts(
        location=mail.sender_name,
        client_name=mail.client_name,
        starts_at=mail.starts_at,
        ends_at=mail.ends_at,
        zone=mail.location_zone if mail.to_host else mail.client_zone,
        join_url=mail.join_url if shows_link else None,
        passcode=vault.decrypt(mail.passcode) if shows_link and mail.passcode is not None else None,
        recorded=bool(mail.recorded),
        link_before=mail.link_before,
        new_time=mail.new_time,
        new_end=mail.new_end,
        link_comes=_link_comes(mail, now),
        link_soon=mail.link in ON_ITS_WAY and mail.due_at is not None and mail.due_at <= now,
        meets_on=mail.meeting_location if mail.link == Link.NOT_NEEDED else MeetingLocation.ZOOM,
        meets_at=mail.meeting_detail if mail.link == Link.NOT_NEEDED else None,
        copied_client=mail.client_email if mail.to_host else None,
    )


def entry(mail: Pending) -> invitation.Entry:
    """Which version of which calendar entry it carries."""
    return invitation.Entry(invitation.uid(mail.appointment_id, mail.booked_at), mail.sequence)


def untrue(mail: Pending, *, resent: bool = False) -> str | None:
    """Why *mail* must not leave (*resent*: again), as a short stable word; None when it is still true."""
    return outdated(
        Announcement(
            kind=mail.kind,
            revision=mail.revision,
            current_revision=mail.current_revision,
            appointment_status=mail.appointment_status,
            meeting_open=mail.meeting_open,
            told_before=mail.told_before,
            link_sent=mail.link_sent,
            resent=resent or mail.resend_of is not None,
        )
    )


def _link_comes(mail: Pending, now: datetime) -> timedelta | None:
    """How long before the start; None where none is needed, or where its time has come."""
    if mail.link == Link.NOT_NEEDED or mail.due_at is None or mail.due_at <= now:
        return None
    lead: timedelta = mail.starts_at - mail.due_at
    return lead
