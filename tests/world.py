"""Builds what a test is about in a few words: locations with connected accounts, bookings, and the main job's steps."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Account, Appointment, Calendar, ConnectionPeriod, Grant, Lease, Location, Meeting, Message
from core.services.book import book, find_appointment
from core.services.booking import Booking
from core.services.calendar_edit import CalendarEdit, edit_calendar
from core.services.calendars import add_calendar, find_calendar
from core.services.deliver import DeliveryReport, deliver
from core.services.due import Allocated, allocate_due
from core.services.lease import claim_stalled
from core.services.locations import add_location, find_location, issue_seat
from core.services.needed_links import CalendarChange
from core.services.opening.failover import Hands
from core.services.opening.run import Outcome, open_meetings
from core.settings import Settings
from core.wiring import Wiring
from core.zoom.oauth import REQUIRED_SCOPES
from tests.sandbox_process import SandboxControl

TEST = "test"
NUMBER = "+49 40 0000 0000"
_runs = itertools.count(1)


class World:
    """One product on a fresh database, and the practice Zoom it talks to."""

    def __init__(self, settings: Settings, sandbox: SandboxControl) -> None:
        self.parts = Wiring(settings)
        self.sandbox = sandbox

    def location(
        self,
        name: str = "Harbour Clinic",
        *,
        accounts: int = 1,
        zoom_account: str | None = None,
        confirm_bookings: bool = False,
    ) -> Location:
        """A location with a Zoom calendar, a phone calendar and that many connected accounts, idle one after the
        other. Without confirmations, unless they are what a test is about."""
        now = utcnow()
        with self.parts.sessions.begin() as session:
            location = add_location(session, name=name, zone="Europe/Berlin", actor=TEST, now=now)
            location.confirm_bookings = confirm_bookings
            add_calendar(session, location=location, name="Video", meeting_location="zoom", actor=TEST, now=now)
            add_calendar(
                session,
                location=location,
                name="Phone",
                meeting_location="phone",
                meeting_detail=NUMBER,
                actor=TEST,
                now=now,
            )
        slug = name.lower().replace(" ", "-")
        self.connect(name, [f"seat{n}@{slug}.test" for n in range(1, accounts + 1)], zoom_account=zoom_account or slug)
        return location

    def connect(self, location_name: str, emails: Sequence[str], *, zoom_account: str = "practice") -> None:
        """Issue seats and connect them, as if a person had consented for each."""
        if not emails:
            return
        users = self.sandbox.create_users([{"email": email, "account_id": zoom_account} for email in emails])
        grants = {g["user_id"]: g for g in self.sandbox.grants([{"user_id": u["id"]} for u in users])}
        now = utcnow()
        with self.parts.sessions.begin() as session:
            location = find_location(session, location_name)
            for place, user in enumerate(users):
                seat = issue_seat(session, location=location, address=user["email"], actor=TEST, now=now)
                grant = grants[user["id"]]
                account = Account(
                    location_id=location.id,
                    seat_id=seat.id,
                    email=user["email"],
                    zoom_account_id=zoom_account,
                    zoom_user_id=user["id"],
                    connection="connected",
                    idle_since=now - timedelta(hours=1) + timedelta(seconds=place),
                )
                session.add(account)
                session.flush()
                session.add(
                    ConnectionPeriod(
                        location_id=location.id, account_id=account.id, status="connected", actor=TEST, from_at=now
                    )
                )
                session.add(
                    Grant(
                        location_id=location.id,
                        account_id=account.id,
                        zoom_account_id=zoom_account,
                        zoom_user_id=user["id"],
                        access_token=self.parts.vault.encrypt(grant["access_token"]),
                        refresh_token=self.parts.vault.encrypt(grant["refresh_token"]),
                        scopes=" ".join(REQUIRED_SCOPES),
                        access_expires_at=now + timedelta(seconds=grant["expires_in"]),
                        refreshed_at=now,
                    )
                )

    def book(
        self,
        external_id: str = "A-1",
        *,
        location: str = "Harbour Clinic",
        calendar: str = "Video",
        starts_in: timedelta = timedelta(minutes=9, seconds=59),
        minutes: int = 30,
        booked: datetime | None = None,
    ) -> Appointment:
        """Book an appointment; by default it is due since a second."""
        now = booked or utcnow()
        starts_at = (utcnow() + starts_in).replace(microsecond=0)
        with self.parts.sessions.begin() as session:
            place = find_location(session, location)
            return book(
                session,
                Booking(
                    external_id=external_id,
                    client_name=f"Client of {external_id}",
                    client_email=f"{external_id.lower()}@clients.test",
                    client_zone="America/New_York",
                    starts_at=starts_at,
                    ends_at=starts_at + timedelta(minutes=minutes),
                ),
                location=place,
                calendar=find_calendar(session, place, calendar),
                hours=self.parts.hours,
                cooldown=self.parts.settings.cooldown,
                actor=TEST,
                now=now,
            )

    def allocate(self, *, run_id: str | None = None, limit: int = 250, now: datetime | None = None) -> Allocated:
        """What a bulk run's first op does."""
        return allocate_due(
            self.parts.sessions,
            hours=self.parts.hours,
            limit=limit,
            run_id=run_id or f"run-{next(_runs)}",
            clock=lambda: now or utcnow(),
        )

    def create(self, run_id: str, *, now: datetime | None = None) -> list[Outcome]:
        """What a bulk run's second op does."""
        clock = (lambda: now) if now else utcnow
        with self.parts.sessions.begin() as session:
            claim_stalled(session, run_id=run_id, limit=250, now=clock())
        hands = Hands(self.parts.vault, self.parts.hours, run_id)
        return open_meetings(self.parts.sessions, self.parts.zoom, hands, threads=8, clock=clock)

    def notify(self, run_id: str = "notify", *, now: datetime | None = None) -> DeliveryReport:
        """What a bulk run's third op does."""
        clock = (lambda: now) if now else utcnow
        return deliver(self.parts.sessions, self.parts.mail_server, self.parts.vault, clock=clock, run_id=run_id)

    def run(self, *, now: datetime | None = None) -> list[Outcome]:
        """A whole bulk run; returns what became of each appointment."""
        run_id = f"run-{next(_runs)}"
        self.allocate(run_id=run_id, now=now)
        outcomes = self.create(run_id, now=now)
        self.notify(run_id, now=now)
        return outcomes

    def appointment(self, external_id: str = "A-1", location: str = "Harbour Clinic") -> Appointment:
        """The appointment as it is now."""
        with self.parts.sessions() as session:
            return find_appointment(session, find_location(session, location), external_id)

    def all(self, table: type[Any], **where: Any) -> list[Any]:
        """All rows of *table* with these values, oldest first."""
        with self.parts.sessions() as session:
            return list(session.scalars(sa.select(table).filter_by(**where).order_by(*sa.inspect(table).primary_key)))

    def leases(self, **where: Any) -> list[Lease]:
        """All leases with these values."""
        return self.all(Lease, **where)

    def meetings(self, **where: Any) -> list[Meeting]:
        """All meetings with these values."""
        return self.all(Meeting, **where)

    def messages(self, **where: Any) -> list[Message]:
        """All messages with these values."""
        return self.all(Message, **where)

    def accounts(self, **where: Any) -> list[Account]:
        """All accounts with these values."""
        return self.all(Account, **where)

    def edit_calendar(
        self,
        calendar: str = "Video",
        location: str = "Harbour Clinic",
        *,
        expected_version: int | None = None,
        now: datetime | None = None,
        **edit: Any,
    ) -> CalendarChange:
        """Change a calendar as a person would; one that meets by phone gets a number."""
        if edit.get("meeting_location") == "phone":
            edit.setdefault("meeting_detail", NUMBER)
        with self.parts.sessions.begin() as session:
            return edit_calendar(
                session,
                find_calendar(session, find_location(session, location), calendar),
                CalendarEdit(**edit),  # type: ignore[typeddict-item]
                expected_version=expected_version,
                hours=self.parts.hours,
                actor=TEST,
                now=now or utcnow(),
            )

    def calendar(self, name: str = "Video", location: str = "Harbour Clinic") -> Calendar:
        """A calendar as it is now."""
        with self.parts.sessions() as session:
            return find_calendar(session, find_location(session, location), name)

    def zoom_meetings(self, *, there: bool = True) -> list[dict[str, Any]]:
        """The meetings on the practice Zoom, without the deleted ones unless *there* is False."""
        return [m for m in self.sandbox.meetings() if not (there and m["state"] == "deleted")]
