"""Which mails are still true at the moment they leave."""

from dataclasses import replace

import pytest

from core.domain.still_true import Announcement, outdated

LINK = Announcement("join_link", 1, 1, "booked", meeting_open=True, told_before=False, link_sent=False)
NOTICE = Announcement("cancelled", 1, 1, "cancelled", meeting_open=False, told_before=True, link_sent=True)
BOOKED = Announcement("booked", 1, 1, "booked", meeting_open=False, told_before=False, link_sent=False)
MOVE = Announcement("moved", 2, 2, "booked", meeting_open=False, told_before=True, link_sent=False)


@pytest.mark.parametrize(
    ("announcement", "reason"),
    [
        (LINK, None),
        (replace(LINK, appointment_status="cancelled", meeting_open=False), "cancelled"),
        (replace(LINK, current_revision=2, meeting_open=False), "moved"),
        (replace(LINK, appointment_status="no_show"), "over"),
        (replace(LINK, meeting_open=False), "replaced"),
        (replace(LINK, told_before=True, link_sent=True), None),
        (NOTICE, None),
        (replace(NOTICE, told_before=False), "nobody_was_told"),
        (replace(NOTICE, appointment_status="booked"), "not_cancelled"),
        (MOVE, None),
        (replace(MOVE, appointment_status="cancelled"), "cancelled"),
        (replace(MOVE, current_revision=3), "moved"),
        (replace(MOVE, appointment_status="missed"), "over"),
        (replace(MOVE, link_sent=True), "link_sent"),
        (replace(MOVE, told_before=False), "nobody_was_told"),
        (replace(MOVE, told_before=False, resent=True), None),
        (replace(NOTICE, told_before=False, resent=True), None),
        (BOOKED, None),
        (replace(BOOKED, current_revision=2), None),
        (replace(BOOKED, appointment_status="cancelled"), "cancelled"),
        (replace(BOOKED, appointment_status="completed"), "over"),
        (replace(BOOKED, link_sent=True), "link_sent"),
        (replace(BOOKED, link_sent=True, resent=True), "link_sent"),
    ],
)
def test_a_mail_leaves_only_while_it_is_true(announcement: Announcement, reason: str | None) -> None:
    """The plainest reason is told: cancelled before moved before replaced."""
    assert outdated(announcement) == reason
