"""People who sign in: what they may do is here, whatever their browser says."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Base, Id, No, Now, one_of
from core.domain.roles import Role


class Person(Base):
    """Somebody who has signed in at least once. The name is unique: the timeline knows people by it."""

    __tablename__ = "people"
    __table_args__ = (
        sa.UniqueConstraint("issuer", "subject"),
        one_of("role", Role),
    )

    id: Mapped[Id]
    issuer: Mapped[str]
    subject: Mapped[str]  # the provider's own name of the person, which never changes
    name: Mapped[Annotated[str, mapped_column(unique=True)]]
    email: Mapped[str | None]
    role: Mapped[str | None]  # None: signed in, and nothing allowed
    role_by_hand: Mapped[No]  # else by the claim of the last sign-in
    signed_in_at: Mapped[datetime]  # as the provider says
    not_before: Mapped[datetime | None]  # older sign-ins are over, in whatever browser
    disabled_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime]  # to the minute
    created_at: Mapped[Now]


class PersonLocation(Base):
    """A location of a host's own."""

    __tablename__ = "people_locations"

    person_id: Mapped[Annotated[int, mapped_column(sa.ForeignKey("people.id"), primary_key=True)]]
    location_id: Mapped[Annotated[int, mapped_column(sa.ForeignKey("locations.id"), primary_key=True)]]
