"""An appointment as it is given and shown."""

from typing import Annotated, Any, Literal

from pydantic import Field, SkipValidation

from console.api.schemas.base import LARGEST_ID, Moment, Strict
from console.api.schemas.problem import ProblemBody
from core.db.read.appointment_view import AppointmentView
from core.db.read.capacity import Capacity
from core.domain.capacity import Verdict
from core.domain.states import Appointment, Link, MeetingLocation

BULK = 500
OurId = Annotated[int, Field(ge=1, le=LARGEST_ID, strict=True, examples=[1])]
Revision = Annotated[int, Field(ge=1, le=LARGEST_ID, strict=True, examples=[1])]
Name = Annotated[str, Field(min_length=1, max_length=200, examples=["Ada Client"])]
Email = Annotated[str, Field(min_length=3, max_length=320, examples=["ada@clients.example"])]
Zone = Annotated[str, Field(min_length=1, max_length=64, examples=["Europe/Lisbon"])]


class NewAppointment(Strict):
    """What a client booked."""

    location_id: OurId
    calendar_id: OurId = Field(description="One of the location's calendars; it says where they meet.")
    external_id: str = Field(
        min_length=1, max_length=200, description="Your own id, unique at the location.", examples=["B-4711"]
    )
    client_name: Name
    client_email: Email
    client_zone: Zone | None = Field(
        default=None, description="IANA name, in which mails print times; the location's unless given."
    )
    starts_at: Moment = Field(examples=["2030-05-06T09:00:00+02:00"])
    ends_at: Moment | None = Field(
        default=None,
        description="The calendar's default duration after the start unless given.",
        examples=["2030-05-06T09:30:00+02:00"],
    )


class LinkState(Strict):
    """Whether there is a link to join. *reason* says in a stable word why not (yet)."""

    state: Link
    reason: str | None = Field(description="Null while there is a link.", examples=["not_due"])
    expected_at: Moment | None = Field(description="When the link should come; null where nobody knows or none will.")


class AppointmentBody(Strict):
    """An appointment as it stands. Times are UTC."""

    id: OurId
    external_id: str
    location_id: OurId
    calendar_id: OurId
    calendar: str
    meeting_location: MeetingLocation
    client_name: str
    client_email: str
    client_zone: str
    starts_at: Moment
    ends_at: Moment
    revision: Revision = Field(description="Counts its reschedules; send it as expected_revision.")
    status: Appointment
    link: LinkState
    not_recorded: bool = Field(description="Zoom would not record this meeting; the link was sent all the same.")
    booked_at: Moment
    cancelled_at: Moment | None


class CapacityBody(Strict):
    """What is left of the location's accounts at the worst moment of the appointment, itself counted."""

    state: Verdict = Field(description="tight: it takes the last account; short: it may find none.")
    accounts: int
    booked: int
    short_by: int


class BookedAppointment(AppointmentBody):
    """An appointment that was booked, with what is left for it; null where it takes no account."""

    capacity: CapacityBody | None


class NewAppointments(Strict):
    """Appointments of one location or several, each for itself."""

    # Looked at one by one by the endpoint, so that one that is malformed keeps none of the others from being booked.
    appointments: list[SkipValidation[NewAppointment]] = Field(min_length=1, max_length=BULK)


class BulkResult(Strict):
    """What became of one of them: 201 new, 200 there before, else why not."""

    status: int = Field(examples=[201])
    appointment: BookedAppointment | None
    problem: ProblemBody | None


class BulkResults(Strict):
    """What became of each, in the order in which they were sent."""

    created: int
    existing: int
    refused: int
    results: list[BulkResult]


class NewTime(Strict):
    """When it is to take place."""

    starts_at: Moment = Field(examples=["2030-05-06T10:00:00+02:00"])
    ends_at: Moment | None = Field(default=None, description="As long as before unless given.")
    expected_revision: Revision | None = Field(default=None, description="If it is another by now: 409 stale_state.")
    end_meeting: bool = Field(default=False, description="If people are inside, end their meeting.")


class Cancellation(Strict):
    """How to cancel."""

    expected_revision: Revision | None = Field(default=None, description="If it is another by now: 409 stale_state.")
    end_meeting: bool = Field(default=False, description="If people are inside, end their meeting.")


class AccountAfter(Strict):
    """How the account stands that the appointment had: *free* at once, or why not yet."""

    free: bool
    why_not: str | None


class Rescheduled(Strict):
    """What came of it; *changed* is `end` where only the end is another and the link stays."""

    changed: Literal["nothing", "end", "start"]
    account: AccountAfter
    appointment: AppointmentBody


class Cancelled(Strict):
    """What came of it."""

    was_cancelled_before: bool
    account: AccountAfter
    appointment: AppointmentBody


class ClientChange(Strict):
    """Who the client is from now on; what is left out stays as it is."""

    client_name: Name | None = None
    client_email: Email | None = None
    client_zone: Zone | None = None
    expected_revision: Revision | None = Field(default=None, description="If it is another by now: 409 stale_state.")


class Resendable(Strict):
    """A message that was sent, or refused, and is still true: send it again to the new address if you like."""

    message_id: OurId
    kind: str = Field(examples=["join_link"])
    sent_at: Moment | None


class ClientChanged(Strict):
    """What came of it: the fields that are others now, and how many unsent mails follow."""

    changed: list[str] = Field(examples=[["client_email"]])
    following: int
    can_be_sent_again: list[Resendable]
    appointment: AppointmentBody


class LinkBody(Strict):
    """The way into the meeting, for its client and its host."""

    join_url: str
    passcode: str | None
    revision: Revision
    starts_at: Moment
    ends_at: Moment


def appointment_body(view: AppointmentView) -> AppointmentBody:
    """*view* as it is sent."""
    return AppointmentBody(**_members(view))


def booked_appointment(view: AppointmentView, room: Capacity | None) -> BookedAppointment:
    """*view* as the answer to a booking."""
    capacity = None
    if room is not None:
        capacity = CapacityBody(state=room.state, accounts=room.accounts, booked=room.booked, short_by=room.short_by)
    return BookedAppointment(**_members(view), capacity=capacity)


SAME = tuple(name for name in AppointmentBody.model_fields if name != "link")


def _members(view: AppointmentView) -> dict[str, Any]:
    link = LinkState(state=Link(view.link), reason=view.reason, expected_at=view.expected_at)
    return {**{name: getattr(view, name) for name in SAME}, "link": link}
