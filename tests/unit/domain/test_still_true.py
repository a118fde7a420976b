"""Which mails are still true at the moment they leave."""

from dataclasses import replace

import pytest

from core.domain.still_true import Announcement, outdated

LINK = Announcement("join_link", 1, 1, "booked", meeting_open=True, link_sent=False)
NOTICE = Announcement("cancelled", 1, 1, "cancelled", meeting_open=False, link_sent=True)


@pytest.mark.parametrize(
    ("announcement", "reason"),
    [
        (LINK, None),
        (replace(LINK, appointment_status="cancelled", meeting_open=False), "cancelled"),
        (replace(LINK, current_revision=2, meeting_open=False), "moved"),
        (replace(LINK, appointment_status="no_show"), "over"),
        (replace(LINK, meeting_open=False), "replaced"),
        (NOTICE, None),
        (replace(NOTICE, link_sent=False), "no_link_sent"),
        (replace(NOTICE, appointment_status="booked"), "not_cancelled"),
    ],
)
def test_a_mail_leaves_only_while_it_is_true(announcement: Announcement, reason: str | None) -> None:
    """The plainest reason is told: cancelled before moved before replaced."""
    assert outdated(announcement) == reason
