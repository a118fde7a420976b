"""What a list of appointments is asked for, and its answer."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from console.api.schemas.appointment import AppointmentBody
from console.api.schemas.base import LARGEST_ID, Moment, Strict
from core.domain.states import Appointment, Link

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class AppointmentQuery(Strict):
    """Filters, order and page. Each filter narrows the list; those left out do not."""

    location_id: list[Id] = Field(
        default=[], max_length=200, description="Of one location, or of several by repeating it."
    )
    calendar_id: Id | None = None
    status: Appointment | None = None
    link: Link | None = Field(default=None, description="The state of the link.")
    since: Moment | None = Field(default=None, alias="from", description="Starting then or later; with an offset.")
    until: Moment | None = Field(default=None, alias="to", description="Starting before then; with an offset.")
    external_id: str | None = Field(default=None, min_length=1, max_length=200)
    text: str | None = Field(
        default=None,
        max_length=200,
        pattern=r"\S",
        description="Words in external id, client name and e-mail; of the last one the first three letters are enough.",
    )
    order: Literal["oldest_first", "newest_first"] = Field(default="oldest_first", description="By start.")
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(
        default=None, max_length=100, description="*next* of the page before; same filters, same order."
    )

    @field_validator("until")
    @classmethod
    def _after_from(cls, until: Moment | None, given: ValidationInfo) -> Moment | None:
        since = given.data.get("since")
        if until is not None and since is not None and until <= since:
            raise ValueError("Has to be after `from`.")
        return until


class AppointmentList(Strict):
    """One page, by start. *next* leads to the page after it."""

    items: list[AppointmentBody]
    next: str | None = Field(description="The cursor of the next page; null on the last.")
    incomplete: bool = Field(description="More matched the text than were looked at: narrow it down to see all.")
