"""Column types and the naming convention that every table shares."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

from core.clock import require_aware

# Errors of the driver are mapped to ours by constraint name, so every constraint has one that can be told beforehand.
NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


class UtcDateTime(sa.TypeDecorator[datetime]):
    """`timestamptz` that takes aware datetimes only and gives them back in UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> datetime | None:
        return None if value is None else require_aware(value)

    def process_result_value(self, value: datetime | None, _dialect: Any) -> datetime | None:
        return None if value is None else require_aware(value)


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        str: sa.Text(),
        int: sa.BigInteger(),
        bytes: sa.LargeBinary(),
        dict[str, Any]: JSONB(),
    }


Id = Annotated[int, mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)]
Now = Annotated[datetime, mapped_column(server_default=sa.func.now())]
Zero = Annotated[int, mapped_column(server_default="0")]
One = Annotated[int, mapped_column(server_default="1")]
No = Annotated[bool, mapped_column(server_default=sa.false())]
Yes = Annotated[bool, mapped_column(server_default=sa.true())]


def one_of(column: str, states: type[StrEnum] | tuple[StrEnum, ...]) -> sa.CheckConstraint:
    """A CHECK that *column* holds one of *states*; text and CHECK instead of an ENUM, which cannot lose a value."""
    listed = ", ".join(f"'{state}'" for state in states)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def within_location(*parents: tuple[str, str]) -> tuple[sa.ForeignKeyConstraint, ...]:
    """Foreign keys (location_id, *column*) to *table*, so that no row can refer across locations."""
    return tuple(
        sa.ForeignKeyConstraint(["location_id", column], [f"{table}.location_id", f"{table}.id"])
        for column, table in parents
    )
