"""How links came, how long recordings took and which accounts were used, counted from the tables."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Appointment, AppointmentRevision, Meeting, Recording
from core.db.read.account_use import least_used
from core.db.read.pool_history import LinkCount, Overdue, link_counts, overdue_recordings, recording_waits
from core.domain.history_window import history_window
from tests.integration.pool.given import History, Lease, three_accounts, write

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
WEEK = history_window(NOW - 7 * DAY, NOW, "Europe/Berlin")


@pytest.fixture
def session(sessions: Any) -> Any:
    """A transaction that is never kept."""
    with sessions() as opened:
        yield opened
        opened.rollback()


def pool_of(session: Session, zone: str = "UTC", leases: int = 6) -> int:
    """A location with appointments A-0 to A-5, each with its revision and a lease that was released."""
    location, accounts = three_accounts(session, zone)
    write(session, History([Lease(0, 60 * each, {}, 60 * each + 30) for each in range(leases)], []), location, accounts)
    for row in session.scalars(sa.select(Appointment).where(Appointment.location_id == location)):
        about = {"location_id": location, "starts_at": row.starts_at, "ends_at": row.ends_at}
        session.add(AppointmentRevision(appointment_id=row.id, revision=1, due_at=row.starts_at, **about))
    session.flush()
    return location


def judge(session: Session, location: int, external_id: str, due_at: datetime, outcome: str, cause: str | None) -> int:
    """Let the link of an appointment have become due then and have come like that; its id."""
    found = sa.select(Appointment.id).where(Appointment.location_id == location, Appointment.external_id == external_id)
    number = session.scalars(found).one()
    session.execute(
        sa.update(AppointmentRevision)
        .where(AppointmentRevision.appointment_id == number)
        .values(due_at=due_at, outcome=outcome, cause=cause)
    )
    return number


def links(session: Session, location: int | None) -> list[LinkCount]:
    """The counts of the week, by day."""
    return link_counts(session, location, WEEK, zone="Europe/Berlin", lead=10 * MINUTE)


def test_links_are_counted_by_the_local_day_they_became_due(session: Session) -> None:
    """23:30 UTC is the next day in Berlin; who cancelled is not counted; the week before is one sum."""
    place = pool_of(session)
    night = datetime(2026, 3, 8, 23, 30, tzinfo=UTC)
    judge(session, place, "A-0", night, "on_time", None)
    judge(session, place, "A-1", night, "late", "zoom")
    judge(session, place, "A-2", night, "cancelled", None)
    judge(session, place, "A-3", NOW - 8 * DAY, "missed", "capacity")
    judge(session, place, "A-4", NOW - 15 * DAY, "missed", "capacity")

    found = [
        LinkCount(date(2026, 3, 9), "late", "zoom", 1),
        LinkCount(date(2026, 3, 9), "on_time", None, 1),
        LinkCount(None, "missed", "capacity", 1),
    ]
    assert links(session, place) == found
    assert links(session, None) == found


def test_what_was_put_aside_and_never_mended_is_failed_not_missed(session: Session) -> None:
    """Whether its appointment is over already or a person may still mend it."""
    place = pool_of(session)
    mended_too_late = judge(session, place, "A-0", NOW - DAY, "missed", "us")
    session.execute(sa.update(Appointment).where(Appointment.id == mended_too_late).values(isolation=1))
    still = sa.update(Appointment).where(Appointment.external_id == "A-1")
    begins = NOW - 20 * MINUTE
    open_yet = {"starts_at": begins, "ends_at": begins + 60 * MINUTE, "reason": "zoom_rejected"}
    session.execute(still.values(status="booked", link="failed", **open_yet))

    assert [(each.outcome, each.cause) for each in links(session, place)] == [("failed", "us"), ("failed", "zoom")]


def test_what_was_back_in_line_when_its_time_passed_is_missed(session: Session) -> None:
    """It was put aside once, then waited like everybody else: no account was free, and nothing was to be mended."""
    place = pool_of(session)
    waited = judge(session, place, "A-0", NOW - DAY, "missed", "capacity")
    session.execute(sa.update(Appointment).where(Appointment.id == waited).values(isolation=1))

    assert [(each.outcome, each.cause) for each in links(session, place)] == [("missed", "capacity")]


def test_another_location_is_not_counted(session: Session) -> None:
    """But with all of them."""
    one, other = pool_of(session), pool_of(session, "Europe/London")
    judge(session, one, "A-0", NOW - DAY, "late", "mail")
    judge(session, other, "A-0", NOW - DAY, "late", "mail")

    assert [each.links for each in links(session, one)] == [1]
    assert [each.links for each in links(session, None)] == [2]


LEASES = sa.text("""
SELECT l.id, l.account_id, a.id AS appointment, a.external_id
FROM leases AS l JOIN appointments AS a ON a.id = l.appointment_id
""")


def record(session: Session, location: int, waited: dict[str, float | None], ended: datetime) -> None:
    """Give appointments a recording that took so many minutes, or is not there yet."""
    for lease in session.execute(LEASES).all():
        if lease.external_id not in waited:
            continue
        about = {"location_id": location, "account_id": lease.account_id}
        reference = f"{location}-{lease.external_id}"
        meeting = Meeting(lease_id=lease.id, reference=reference, state="gone", intended_at=ended, **about)
        session.add(meeting)
        session.flush()
        minutes = waited[lease.external_id]
        final = None if minutes is None else ended + minutes * MINUTE
        outcome = "sought" if final is None else "attached"
        about |= {"meeting_id": meeting.id, "appointment_id": lease.appointment, "zoom_uuid": reference}
        session.add(Recording(outcome=outcome, sought_since=ended, final_at=final, **about))
    session.flush()


def test_recording_waits_are_the_exact_median_and_95th_percentile(session: Session) -> None:
    """By day and in all; of the stretch before for comparison; what is not there yet is overdue instead."""
    place = pool_of(session)
    record(session, place, {"A-0": 4, "A-1": 6, "A-2": 20}, NOW - DAY)
    record(session, place, {"A-3": 50}, NOW - 9 * DAY)
    record(session, place, {"A-4": None}, NOW - timedelta(hours=3))
    found = {(each.current, each.day): each for each in recording_waits(session, place, WEEK, zone="Europe/Berlin")}
    total, day = found[True, None], found[True, date(2026, 3, 9)]

    assert len(found) == 3 and found[False, None].median == 50
    assert (total.recordings, total.median, total.p95) == (3, 6, pytest.approx(18.6))
    assert (day.recordings, day.median) == (3, 6)
    assert overdue_recordings(session, place, now=NOW) == Overdue(1, NOW - timedelta(hours=3))


def test_accounts_are_ranked_by_the_time_they_were_used(session: Session) -> None:
    """The idle ones first; of a lease only what lies within the stretch counts."""
    place = pool_of(session, leases=2)
    begin = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
    found = least_used(session, place, begin, NOW, now=NOW, limit=5)

    assert [(each.email[:5], each.leases, each.hours) for each in found] == [
        ("seat1", 0, 0),
        ("seat2", 0, 0),
        ("seat0", 2, 0.75),
    ]
