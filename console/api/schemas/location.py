"""A location as it is given and shown."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from console.api.schemas.base import LARGEST_ID, Moment, Strict
from core.db.models import Location, LocationStatus

Name = Annotated[str, Field(min_length=1, max_length=200, examples=["Harbour Clinic"])]
Zone = Annotated[str, Field(min_length=1, max_length=64, description="IANA name.", examples=["Europe/Berlin"])]
Version = Annotated[int, Field(ge=1, le=LARGEST_ID, strict=True, examples=[1])]
HoldSeconds = Annotated[
    int | None,
    Field(ge=0, le=72 * 3600, description="How long an account waits for its recording at most; null: as everywhere."),
]
Confirms = Annotated[bool, Field(description="A booking is confirmed by mail.")]
Refuses = Annotated[bool, Field(description="A booking for which no account would be left is refused.")]


class NewLocation(Strict):
    """A tenant that owns calendars and a pool."""

    name: Name
    zone: Zone
    sender_name: Name | None = Field(default=None, description="The name mails come from; its own unless given.")


class LocationChanges(Strict):
    """What is to be changed; what is left out stays as it is."""

    expected_version: Version | None = Field(default=None, description="Refused where it is another one by now.")
    name: Name = Field(default_factory=str)
    zone: Zone = Field(default_factory=str)
    sender_name: Name = Field(default_factory=str)
    status: LocationStatus = Field(
        default_factory=lambda: LocationStatus.ACTIVE,
        description="Suspended, it gets no new connections and no new links; links that are open stay.",
    )
    recording_hold_seconds: HoldSeconds = None
    confirm_bookings: Confirms = Field(default_factory=bool)
    refuse_when_short: Refuses = Field(default_factory=bool)

    def edit(self) -> dict[str, Any]:
        """What was given, in the words of the service."""
        given = self.model_dump(exclude_unset=True, exclude={"expected_version"})
        if "recording_hold_seconds" in given:
            seconds = given.pop("recording_hold_seconds")
            given["recording_hold_limit"] = None if seconds is None else timedelta(seconds=seconds)
        return given


class LocationBody(Strict):
    """A location as it stands."""

    id: int
    name: str
    zone: str
    sender_name: str
    status: LocationStatus
    recording_hold_seconds: int | None
    confirm_bookings: bool
    refuse_when_short: bool
    allocation_paused: bool = Field(description="Somebody paused the opening of links here.")
    created_at: Moment
    version: int = Field(description="Give it back as *expected_version* to change what you have seen.")


class Locations(Strict):
    """A page of them."""

    items: list[LocationBody]
    next: str | None = Field(description="The cursor of the next page; null: this is the last one.")


def location_body(location: Location) -> LocationBody:
    """*location* as it stands."""
    hold = location.recording_hold_limit
    return LocationBody(
        id=location.id,
        name=location.name,
        zone=location.zone,
        sender_name=location.sender_name,
        status=LocationStatus(location.status),
        recording_hold_seconds=None if hold is None else int(hold.total_seconds()),
        confirm_bookings=location.confirm_bookings,
        refuse_when_short=location.refuse_when_short,
        allocation_paused=location.allocation_paused_at is not None,
        created_at=location.created_at,
        version=location.row_version,
    )
