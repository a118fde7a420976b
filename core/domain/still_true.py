"""Whether what a mail announces is still true at the moment it leaves."""

from dataclasses import dataclass

from core.domain.states import Appointment


@dataclass(frozen=True)
class Announcement:
    """What a mail was written about (*revision*) and how things stand now."""

    kind: str
    revision: int | None
    current_revision: int
    appointment_status: str
    meeting_open: bool  # it exists on Zoom and its lease is neither closing nor released
    link_sent: bool


def outdated(announcement: Announcement) -> str | None:
    """Why the mail must not leave, as a short stable word; None when it is still true."""
    return _outdated_notice(announcement) if announcement.kind == "cancelled" else _outdated_link(announcement)


def _outdated_link(link: Announcement) -> str | None:
    if link.appointment_status == Appointment.CANCELLED:
        return "cancelled"
    if link.revision != link.current_revision:
        return "moved"
    if link.appointment_status != Appointment.BOOKED:
        return "over"
    return None if link.meeting_open else "replaced"


def _outdated_notice(notice: Announcement) -> str | None:
    """Who never got a link needs no notice that it is void."""
    if notice.appointment_status != Appointment.CANCELLED:
        return "not_cancelled"
    return None if notice.link_sent else "no_link_sent"
