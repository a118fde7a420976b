"""The database is the arbiter: models and migrations agree, and its constraints refuse what must never be."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.db.engine import engine_for
from core.db.migrate import is_current, upgrade
from core.db.models import Account, Appointment, AppointmentRevision, Base, Calendar, Grant, Lease, Location, Seat

NOW = utcnow()


class Rows:
    """Rows made directly, past every service: only the database itself stands in the way."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def add(self, row: Any) -> Any:
        self.session.add(row)
        self.session.flush()
        return row

    def location(self, name: str) -> Location:
        return self.add(Location(name=name, zone="UTC", sender_name=name))

    def account(self, location: Location, name: str) -> Account:
        seat = self.add(Seat(location_id=location.id, email=f"{name}@seats.test", issued_by="test"))
        return self.add(
            Account(
                location_id=location.id,
                seat_id=seat.id,
                email=seat.email,
                zoom_account_id="practice",
                zoom_user_id=name,
                connection="connected",
                idle_since=NOW,
            )
        )

    def appointment(self, location: Location, external_id: str) -> Appointment:
        calendar = self.add(Calendar(location_id=location.id, name=external_id, meeting_location="zoom"))
        return self.add(
            Appointment(
                location_id=location.id,
                calendar_id=calendar.id,
                external_id=external_id,
                client_name="Client",
                client_email="client@clients.test",
                client_zone="UTC",
                starts_at=NOW,
                ends_at=NOW + timedelta(minutes=30),
                link="not_due",
            )
        )

    def lease(self, account: Account, appointment: Appointment, *, location: Location, **values: Any) -> Lease:
        row = {
            "location_id": location.id,
            "account_id": account.id,
            "appointment_id": appointment.id,
            "revision": 1,
            "state": "reserved",
            "account_idle_since": NOW,
            "free_accounts": 1,
            "reserved_at": NOW,
        }
        return self.add(Lease(**{**row, **values}))

    def grant(self, account: Account, **values: Any) -> Grant:
        row = {
            "location_id": account.location_id,
            "account_id": account.id,
            "zoom_account_id": account.zoom_account_id,
            "zoom_user_id": account.zoom_user_id,
            "scopes": "",
            "access_expires_at": NOW,
            "refreshed_at": NOW,
        }
        return self.add(Grant(**{**row, **values}))


@pytest.fixture
def rows(sessions: sessionmaker[Session]) -> Any:
    """An open transaction that is thrown away."""
    with sessions() as session:
        yield Rows(session)


def refusal(make: Callable[[], Any]) -> str | None:
    """The name of the constraint that refuses what *make* does."""
    with pytest.raises(IntegrityError) as refused:
        make()
    name: str | None = refused.value.orig.diag.constraint_name  # type: ignore[union-attr]
    return name


def test_models_and_migrations_describe_the_same_schema(database_url: str) -> None:
    """A migrated database differs in nothing from what the models say, indexes and constraints included."""
    with engine_for(database_url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert is_current(connection)


def test_checks_are_the_same_in_models_and_migrations(database_url: str) -> None:
    """Alembic does not compare CHECK constraints, so their names are compared here."""
    modelled = {
        check.name
        for table in Base.metadata.tables.values()
        for check in table.constraints
        if isinstance(check, sa.CheckConstraint)
    }
    inspector = sa.inspect(engine_for(database_url))
    migrated = {check["name"] for table in Base.metadata.tables for check in inspector.get_check_constraints(table)}
    assert migrated == modelled


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    """The installation keeps its id, which stands in the agenda of every meeting."""
    read_id = sa.text("SELECT installation_id FROM installation")
    with engine_for(database_url).connect() as connection:
        before = connection.scalar(read_id)
    upgrade(database_url)
    with engine_for(database_url).connect() as connection:
        assert connection.scalar(read_id) == before


def test_an_account_has_one_open_lease(rows: Rows) -> None:
    """No account is ever in two meetings."""
    here = rows.location("Here")
    account = rows.account(here, "one")
    first, second = rows.appointment(here, "A-1"), rows.appointment(here, "A-2")
    rows.lease(account, first, location=here, state="released", released_at=NOW, release_reason="cooled")
    rows.lease(account, first, location=here)

    assert refusal(lambda: rows.lease(account, second, location=here)) == "leases_one_open_per_account"


def test_a_revision_of_an_appointment_has_one_open_lease(rows: Rows) -> None:
    """Nor does an appointment get two meetings; its next revision may have one while the old one is closing."""
    here = rows.location("Here")
    appointment = rows.appointment(here, "A-1")
    rows.lease(rows.account(here, "one"), appointment, location=here)
    rows.lease(rows.account(here, "two"), appointment, location=here, revision=2)
    third = rows.account(here, "three")

    refused = refusal(lambda: rows.lease(third, appointment, location=here))
    assert refused == "leases_one_open_per_appointment_revision"


@pytest.mark.parametrize(
    ("of_account", "of_appointment", "constraint"),
    [
        ("There", "Here", "leases_location_id_account_id_fkey"),
        ("Here", "There", "leases_location_id_appointment_id_fkey"),
    ],
)
def test_a_lease_across_locations_cannot_exist(
    rows: Rows, of_account: str, of_appointment: str, constraint: str
) -> None:
    """Neither the account nor the appointment may be of another location than the lease."""
    places = {name: rows.location(name) for name in ("Here", "There")}
    account = rows.account(places[of_account], "one")
    appointment = rows.appointment(places[of_appointment], "A-1")

    assert refusal(lambda: rows.lease(account, appointment, location=places["Here"])) == constraint


def test_a_zoom_user_has_one_live_grant_wherever_it_is_connected(rows: Rows) -> None:
    """Two locations cannot share a Zoom user; an ended grant stands in nobody's way."""
    mine = rows.account(rows.location("Here"), "one")
    other = rows.account(rows.location("There"), "two")
    rows.grant(mine, ended_at=NOW)
    rows.grant(mine)

    refused = refusal(lambda: rows.grant(other, zoom_user_id=mine.zoom_user_id))
    assert refused == "grants_one_live_per_zoom_user"


def test_a_released_lease_says_when_and_why(rows: Rows) -> None:
    """An account cannot become free without a trace."""
    here = rows.location("Here")
    account, appointment = rows.account(here, "one"), rows.appointment(here, "A-1")

    refused = refusal(lambda: rows.lease(account, appointment, location=here, state="released"))
    assert refused == "leases_released_when_released"


def test_datetimes_without_a_zone_are_refused_before_they_reach_the_database(rows: Rows) -> None:
    """A naive datetime means another moment on every machine."""
    appointment = rows.appointment(rows.location("Here"), "A-1")
    naive = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - what must be refused
    revision = AppointmentRevision(
        appointment_id=appointment.id,
        revision=1,
        location_id=appointment.location_id,
        starts_at=naive,
        ends_at=NOW,
        due_at=NOW,
    )

    with pytest.raises(StatementError, match="time zone"):
        rows.add(revision)


def test_times_come_back_in_utc(rows: Rows) -> None:
    """Whatever zone they were given in."""
    appointment = rows.appointment(rows.location("Here"), "A-1")
    rows.session.expire(appointment)

    assert appointment.starts_at == NOW
    assert appointment.starts_at.utcoffset() == timedelta(0)
