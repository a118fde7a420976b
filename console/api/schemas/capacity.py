"""What a location's accounts have before them, and how they are now."""

from datetime import timedelta

from pydantic import Field, ValidationInfo, field_validator

from console.api.schemas.base import Moment, Strict

LONGEST_WINDOW = timedelta(days=31)


class CapacityQuery(Strict):
    """The window to look at, of 31 days at most."""

    begins_at: Moment = Field(alias="from", description="With an offset.", examples=["2030-05-06T00:00:00+02:00"])
    ends_at: Moment = Field(alias="to", description="With an offset.", examples=["2030-05-13T00:00:00+02:00"])

    @field_validator("ends_at")
    @classmethod
    def _bounded(cls, ends_at: Moment, given: ValidationInfo) -> Moment:
        begins_at = given.data.get("begins_at")
        if begins_at is not None and ends_at <= begins_at:
            raise ValueError("Has to be after `from`.")
        if begins_at is not None and ends_at - begins_at > LONGEST_WINDOW:
            raise ValueError("Has to be within 31 days after `from`.")
        return ends_at


class UsualBody(Strict):
    """What an appointment takes of an account beside its own time, in seconds; by this location's own history."""

    lead: float = Field(description="Before its start.")
    overrun: float = Field(description="Meetings end later than planned.")
    hold: float = Field(description="Until the recording is there.")
    cooldown: float = Field(description="Rest after the recording.")


class PointBody(Strict):
    """From then to the next point so many accounts are booked, of so many that serve by themselves."""

    at: Moment
    booked: int
    accounts: int


class ShortageBody(Strict):
    """A time throughout which accounts are missing; *short_by* is the worst of it."""

    begins_at: Moment
    ends_at: Moment
    short_by: int


class CapacityWindow(Strict):
    """Demand against supply."""

    accounts: int = Field(description="That serve by themselves at the beginning of the window.")
    peak: int = Field(description="The most that are booked at once.")
    points: list[PointBody] = Field(description="Where one of them changes; the first is the window's beginning.")
    shortages: list[ShortageBody]
    usual: UsualBody


class AccountBody(Strict):
    """A connected account of the pool."""

    id: int
    seat_id: int
    email: str
    state: str = Field(
        description="idle, or what its lease does (reserved, ready, live, processing, cooldown, closing), or why it "
        "takes no more: draining, needs_reauth, quarantined, busy_elsewhere.",
        examples=["live"],
    )
    lease_state: str | None = Field(description="What its lease does, also where it takes no more.")
    reason: str | None = Field(description="A stable word that says why it takes no more.")
    appointment_id: int | None = Field(description="Whose lease it has.")
    busy_until: Moment | None = Field(description="When it should be free; null where it is, or where nobody knows.")
    idle_since: Moment


class SeatCount(Strict):
    """The licensed Zoom users of the location; *free* ones have no connected account."""

    issued: int
    free: int


class PoolBody(Strict):
    """The pool of a location at this moment."""

    by_state: dict[str, int] = Field(
        description="How many accounts are in each state.", examples=[{"idle": 3, "live": 2}]
    )
    accounts: list[AccountBody]
    seats: SeatCount
