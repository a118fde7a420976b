"""Accounts, our OAuth grants to them, and the limits Zoom puts on their use."""

from datetime import date, datetime
from typing import Annotated

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Base, Id, Now, One, one_of, within_location
from core.domain.states import Connection

LIVE = sa.text("ended_at IS NULL")


class Account(Base):
    """A seat that is or was connected. Its pool state is derived: connection, bench, and open lease, if any."""

    __tablename__ = "accounts"
    __table_args__ = (
        one_of("connection", Connection),
        sa.UniqueConstraint("location_id", "id"),
        sa.UniqueConstraint("seat_id"),
        *within_location(("seat_id", "seats")),
        sa.Index(
            "accounts_by_location", "location_id", "idle_since", postgresql_where=sa.text("connection = 'connected'")
        ),
        sa.Index("accounts_by_zoom_user", "zoom_user_id"),
        sa.Index("accounts_draining", "id", postgresql_where=sa.text("connection = 'draining'")),
        sa.Index("accounts_busy_elsewhere", "probed_at", postgresql_where=sa.text("busy_elsewhere_since IS NOT NULL")),
    )

    id: Mapped[Id]
    location_id: Mapped[Annotated[int, mapped_column(sa.ForeignKey("locations.id"))]]
    seat_id: Mapped[int]
    email: Mapped[str]
    zoom_account_id: Mapped[str]
    zoom_user_id: Mapped[str]
    connection: Mapped[str]
    # Benched: taken out of the pool until then ('infinity': until a person releases it), whatever the connection.
    benched_until: Mapped[datetime | None]
    bench_reason: Mapped[str | None]
    busy_elsewhere_since: Mapped[datetime | None]
    busy_elsewhere_with: Mapped[str | None]  # the foreign meeting's id on Zoom, where it is known
    probed_at: Mapped[datetime | None]  # when Zoom was last asked whether the account can be used
    idle_since: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    row_version: Mapped[One]
    created_at: Mapped[Now]


class Grant(Base):
    """The tokens of one connection, encrypted. One live grant per Zoom user, wherever it is connected."""

    __tablename__ = "grants"
    __table_args__ = (
        *within_location(("account_id", "accounts")),
        sa.Index("grants_one_live_per_account", "account_id", unique=True, postgresql_where=LIVE),
        sa.Index(
            "grants_one_live_per_zoom_user", "zoom_account_id", "zoom_user_id", unique=True, postgresql_where=LIVE
        ),
        sa.Index("grants_to_revoke", "revoke_at", postgresql_where=sa.text("revoke_at IS NOT NULL")),
    )

    id: Mapped[Id]
    location_id: Mapped[int]
    account_id: Mapped[int]
    zoom_account_id: Mapped[str]
    zoom_user_id: Mapped[str]
    access_token: Mapped[bytes | None]
    refresh_token: Mapped[bytes | None]
    scopes: Mapped[str]
    access_expires_at: Mapped[datetime]
    refreshed_at: Mapped[datetime]
    connected_at: Mapped[Now]
    ended_at: Mapped[datetime | None]
    revoke_at: Mapped[datetime | None]  # disconnected at once: to be revoked at Zoom, asked for (again) at this time


class ConnectionPeriod(Base):
    """From when to when an account was in which connection status, so that charts have history."""

    __tablename__ = "connection_periods"
    __table_args__ = (
        *within_location(("account_id", "accounts")),
        sa.Index(
            "connection_periods_one_open_per_account",
            "account_id",
            unique=True,
            postgresql_where=sa.text("to_at IS NULL"),
        ),
        sa.Index("connection_periods_by_account", "account_id", "from_at"),
    )

    id: Mapped[Id]
    location_id: Mapped[int]
    account_id: Mapped[int]
    status: Mapped[str]
    reason: Mapped[str | None]
    actor: Mapped[str]
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]


class OAuthState(Base):
    """A connect that is under way: single-use, bound to a location, a seat and the browser that began it."""

    __tablename__ = "oauth_states"
    __table_args__ = within_location(("seat_id", "seats"))

    state_hash: Mapped[Annotated[bytes, mapped_column(primary_key=True)]]
    location_id: Mapped[int]
    seat_id: Mapped[int]
    browser_hash: Mapped[bytes | None]
    code_verifier: Mapped[bytes]
    return_to: Mapped[str]
    actor: Mapped[str]
    created_at: Mapped[Now]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ZoomLimit(Base):
    """When the next call of one rate-limit label may leave for one Zoom account; reserved by a single UPDATE."""

    __tablename__ = "zoom_limits"

    zoom_account_id: Mapped[Annotated[str, mapped_column(primary_key=True)]]
    label: Mapped[Annotated[str, mapped_column(primary_key=True)]]
    next_at: Mapped[datetime]


class ZoomBudget(Base):
    """Meetings created per Zoom user and UTC day; Zoom allows 100 creates and updates (API rate limits)."""

    __tablename__ = "zoom_budget"

    zoom_user_id: Mapped[Annotated[str, mapped_column(primary_key=True)]]
    utc_day: Mapped[Annotated[date, mapped_column(sa.Date, primary_key=True)]]
    creates: Mapped[int]
