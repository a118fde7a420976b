"""The small numbers of the last and the next hours, and the accounts that a person has to look at."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Account, Appointment, AppointmentRevision, ConnectionPeriod
from core.db.read.attention import troubled
from core.db.read.lately import Waited, becoming_due, waited
from tests.integration.pool.given import History, Lease, three_accounts, write

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEAD, LATE = 10 * MINUTE, 15 * MINUTE


@pytest.fixture
def session(sessions: Any) -> Iterator[Session]:
    """A transaction that is never kept."""
    with sessions() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def place(session: Session) -> int:
    """A location with three accounts and appointments A-0 to A-2."""
    location, accounts = three_accounts(session, "UTC")
    write(session, History([Lease(0, 60 * each, {}, 60 * each + 30) for each in range(3)], []), location, accounts)
    return location


def appointment(session: Session, place: int, external_id: str) -> Appointment:
    """One of them."""
    found = sa.select(Appointment).where(Appointment.location_id == place, Appointment.external_id == external_id)
    return session.scalars(found).one()


def lately(session: Session, place: int) -> Waited:
    """Who waited in the last forty minutes, in steps of five."""
    return waited(session, place, now=NOW, lead=LEAD, late=LATE, seconds=300, buckets=8)


def test_who_waited_counts_in_each_step_in_which_he_did(session: Session, place: int) -> None:
    """From 11:32 to 11:44 is in the steps from 11:30, 11:35 and 11:40; another place's wait is not ours."""
    about = {"location_id": place, "starts_at": NOW, "ends_at": NOW + 30 * MINUTE, "due_at": NOW - 28 * MINUTE}
    waits = {"waiting_since": NOW - 28 * MINUTE, "link_ready_at": NOW - 16 * MINUTE, "outcome": "late"}
    number = appointment(session, place, "A-0").id
    session.add(AppointmentRevision(appointment_id=number, revision=1, **about, **waits))
    session.flush()

    found = lately(session, place)
    assert (found.waiting, found.longest) == ([0, 0, 1, 1, 1, 0, 0, 0], 12 * MINUTE)
    assert lately(session, place + 1).waiting == [0] * 8


def test_who_was_missed_waited_until_the_late_limit(session: Session, place: int) -> None:
    """From 11:32, for a start at 11:35, until 11:50, when nobody opens it any more; a short one until its end."""
    for external_id, minutes in (("A-0", 60), ("A-1", 10)):
        starts_at = NOW - 25 * MINUTE
        times = {"starts_at": starts_at, "ends_at": starts_at + minutes * MINUTE, "due_at": NOW - 35 * MINUTE}
        about = {"location_id": place, "waiting_since": NOW - 28 * MINUTE, "outcome": "missed", **times}
        number = appointment(session, place, external_id).id
        session.add(AppointmentRevision(appointment_id=number, revision=1, **about))
    session.flush()

    found = lately(session, place)
    assert (found.waiting, found.longest) == ([0, 0, 2, 2, 2, 1, 0, 0], 18 * MINUTE)


def test_a_wait_that_reaches_into_the_first_step_counts(session: Session, place: int) -> None:
    """Due at 10:56, waiting from then on, missed at 11:21: nobody waits longer, and the steps begin at 11:20."""
    starts_at = NOW - 54 * MINUTE
    times = {"starts_at": starts_at, "ends_at": starts_at + 60 * MINUTE, "due_at": starts_at - LEAD}
    about = {"location_id": place, "waiting_since": starts_at - LEAD, "outcome": "missed", **times}
    number = appointment(session, place, "A-0").id
    session.add(AppointmentRevision(appointment_id=number, revision=1, **about))
    session.flush()

    found = lately(session, place)
    assert (found.waiting, found.longest) == ([1] + [0] * 7, 25 * MINUTE)


def test_links_become_due_ahead_of_their_start(session: Session, place: int) -> None:
    """A start at 12:12 is due at 12:02, one at 12:40 at 12:30; one that has its link is due no more."""
    for external_id, starts_in, link in (("A-0", 12, "not_due"), ("A-1", 40, "not_due"), ("A-2", 13, "ready")):
        row = appointment(session, place, external_id)
        row.starts_at, row.ends_at = NOW + starts_in * MINUTE, NOW + (starts_in + 30) * MINUTE
        row.status, row.link = "booked", link
    session.flush()

    for location in (place, None):
        found = becoming_due(session, location, now=NOW, lead=10 * MINUTE, seconds=900, buckets=4)
        assert found == [1, 0, 1, 0]


def test_accounts_that_need_a_person_say_why_and_for_how_long(session: Session, place: int) -> None:
    """What only a person can mend comes first; who is well is not among them."""
    first, second, _ = session.scalars(sa.select(Account).where(Account.location_id == place).order_by(Account.id))
    first.busy_elsewhere_since = NOW - 12 * MINUTE
    second.connection = "needs_reauth"
    session.execute(sa.delete(ConnectionPeriod).where(ConnectionPeriod.account_id == second.id))
    since = NOW - 90 * MINUTE
    about = {"account_id": second.id, "location_id": place, "actor": "system", "from_at": since}
    session.add(ConnectionPeriod(status="needs_reauth", reason="dead_grant", **about))
    session.flush()

    found = troubled(session, place, now=NOW, limit=5)
    assert [(each.email, each.state, each.reason, each.since) for each in found] == [
        (second.email, "needs_reauth", "dead_grant", since),
        (first.email, "busy_elsewhere", None, NOW - 12 * MINUTE),
    ]
    assert troubled(session, place + 1, now=NOW, limit=5) == []
