"""Programs on the other side: the keys they call us with, and the addresses at which we call them."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Base, Id, No, Now, One, Zero, one_of
from core.domain import states


class ApiKey(Base):
    """What a program proves itself with. Its secret is shown once and only its hash is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (
        one_of("access", states.Access),
        sa.CheckConstraint("per_minute > 0", name="some_requests_per_minute"),
        # The timeline knows keys by their names.
        sa.Index("api_keys_one_of_a_name", "name", unique=True, postgresql_where=sa.text("revoked_at IS NULL")),
    )

    id: Mapped[Id]
    name: Mapped[str]
    public_id: Mapped[Annotated[str, mapped_column(unique=True)]]  # the part of the key that may be shown
    secret_hash: Mapped[bytes]  # SHA-256: the secret is 256 random bits, which no slow hash would make safer
    access: Mapped[str]
    all_locations: Mapped[No]
    per_minute: Mapped[Annotated[int, mapped_column(server_default="600")]]
    created_at: Mapped[Now]
    created_by: Mapped[str]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    last_used_at: Mapped[datetime | None]  # to the minute


class ApiKeyLocation(Base):
    """A location that a key may see; a key without any sees none, unless it is for all."""

    __tablename__ = "api_key_locations"

    api_key_id: Mapped[Annotated[int, mapped_column(sa.ForeignKey("api_keys.id"), primary_key=True)]]
    location_id: Mapped[Annotated[int, mapped_column(sa.ForeignKey("locations.id"), primary_key=True)]]


class HookEndpoint(Base):
    """Where a location's booking system wants to be told what happens. The signing secrets are encrypted.

    One that is removed stays for the history of what it got, and is disabled.
    """

    __tablename__ = "hook_endpoints"
    __table_args__ = (
        sa.UniqueConstraint("location_id", "id"),
        sa.Index(
            "hook_endpoints_one_per_url",
            "location_id",
            "url",
            unique=True,
            postgresql_where=sa.text("removed_at IS NULL"),
        ),
        sa.CheckConstraint("removed_at IS NULL OR disabled_at IS NOT NULL", name="removed_ones_are_disabled"),
    )

    id: Mapped[Id]
    location_id: Mapped[Annotated[int, mapped_column(sa.ForeignKey("locations.id"))]]
    url: Mapped[str]
    events: Mapped[Annotated[list[str] | None, mapped_column(ARRAY(sa.Text()))]]  # None: all of them
    secret: Mapped[bytes]
    previous_secret: Mapped[bytes | None]  # signs beside the new one until *previous_until*
    previous_until: Mapped[datetime | None]
    created_at: Mapped[Now]
    created_by: Mapped[str]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]  # a person's words, or a short stable word
    removed_at: Mapped[datetime | None]
    failures: Mapped[Zero]  # in a row; after each it is left in peace until *paused_until*
    paused_until: Mapped[datetime | None]
    row_version: Mapped[One]
