"""A calendar as it is given and shown."""

from typing import Annotated, Any

from pydantic import Field

from console.api.schemas.base import Moment, Strict
from console.api.schemas.location import Version
from core.db.models import Calendar
from core.domain.meeting_place import LONGEST
from core.domain.states import MeetingLocation
from core.services.needed_links import CalendarChange

Name = Annotated[str, Field(min_length=1, max_length=200, examples=["Video consultation"])]
Detail = Annotated[
    str | None,
    Field(
        max_length=LONGEST,
        description="Phone: the number. Google Meet: an https address. Custom: an https address, or where in words. "
        "Not used on Zoom.",
        examples=[None],
    ),
]
Minutes = Annotated[int, Field(ge=1, le=1440, strict=True, examples=[30])]
Copies = Annotated[bool, Field(description="The host gets a copy of every mail.")]
Host = Annotated[str | None, Field(max_length=320, description="Where those copies go.", examples=[None])]


class NewCalendar(Strict):
    """Where appointments are booked, and where they meet."""

    name: Name
    meeting_location: MeetingLocation
    meeting_detail: Detail = None
    default_minutes: Minutes = 30
    copy_to_host: Copies = False
    host_email: Host = None


class CalendarChanges(Strict):
    """What is to be changed; what is left out stays as it is. The number of one meeting location says nothing about
    another: it goes with it.
    """

    expected_version: Version | None = Field(default=None, description="Refused where it is another one by now.")
    name: Name = Field(default_factory=str)
    meeting_location: MeetingLocation = Field(default_factory=lambda: MeetingLocation.ZOOM)
    meeting_detail: Detail = None
    default_minutes: Minutes = Field(default_factory=int)
    copy_to_host: Copies = Field(default_factory=bool)
    host_email: Host = None

    def edit(self) -> dict[str, Any]:
        """What was given."""
        return self.model_dump(exclude_unset=True, exclude={"expected_version"})


class CalendarBody(Strict):
    """A calendar as it stands."""

    id: int
    location_id: int
    name: str
    meeting_location: MeetingLocation
    meeting_detail: str | None
    default_minutes: int
    copy_to_host: bool
    host_email: str | None
    created_at: Moment
    version: int = Field(description="Give it back as *expected_version* to change what you have seen.")


class LinkChanges(Strict):
    """What a calendar that left Zoom or came to it changed for its appointments, in numbers of them."""

    begin_to_need: int = Field(description="They get a link shortly before they start.")
    cease_to_need: int = Field(description="Their link was not made yet, and they get none.")
    keep_their_link: int = Field(description="Their link was made before, and stays.")
    due_now: int = Field(description="Of those that begin to need one: opened at once.")


class ChangedCalendar(Strict):
    """The calendar after a change, and what that meant for its appointments."""

    calendar: CalendarBody
    appointments: LinkChanges


class Calendars(Strict):
    """All of a location."""

    items: list[CalendarBody]
    next: None = None


def calendar_body(calendar: Calendar) -> CalendarBody:
    """*calendar* as it stands."""
    same = {name: getattr(calendar, name) for name in CalendarBody.model_fields if name != "version"}
    return CalendarBody(**same, version=calendar.row_version)


def changed_calendar(calendar: Calendar, change: CalendarChange) -> ChangedCalendar:
    """*calendar* after *change*."""
    return ChangedCalendar(calendar=calendar_body(calendar), appointments=LinkChanges(**vars(change)))
