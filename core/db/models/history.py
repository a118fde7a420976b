"""What is kept so that the past can be shown quickly: hours of the pool, and what-if results."""

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Base, Id, Zero

UNDER_WAY = sa.text("computed_at IS NULL AND failed_at IS NULL")
Accounts = Annotated[float, mapped_column(sa.Double)]


class PoolHour(Base):
    """An hour of a pool that is over for good: how many accounts were in which state on average, and the peak of use.

    *scope* is a location, whose hours are those of its own clock, or 0 for all of them together.
    """

    __tablename__ = "pool_hours"

    scope: Mapped[Annotated[int, mapped_column(primary_key=True, autoincrement=False)]]
    from_at: Mapped[Annotated[datetime, mapped_column(primary_key=True)]]
    peak: Mapped[int]
    reserved: Mapped[Accounts]
    ready: Mapped[Accounts]
    live: Mapped[Accounts]
    processing: Mapped[Accounts]
    cooldown: Mapped[Accounts]
    closing: Mapped[Accounts]
    # Without a lease: connected (idle), or with a trouble.
    connected: Mapped[Accounts]
    busy_elsewhere: Mapped[Accounts]
    quarantined: Mapped[Accounts]
    needs_reauth: Mapped[Accounts]
    draining: Mapped[Accounts]
    usable: Mapped[Accounts]  # connected, with a lease or without


class WhatIfResult(Base):
    """How many links a location would have had late or missed with how many accounts; asked for, then computed."""

    __tablename__ = "what_if_results"
    __table_args__ = (
        sa.Index("what_if_results_by_location", "location_id", "id"),
        # Whoever asks while it is being computed gets that one.
        sa.Index("what_if_results_one_under_way", "location_id", unique=True, postgresql_where=UNDER_WAY),
    )

    id: Mapped[Id]
    location_id: Mapped[Annotated[int, mapped_column(sa.ForeignKey("locations.id"))]]
    requested_at: Mapped[datetime]
    requested_by: Mapped[str]
    claimed_at: Mapped[datetime | None]
    run_id: Mapped[str | None]
    done: Mapped[Zero]  # steps of *steps*
    steps: Mapped[Zero]
    computed_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    # The two curves: what was, and what is booked. Each with its window, its links and, by accounts, what happens.
    past: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    booked: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
