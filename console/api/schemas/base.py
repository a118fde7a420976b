"""What every body of the API shares: unknown fields are refused, times say their zone, text holds no NUL."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, field_validator

LARGEST_ID = 2**63 - 1


def _written(value: object) -> object:
    """A bare number would be taken for seconds since 1970, which nobody means."""
    if not isinstance(value, str | datetime):
        raise ValueError("Write it as text, such as 2026-11-23T14:00:00Z.")  # noqa: TRY004 - what pydantic turns into a refusal
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("This time is beyond what a calendar holds.") from None


def without_nul(value: str) -> str:
    """*value*, which PostgreSQL could not store with a NUL in it."""
    if "\0" in value:
        raise ValueError("Text must not hold NUL characters.")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]  # out: UTC with Z
Words = Annotated[str, AfterValidator(without_nul)]  # for queries; the fields of a body are looked at anyway
PathId = Annotated[int, Path(ge=1, le=LARGEST_ID)]


class Strict(BaseModel):
    """The base of every body, in both directions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _no_nul(cls, value: Any) -> Any:
        return without_nul(value) if isinstance(value, str) else value
