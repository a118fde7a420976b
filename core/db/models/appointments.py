"""Appointments and the history of their revisions."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Base, Id, No, Now, One, Zero, one_of, within_location
from core.domain import states

UNOPENED = sa.text("status = 'booked' AND link IN ('not_due', 'waiting', 'opening', 'failed')")


class Appointment(Base):
    """What the client booked; *revision* counts its reschedules. Personal data stands here and in messages only."""

    __tablename__ = "appointments"
    __table_args__ = (
        one_of("status", states.Appointment),
        one_of("link", states.Link),
        sa.CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        sa.UniqueConstraint("location_id", "id"),
        sa.UniqueConstraint("location_id", "external_id"),
        *within_location(("calendar_id", "calendars")),
        # The tick reads what is due over all locations, the allocator by location; both only what has no link yet.
        sa.Index("appointments_unopened", "starts_at", "id", postgresql_where=UNOPENED),
        sa.Index("appointments_unopened_by_location", "location_id", "starts_at", "id", postgresql_where=UNOPENED),
        sa.Index("appointments_missed", "starts_at", postgresql_where=sa.text("status = 'missed'")),
        sa.Index("appointments_by_location", "location_id", "starts_at", "id"),
        sa.Index("appointments_by_time", "starts_at", "id"),
        sa.Index("appointments_by_state", "location_id", "status", "link", "starts_at", "id"),
        sa.Index("appointments_by_calendar", "calendar_id", "starts_at", "id"),
        sa.Index(
            "appointments_text",
            sa.text(
                "to_tsvector('simple'::regconfig, "
                "(((external_id || ' '::text) || client_name) || ' '::text) || client_email)"
            ),
            postgresql_using="gin",
        ),
    )

    id: Mapped[Id]
    location_id: Mapped[Annotated[int, mapped_column(sa.ForeignKey("locations.id"))]]
    calendar_id: Mapped[int]
    external_id: Mapped[str]
    client_name: Mapped[str]
    client_email: Mapped[str]
    client_zone: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    revision: Mapped[One]
    status: Mapped[Annotated[str, mapped_column(server_default=states.Appointment.BOOKED)]]
    link: Mapped[str]
    reason: Mapped[str | None]  # a short stable word that says why there is no link (yet)
    reason_detail: Mapped[str | None]
    attempts: Mapped[Zero]  # transient failures of its own while others passed
    next_attempt_at: Mapped[datetime | None]
    isolated_at: Mapped[datetime | None]
    isolation: Mapped[Zero]  # counts the isolated runs asked for; part of their run key
    isolation_claimed: Mapped[Zero]  # the last of them that began
    escalated_at: Mapped[datetime | None]
    not_recorded: Mapped[No]
    booked_as: Mapped[bytes | None]  # digest of what was booked, to recognise the same booking after it was changed
    ical_sequence: Mapped[Zero]  # of the last calendar attachment that left; raised with each, whoever gets it
    row_version: Mapped[One]
    booked_at: Mapped[Now]
    cancelled_at: Mapped[datetime | None]


class AppointmentRevision(Base):
    """One row per revision, so that on-time figures survive a move."""

    __tablename__ = "appointment_revisions"
    __table_args__ = (
        *within_location(("appointment_id", "appointments")),
        # On-time figures of months come from it alone.
        sa.Index(
            "appointment_revisions_judged",
            "due_at",
            postgresql_include=["location_id", "outcome", "cause"],
            postgresql_where=sa.text("outcome IN ('on_time', 'late', 'missed')"),
        ),
    )

    appointment_id: Mapped[Annotated[int, mapped_column(primary_key=True)]]
    revision: Mapped[Annotated[int, mapped_column(primary_key=True)]]
    location_id: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    due_at: Mapped[datetime]
    waiting_since: Mapped[datetime | None]
    link_ready_at: Mapped[datetime | None]
    mail_accepted_at: Mapped[datetime | None]
    outcome: Mapped[str | None]  # on_time, late, missed, cancelled, rescheduled
    cause: Mapped[str | None]  # capacity, zoom, mail, us, late_booking
