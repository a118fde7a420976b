"""Outgoing webhooks: endpoints as they are given and shown, and what they were told."""

from typing import Annotated, Any, Literal

from pydantic import Field

from console.api.schemas.base import LARGEST_ID, Moment, Strict
from core.db.models import HookEndpoint
from core.db.read.hooks import Delivery, Endpoint
from core.domain.hook_events import HookEvent
from core.domain.states import Message

Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        description="https:// only, and nothing of a private network.",
        examples=["https://booking.example.com/hooks"],
    ),
]
Events = Annotated[
    list[HookEvent] | None,
    Field(min_length=1, max_length=50, description="Null: all of them, those to come as well."),
]
Version = Annotated[int, Field(ge=1, le=LARGEST_ID, strict=True, examples=[1])]


class NewHook(Strict):
    """Where to tell what happens."""

    url: Url
    events: Events = None


class HookChanges(Strict):
    """What is to be changed; what is left out stays as it is."""

    expected_version: Version | None = Field(default=None, description="Refused where it is another one by now.")
    url: Url = Field(default_factory=str)
    events: Events = None
    disabled: bool = Field(
        default_factory=bool, description="It is told nothing more; what waits for it is dropped and can be sent again."
    )

    def edit(self) -> dict[str, Any]:
        """What was given, in the words of the service."""
        return self.model_dump(exclude_unset=True, exclude={"expected_version"})


class HookBody(Strict):
    """An endpoint as it stands."""

    id: int
    location_id: int
    url: str
    events: list[HookEvent] | None
    health: Literal["new", "well", "failing", "dead", "disabled"] = Field(
        description="failing: the last try was refused; dead: something was given up within a week."
    )
    waiting: int = Field(description="Webhooks that are still to leave.")
    dead: int = Field(description="Given up within a week and not sent again.")
    last_sent_at: Moment | None
    last_reply: str | None = Field(description="What the receiver said to the last one that was tried.")
    disabled_at: Moment | None
    disabled_reason: str | None
    rotating_until: Moment | None = Field(description="Until then the old secret signs as well.")
    created_at: Moment
    created_by: str
    version: int = Field(description="Give it back as *expected_version* to change what you have seen.")


class NewSecretBody(Strict):
    """An endpoint's secret: shown this once."""

    id: int
    location_id: int
    url: str
    secret: str = Field(description="The key of the HMAC-SHA256.", examples=["whsec_..."])
    version: int


class Hooks(Strict):
    """A page of them."""

    items: list[HookBody]
    next: str | None = Field(description="The cursor of the next page; null: this is the last one.")


class DeliveryBody(Strict):
    """One webhook to one endpoint."""

    id: int
    hook_id: int
    event: str = Field(examples=["appointment.booked"])
    event_id: str = Field(description="The *id* in its body; the same however often it is sent.")
    appointment_id: int | None
    revision: int | None
    status: Message
    reason: str | None = Field(description="Why it was given up (in_vain) or dropped.")
    reply: str | None = Field(description="What the receiver said last.")
    attempts: int
    created_at: Moment
    next_attempt_at: Moment
    give_up_at: Moment | None
    sent_at: Moment | None
    resend_of: int | None


class Deliveries(Strict):
    """A page of them."""

    items: list[DeliveryBody]
    next: str | None = Field(description="The cursor of the next page; null: this is the last one.")


class Queued(Strict):
    """It leaves within seconds; look at the deliveries for what became of it."""

    delivery_id: int


def hook_body(endpoint: Endpoint) -> HookBody:
    """*endpoint* as it stands."""
    other = ("version", "events", "health")
    same = {name: getattr(endpoint, name) for name in HookBody.model_fields if name not in other}
    events = None if endpoint.events is None else [HookEvent(each) for each in endpoint.events]
    return HookBody(**same, events=events, health=endpoint.health, version=endpoint.row_version)  # type: ignore[arg-type]


def secret_body(endpoint: HookEndpoint, secret: str) -> NewSecretBody:
    """The secret that was just made."""
    return NewSecretBody(
        id=endpoint.id,
        location_id=endpoint.location_id,
        url=endpoint.url,
        secret=secret,
        version=endpoint.row_version,
    )


def delivery_body(delivery: Delivery) -> DeliveryBody:
    """*delivery* as it stands."""
    same = {name: getattr(delivery, name) for name in DeliveryBody.model_fields if name != "hook_id"}
    return DeliveryBody(**same, hook_id=delivery.endpoint_id)
