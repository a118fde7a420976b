"""What came in, what goes out, and what happened: inbox, messages, events, alerts, idempotency keys."""

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Base, Id, No, Now, Zero, one_of
from core.domain import states


class Message(Base):
    """A mail, outgoing webhook or alert, written in the transaction that causes it and delivered once."""

    __tablename__ = "messages"
    __table_args__ = (
        one_of("channel", states.Channel),
        one_of("status", states.Message),
        sa.Index(
            "messages_to_send",
            "priority",
            "next_attempt_at",
            postgresql_where=sa.text("status IN ('queued', 'retrying', 'in_flight') AND channel <> 'hook'"),
        ),
        # One receiver that is down for a day must not make mails slow to find, so outgoing webhooks wait apart.
        sa.Index(
            "messages_hooks_to_send",
            "endpoint_id",
            "next_attempt_at",
            postgresql_where=sa.text("status IN ('queued', 'retrying', 'in_flight') AND channel = 'hook'"),
        ),
        sa.Index(
            "messages_dead_hooks", "give_up_at", postgresql_where=sa.text("status = 'failed' AND channel = 'hook'")
        ),
        sa.Index("messages_failed", "give_up_at", postgresql_where=sa.text("status = 'failed' AND channel = 'mail'")),
        sa.Index("messages_by_appointment", "appointment_id"),
        sa.Index("messages_by_location", "location_id", "id"),
        sa.Index("messages_by_time", "created_at"),
        sa.ForeignKeyConstraint(["location_id", "appointment_id"], ["appointments.location_id", "appointments.id"]),
        sa.ForeignKeyConstraint(["location_id", "meeting_id"], ["meetings.location_id", "meetings.id"]),
        sa.ForeignKeyConstraint(["location_id", "endpoint_id"], ["hook_endpoints.location_id", "hook_endpoints.id"]),
        sa.Index("messages_by_endpoint", "endpoint_id", "id", postgresql_where=sa.text("endpoint_id IS NOT NULL")),
        sa.CheckConstraint("(channel = 'hook') = (endpoint_id IS NOT NULL)", name="hooks_have_an_endpoint"),
    )

    id: Mapped[Id]
    location_id: Mapped[Annotated[int | None, mapped_column(sa.ForeignKey("locations.id"))]]
    appointment_id: Mapped[int | None]
    revision: Mapped[int | None]
    meeting_id: Mapped[int | None]
    endpoint_id: Mapped[int | None]  # of an outgoing webhook
    resend_of: Mapped[int | None]  # no foreign key: the original may have been purged
    to_host: Mapped[No]  # a copy of the client's mail; promises no minute and tells the client nothing
    dedupe_key: Mapped[Annotated[str, mapped_column(unique=True)]]
    channel: Mapped[str]
    kind: Mapped[str]
    priority: Mapped[Annotated[int, mapped_column(sa.SmallInteger)]]  # 0 first: join links
    recipient: Mapped[str]
    payload: Mapped[dict[str, Any]]
    status: Mapped[Annotated[str, mapped_column(server_default=states.Message.QUEUED)]]
    attempts: Mapped[Zero]
    next_attempt_at: Mapped[datetime]
    give_up_at: Mapped[datetime | None]
    in_flight_since: Mapped[datetime | None]
    claimed_by: Mapped[str | None]
    sequence: Mapped[int | None]  # of its calendar attachment, given when it is first claimed and kept for every try
    message_id: Mapped[str]  # the stable Message-ID, without the sender's domain: a doubled mail is recognised by it
    reason: Mapped[str | None]  # a short stable word that says why it failed or was dropped
    provider_reply: Mapped[str | None]
    created_at: Mapped[Now]
    sent_at: Mapped[datetime | None]


class InboxEvent(Base):
    """An event received from Zoom, once each. The body is kept as it came, encrypted: it holds names and secrets."""

    __tablename__ = "inbox"
    __table_args__ = (
        sa.Index("inbox_to_apply", "id", postgresql_where=sa.text("applied_at IS NULL")),
        sa.Index("inbox_by_meeting", "zoom_meeting_id", "id"),
        sa.Index("inbox_parked", "received_at", postgresql_where=sa.text("outcome = 'unknown_meeting'")),
        sa.Index("inbox_by_time", "received_at"),
        sa.Index("inbox_with_body", "received_at", postgresql_where=sa.text("body IS NOT NULL")),
    )

    id: Mapped[Id]
    key: Mapped[Annotated[str, mapped_column(unique=True)]]
    event: Mapped[str]
    zoom_meeting_id: Mapped[str | None]
    zoom_uuid: Mapped[str | None]
    zoom_account_id: Mapped[str | None]
    zoom_user_id: Mapped[str | None]  # the host's, or of an app_deauthorized the user's
    event_at: Mapped[Now]  # by Zoom's clock
    body: Mapped[bytes | None]  # encrypted; None once it was purged
    tracking_id: Mapped[str | None]
    received_at: Mapped[Now]
    applied_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class Event(Base):
    """One line of the timeline, written in the transaction of what it tells. Ids only, no personal data, no secrets."""

    __tablename__ = "events"
    __table_args__ = (
        sa.Index("events_by_appointment", "appointment_id", "id"),
        sa.Index("events_by_account", "account_id", "id"),
        sa.Index("events_by_time", "at"),
    )

    id: Mapped[Id]
    at: Mapped[datetime]
    kind: Mapped[str]
    actor: Mapped[str]
    location_id: Mapped[int | None]
    appointment_id: Mapped[int | None]
    account_id: Mapped[int | None]
    lease_id: Mapped[int | None]
    meeting_id: Mapped[int | None]
    message_id: Mapped[int | None]
    run_id: Mapped[str | None]
    tracking_id: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=sa.text("'{}'"))


class Alert(Base):
    """A condition that a person was told about; one open row per condition until it clears."""

    __tablename__ = "alerts"
    __table_args__ = (
        sa.Index(
            "alerts_one_open_per_condition", "condition", unique=True, postgresql_where=sa.text("cleared_at IS NULL")
        ),
        sa.Index("alerts_by_time", "raised_at"),
    )

    id: Mapped[Id]
    condition: Mapped[str]
    kind: Mapped[str]
    location_id: Mapped[Annotated[int | None, mapped_column(sa.ForeignKey("locations.id"))]]
    appointment_id: Mapped[int | None]
    account_id: Mapped[int | None]
    text: Mapped[str]
    next_step: Mapped[Annotated[str, mapped_column(server_default="")]]
    raised_at: Mapped[Now]
    cleared_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """The answer that was given to one write of one caller, so that its repetition gets the same.

    *answer* is encrypted, since it names people; without a *status* the write is still under way, or its process died.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (sa.Index("idempotency_keys_by_time", "created_at"),)

    caller: Mapped[Annotated[str, mapped_column(primary_key=True)]]
    key: Mapped[Annotated[str, mapped_column(primary_key=True)]]
    request_hash: Mapped[bytes]
    status: Mapped[int | None]
    answer: Mapped[bytes | None]
    created_at: Mapped[Now]
