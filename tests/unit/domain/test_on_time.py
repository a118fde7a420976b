"""When a link counts as on time, and what made it late."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.domain.on_time import Cause, Opening, Outcome, punctuality

DUE = datetime(2026, 11, 23, 12, 50, tzinfo=UTC)


def opening(*, reserved: float, ready: float, accepted: float, known: float = -86400, **troubles: bool) -> Opening:
    """An opening with its times in seconds after it became due."""
    at = {
        "known_at": known,
        "reserved_at": reserved,
        "link_ready_at": ready,
        "accepted_at": accepted,
    }
    smooth = Opening(DUE, DUE, DUE, DUE, DUE, waited=False, zoom_failed=False, mail_failed=False)
    return replace(smooth, **{name: DUE + timedelta(seconds=s) for name, s in at.items()}, **troubles)


@pytest.mark.parametrize("accepted", [-5, 0, 59.9, 60])
def test_within_a_minute_is_on_time(accepted: float) -> None:
    """Sixty seconds, the sixtieth included; troubles on the way do not matter then."""
    assert punctuality(opening(reserved=0, ready=0, accepted=accepted, waited=True)) == (Outcome.ON_TIME, None)


def test_a_late_booking_counts_from_the_booking() -> None:
    """Booked three minutes before its start it cannot have its link ten minutes before."""
    late_booking = opening(known=420, reserved=430, ready=440, accepted=479)

    assert punctuality(late_booking) == (Outcome.ON_TIME, None)
    assert punctuality(replace(late_booking, accepted_at=DUE + timedelta(seconds=481)))[0] == Outcome.LATE


@pytest.mark.parametrize(
    ("late", "cause"),
    [
        (opening(reserved=80, ready=82, accepted=83, waited=True), Cause.CAPACITY),
        (opening(reserved=80, ready=82, accepted=83), Cause.US),
        (opening(reserved=5, ready=80, accepted=82), Cause.ZOOM),
        (opening(reserved=75, ready=80, accepted=82, zoom_failed=True), Cause.ZOOM),
        (opening(reserved=5, ready=8, accepted=100, mail_failed=True), Cause.MAIL),
        (opening(reserved=5, ready=8, accepted=100), Cause.US),
        (opening(reserved=20, ready=25, accepted=100, waited=True, mail_failed=True), Cause.MAIL),
        (opening(reserved=80, ready=85, accepted=100, waited=True, mail_failed=True), Cause.CAPACITY),
    ],
)
def test_the_longest_stretch_is_the_cause(late: Opening, cause: Cause) -> None:
    """Before the account, at Zoom, or on the way to the mail server; ours where nobody else failed."""
    assert punctuality(late) == (Outcome.LATE, cause)
