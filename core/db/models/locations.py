"""Who owns what: the installation, locations, their calendars and seats."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Base, Id, No, Now, One, Yes, one_of
from core.domain.states import MeetingLocation


class LocationStatus(StrEnum):
    """Suspended: no new connections or leases; opened links stay."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class Installation(Base):
    """The one row that tells this installation from every other; its id goes into each meeting's agenda."""

    __tablename__ = "installation"
    __table_args__ = (sa.CheckConstraint("only_row", name="only_row"),)

    only_row: Mapped[Annotated[bool, mapped_column(primary_key=True, server_default=sa.true())]]
    installation_id: Mapped[str]
    allocation_paused_at: Mapped[datetime | None]
    allocation_paused_by: Mapped[str | None]
    allocation_paused_reason: Mapped[str | None]
    # A recording was lost with its meeting: finished meetings are no longer deleted, until a person says so.
    deletion_stopped_at: Mapped[datetime | None]
    deletion_stopped_reason: Mapped[str | None]


class Location(Base):
    """A tenant that owns calendars and a pool."""

    __tablename__ = "locations"
    __table_args__ = (one_of("status", LocationStatus),)

    id: Mapped[Id]
    name: Mapped[Annotated[str, mapped_column(unique=True)]]
    zone: Mapped[str]
    sender_name: Mapped[str]
    status: Mapped[Annotated[str, mapped_column(server_default=LocationStatus.ACTIVE)]]
    recording_hold_limit: Mapped[Annotated[timedelta | None, mapped_column(sa.Interval)]]
    confirm_bookings: Mapped[Yes]  # mail a confirmation at booking; off where the booking system does
    refuse_when_short: Mapped[No]  # take no booking for which no account would be left
    allocation_paused_at: Mapped[datetime | None]
    allocation_paused_by: Mapped[str | None]
    allocation_paused_reason: Mapped[str | None]
    row_version: Mapped[One]
    created_at: Mapped[Now]


class Calendar(Base):
    """Where appointments are booked; says where they meet."""

    __tablename__ = "calendars"
    __table_args__ = (
        one_of("meeting_location", MeetingLocation),
        sa.UniqueConstraint("location_id", "name"),
        sa.UniqueConstraint("location_id", "id"),
    )

    id: Mapped[Id]
    location_id: Mapped[Annotated[int, mapped_column(sa.ForeignKey("locations.id"))]]
    name: Mapped[str]
    meeting_location: Mapped[str]
    meeting_detail: Mapped[str | None]
    default_minutes: Mapped[Annotated[int, mapped_column(server_default="30")]]
    copy_to_host: Mapped[No]
    host_email: Mapped[str | None]
    row_version: Mapped[One]
    created_at: Mapped[Now]


class Seat(Base):
    """A licensed Zoom user that QuantixOne issued to a location, known by its e-mail address (lower case)."""

    __tablename__ = "seats"
    __table_args__ = (
        sa.UniqueConstraint("location_id", "id"),
        sa.CheckConstraint("email = lower(email)", name="email_lower_case"),
        sa.Index("seats_one_issued_per_email", "email", unique=True, postgresql_where=sa.text("taken_back_at IS NULL")),
        sa.Index("seats_by_location", "location_id"),
    )

    id: Mapped[Id]
    location_id: Mapped[Annotated[int, mapped_column(sa.ForeignKey("locations.id"))]]
    email: Mapped[str]
    issued_at: Mapped[Now]
    issued_by: Mapped[str]
    taken_back_at: Mapped[datetime | None]
