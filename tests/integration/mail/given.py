"""Appointments whose link is ready, written straight into the tables, and the mail that announces it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import (
    Account,
    Appointment,
    AppointmentRevision,
    Base,
    Calendar,
    Event,
    Lease,
    Location,
    Meeting,
    Message,
    Seat,
)
from core.services.outbox import join_link, queue_mails
from core.zoom.vault import TokenVault

START = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
DUE = START - timedelta(minutes=10)
VAULT = TokenVault(Fernet.generate_key().decode())
JOIN_URL = "https://zoom.example/j/81234567890"
PASSCODE = "k3yP4ss9"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = DUE) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Opened:
    """An appointment with a ready link."""

    location_id: int
    appointment_id: int
    lease_id: int
    meeting_id: int
    email: str


class Practice:
    """One location; every `opened` is an appointment of its own, with its own account, lease and meeting."""

    def __init__(self, sessions: sessionmaker[Session], sender_name: str = "Praxis am Markt") -> None:
        self._sessions = sessions
        with sessions.begin() as session:
            self.location_id = _insert(
                session, Location, name=sender_name, zone="Europe/Berlin", sender_name=sender_name
            )
            self._calendar_id = _insert(
                session, Calendar, location_id=self.location_id, name="Consultations", meeting_location="zoom"
            )
        self._count = 0

    def opened(self, *, queued_at: datetime = DUE, **changes: Any) -> Opened:
        """An appointment opened and its mail queued at *queued_at*; *changes* are columns of its rows."""
        with self._sessions.begin() as session:
            return self._opened(session, queued_at, changes)

    def many(self, count: int) -> list[Opened]:
        """*count* of them in one transaction."""
        with self._sessions.begin() as session:
            return [self._opened(session, DUE, {}) for _ in range(count)]

    def _opened(self, session: Session, queued_at: datetime, changes: dict[str, Any]) -> Opened:
        self._count += 1
        email = changes.get("client_email", f"client{self._count}@example.com")
        within = {"location_id": self.location_id}
        appointment_id = _insert(session, Appointment, **within, **self._appointment(email, changes))
        seat_id = _insert(session, Seat, **within, email=f"seat{self._count}@example.com", issued_by="test")
        account_id = _insert(session, Account, **within, seat_id=seat_id, **self._account())
        lease_id = _insert(
            session, Lease, **within, account_id=account_id, appointment_id=appointment_id, **_lease(queued_at)
        )
        meeting_id = _insert(
            session, Meeting, **within, lease_id=lease_id, account_id=account_id, **self._meeting(queued_at, changes)
        )
        ends_at = changes.get("ends_at", START + timedelta(minutes=30))
        session.execute(
            sa.insert(AppointmentRevision).values(
                **within,
                appointment_id=appointment_id,
                revision=1,
                starts_at=START,
                ends_at=ends_at,
                due_at=DUE,
                link_ready_at=queued_at,
                waiting_since=changes.get("waiting_since"),
            )
        )
        if "waiting_since" in changes:
            about = {"appointment_id": appointment_id, "actor": "system", "detail": {"reason": "no_free_account"}}
            _insert(session, Event, **within, kind="link_waiting", at=changes["waiting_since"], **about)
        mail = join_link(
            meeting_id=meeting_id, recipient=email, appointment_id=appointment_id, revision=1, ends_at=ends_at, **within
        )
        queue_mails(session, [mail], now=queued_at)
        return Opened(self.location_id, appointment_id, lease_id, meeting_id, email)

    def _appointment(self, email: str, changes: dict[str, Any]) -> dict[str, Any]:
        return {
            "calendar_id": self._calendar_id,
            "external_id": f"A-{self._count}",
            "client_name": changes.get("client_name", "Robin Example"),
            "client_email": email,
            "client_zone": changes.get("client_zone", "Europe/Berlin"),
            "starts_at": START,
            "ends_at": changes.get("ends_at", START + timedelta(minutes=30)),
            "link": "ready",
            "booked_at": changes.get("booked_at", DUE - timedelta(days=1)),
        }

    def _account(self) -> dict[str, Any]:
        return {
            "email": f"seat{self._count}@example.com",
            "zoom_account_id": "zoom-account",
            "zoom_user_id": f"user{self._count}",
            "connection": "connected",
            "idle_since": DUE - timedelta(days=1),
        }

    def _meeting(self, queued_at: datetime, changes: dict[str, Any]) -> dict[str, Any]:
        return {
            "reference": f"zp:test:{self._count}",
            "state": "created",
            "join_url": changes.get("join_url", JOIN_URL),
            "passcode": VAULT.encrypt(PASSCODE),
            "recorded": changes.get("recorded", True),
            "intended_at": queued_at,
            "created_at": queued_at,
        }


def _lease(queued_at: datetime) -> dict[str, Any]:
    return {
        "revision": 1,
        "state": "ready",
        "account_idle_since": DUE - timedelta(days=1),
        "free_accounts": 1,
        "reserved_at": queued_at,
        "ready_at": queued_at,
    }


def _insert(session: Session, table: type[Base], **values: Any) -> int:
    return int(session.execute(sa.insert(table).values(**values).returning(table.__table__.c.id)).scalar_one())


def message_of(sessions: sessionmaker[Session], opened: Opened, kind: str = "join_link") -> Message:
    """The one message of *kind* about *opened*."""
    with sessions() as session:
        wanted = sa.select(Message).where(Message.appointment_id == opened.appointment_id, Message.kind == kind)
        return session.scalars(wanted).one()


def revision_of(sessions: sessionmaker[Session], opened: Opened) -> AppointmentRevision:
    """The first revision of *opened*."""
    with sessions() as session:
        return session.get_one(AppointmentRevision, (opened.appointment_id, 1))


def change(sessions: sessionmaker[Session], table: type[Base], row_id: int, **values: Any) -> None:
    """Set columns of one row, as another part of the product would."""
    with sessions.begin() as session:
        session.execute(sa.update(table).where(table.__table__.c.id == row_id).values(**values))


def cancel(sessions: sessionmaker[Session], opened: Opened) -> None:
    """Cancel *opened* as the product does: the appointment, then its lease."""
    change(sessions, Appointment, opened.appointment_id, status="cancelled")
    change(sessions, Lease, opened.lease_id, state="closing")


def wait_until(true: Callable[[], bool], *, seconds: float = 10) -> None:
    """Wait for *true*; raises AssertionError when it does not come in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"did not happen within {seconds} s"
        time.sleep(0.02)
