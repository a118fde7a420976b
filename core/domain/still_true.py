"""Whether what a mail announces is still true at the moment it leaves."""

from dataclasses import dataclass

from core.domain.states import Appointment

NOBODY_WAS_TOLD = "nobody_was_told"


@dataclass(frozen=True)
class Announcement:
    """What a mail was written about (*revision*) and how things stand now."""

    kind: str
    revision: int | None
    current_revision: int
    appointment_status: str
    meeting_open: bool  # it exists on Zoom and its lease is neither closing nor released
    told_before: bool  # a mail that this one corrects was sent
    link_sent: bool  # the link of the current revision was sent
    resent: bool = False  # a person asked for it again, whatever was sent before


def outdated(announcement: Announcement) -> str | None:
    """Why the mail must not leave, as a short stable word; None when it is still true."""
    if announcement.kind == "cancelled":
        return _outdated_cancellation(announcement)
    if announcement.kind == "moved":
        return _gone_by(announcement) or _outdated_move(announcement)
    if announcement.kind == "booked":
        return _not_ahead(announcement) or _needless(announcement)
    return _gone_by(announcement) or (None if announcement.meeting_open else "replaced")


def _gone_by(mail: Announcement) -> str | None:
    """The appointment is no longer what the mail says it is."""
    if mail.appointment_status != Appointment.CANCELLED and mail.revision != mail.current_revision:
        return "moved"
    return _not_ahead(mail)


def _not_ahead(mail: Announcement) -> str | None:
    """The appointment does not take place any more."""
    if mail.appointment_status == Appointment.CANCELLED:
        return "cancelled"
    return "over" if mail.appointment_status != Appointment.BOOKED else None


def _needless(mail: Announcement) -> str | None:
    """The link's own mail says it all, and a later one without it would take the link out of the reader's calendar."""
    return "link_sent" if mail.link_sent else None


def _outdated_move(notice: Announcement) -> str | None:
    """The new link's own mail says that the time is another; who knew no time yet need not hear of its change."""
    return _needless(notice) or (None if notice.told_before or notice.resent else NOBODY_WAS_TOLD)


def _outdated_cancellation(notice: Announcement) -> str | None:
    """Who was never told of the appointment by us needs no notice that it is void."""
    if notice.appointment_status != Appointment.CANCELLED:
        return "not_cancelled"
    return None if notice.told_before or notice.resent else NOBODY_WAS_TOLD
