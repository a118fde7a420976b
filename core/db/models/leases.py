"""Leases and the meetings that were made, or perhaps made, under them."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Base, Id, No, Zero, one_of, within_location
from core.domain import states

OPEN = sa.text("released_at IS NULL")


class Lease(Base):
    """The right of one appointment revision to one account, with a time for each state it went through."""

    __tablename__ = "leases"
    __table_args__ = (
        one_of("state", states.Lease),
        sa.CheckConstraint("(state = 'released') = (released_at IS NOT NULL)", name="released_when_released"),
        sa.CheckConstraint("(released_at IS NULL) = (release_reason IS NULL)", name="released_with_reason"),
        sa.CheckConstraint("state <> 'cooldown' OR cooldown_until IS NOT NULL", name="cooldown_has_an_end"),
        sa.UniqueConstraint("location_id", "id"),
        *within_location(("account_id", "accounts"), ("appointment_id", "appointments")),
        # The promise that no account is ever in two meetings, kept by the database itself.
        sa.Index("leases_one_open_per_account", "account_id", unique=True, postgresql_where=OPEN),
        sa.Index(
            "leases_one_open_per_appointment_revision",
            "appointment_id",
            "revision",
            unique=True,
            postgresql_where=OPEN,
        ),
        sa.Index(
            "leases_reserved",
            "claimed_until",
            postgresql_where=sa.text("state = 'reserved'"),
        ),
        sa.Index("leases_claimed", "claimed_by_run", postgresql_where=sa.text("state = 'reserved'")),
        sa.Index("leases_by_account", "account_id", "reserved_at"),
        sa.Index("leases_by_time", "reserved_at"),
        sa.Index("leases_to_look_at", "look_at", postgresql_where=sa.text("look_at IS NOT NULL")),
        sa.Index("leases_to_ask_about", "ask_at", postgresql_where=sa.text("ask_at IS NOT NULL")),
        sa.Index("leases_by_appointment", "appointment_id"),
    )

    id: Mapped[Id]
    location_id: Mapped[int]
    account_id: Mapped[int]
    appointment_id: Mapped[int]
    revision: Mapped[int]
    state: Mapped[str]
    # Why this account: how long it had been idle, and how many were free to choose from.
    account_idle_since: Mapped[datetime]
    free_accounts: Mapped[int]
    fence: Mapped[Zero]
    claimed_by_run: Mapped[str | None]
    claimed_until: Mapped[datetime | None]
    reserved_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    live_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    hold_until: Mapped[datetime | None]  # how long the account is kept for its recording
    cooldown_at: Mapped[datetime | None]
    cooldown_until: Mapped[datetime | None]
    closing_at: Mapped[datetime | None]
    closing_reason: Mapped[str | None]  # the release reason it will get
    released_at: Mapped[datetime | None]
    release_reason: Mapped[str | None]
    look_at: Mapped[datetime | None]  # when time alone may change what is decided about it
    ask_at: Mapped[datetime | None]  # when Zoom is asked about it (again)


class Meeting(Base):
    """A meeting on Zoom as far as we know. A lease can own several: doubt after a time-out, or the loser of a race."""

    __tablename__ = "meetings"
    __table_args__ = (
        one_of("state", states.Meeting),
        sa.UniqueConstraint("location_id", "id"),
        *within_location(("lease_id", "leases"), ("account_id", "accounts")),
        sa.Index("meetings_by_lease", "lease_id"),
        sa.Index("meetings_zoom_id", "zoom_meeting_id"),
        # What is still on Zoom of leases that are over.
        sa.Index("meetings_created", "lease_id", postgresql_where=sa.text("state = 'created'")),
        # What is owed to Zoom; also keeps an account from being leased while its old meeting may still be started.
        sa.Index(
            "meetings_to_settle",
            "account_id",
            "next_attempt_at",
            postgresql_where=sa.text("state IN ('deleting', 'unknown')"),
        ),
    )

    id: Mapped[Id]
    location_id: Mapped[int]
    lease_id: Mapped[int]
    account_id: Mapped[int]
    reference: Mapped[Annotated[str, mapped_column(unique=True)]]  # stands in the agenda on Zoom
    state: Mapped[str]
    zoom_meeting_id: Mapped[str | None]
    zoom_uuid: Mapped[str | None]
    join_url: Mapped[str | None]
    passcode: Mapped[bytes | None]  # encrypted
    recorded: Mapped[Annotated[bool, mapped_column(server_default=sa.true())]]
    adopted: Mapped[No]  # found on Zoom by its reference after its creation got no answer
    absent: Mapped[No]  # the last try certainly made nothing, so it need not be looked for
    intended_at: Mapped[datetime]
    created_at: Mapped[datetime | None]
    deletion_wanted_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]
    # What Zoom said when it was last asked: started, waiting or not_found; and since when it says not_found.
    zoom_status: Mapped[str | None]
    zoom_status_at: Mapped[datetime | None]
    not_found_since: Mapped[datetime | None]
    portal_deleted_at: Mapped[datetime | None]  # Zoom told us that somebody deleted it there
    attempts: Mapped[Zero]
    next_attempt_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
