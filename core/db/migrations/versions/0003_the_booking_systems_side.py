"""The booking system's side: API keys, outgoing webhooks, confirmations, copies and calendar attachments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0003"
down_revision = "0002"

# One line of the timeline, told to whoever registered for it. In the database and nowhere else, because lines are
# written by many statements: so none can be forgotten, and no webhook can announce what was rolled back (ADR 11).
# The kinds and events are those of core/domain/hook_events.py.
QUEUE_HOOKS = """
CREATE FUNCTION queue_hooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM hook_endpoints WHERE disabled_at IS NULL) THEN
        RETURN NULL;
    END IF;
    INSERT INTO messages (location_id, appointment_id, revision, meeting_id, endpoint_id, dedupe_key, channel, kind,
                          priority, recipient, payload, next_attempt_at, message_id, created_at)
    SELECT e.location_id, a.id, CASE WHEN a.id IS NOT NULL THEN coalesce(l.revision, a.revision) END,
           CASE WHEN a.id IS NOT NULL THEN e.meeting_id END, h.id, k.dedupe_key, 'hook', e.hook, 2, h.url,
           jsonb_build_object('event_id', e.id, 'at', e.at, 'actor', e.actor, 'account_id', e.account_id,
                              'detail', e.detail),
           -- What Zoom dates may be long past, or ahead of our clock, which must not hold it back.
           least(e.at, now()),
           'zp-' || i.installation_id || '-' || left(encode(sha256(convert_to(k.dedupe_key, 'UTF8')), 'hex'), 24),
           now()
    FROM (
        SELECT n.*, CASE n.kind
            WHEN 'appointment_booked' THEN 'appointment.booked'
            WHEN 'appointment_rescheduled' THEN 'appointment.rescheduled'
            WHEN 'appointment_end_changed' THEN 'appointment.rescheduled'
            WHEN 'appointment_cancelled' THEN 'appointment.cancelled'
            WHEN 'link_waiting' THEN 'appointment.waiting'
            -- A link of the same revision was told before: whoever has kept it has to forget it.
            WHEN 'link_ready' THEN CASE WHEN EXISTS (
                SELECT FROM leases AS mine
                JOIN events AS p ON p.appointment_id = n.appointment_id AND p.id < n.id AND p.kind = 'link_ready'
                JOIN leases AS o ON o.id = p.lease_id
                WHERE mine.id = n.lease_id AND o.revision = mine.revision)
                THEN 'appointment.link_replaced' ELSE 'appointment.link_ready' END
            WHEN 'link_failed' THEN 'appointment.link_failed'
            WHEN 'link_missed' THEN 'appointment.missed'
            WHEN 'meeting_live' THEN 'appointment.live'
            -- What was held unnoticed before the end that was told is no second end.
            WHEN 'meeting_over' THEN CASE WHEN n.detail ->> 'was' IS DISTINCT FROM 'cooldown'
                THEN 'appointment.ended' END
            -- Nothing is recorded: its account cools down at once.
            WHEN 'account_cooling' THEN CASE WHEN n.detail ->> 'was' IN ('ready', 'live') THEN 'appointment.ended' END
            WHEN 'meeting_left_behind' THEN 'appointment.ended'
            WHEN 'no_show' THEN 'appointment.no_show'
            WHEN 'recording_attached' THEN 'appointment.recording_ready'
            WHEN 'account_needs_reauth' THEN 'account.needs_attention'
            -- A bench that a person ordered (as somebody: *role*) is that person's business.
            WHEN 'account_benched' THEN CASE WHEN NOT n.detail ? 'role' THEN 'account.needs_attention' END
        END AS hook
        FROM new_events AS n
    ) AS e
    JOIN hook_endpoints AS h ON h.location_id = e.location_id AND h.disabled_at IS NULL
        AND (h.events IS NULL OR e.hook = ANY (h.events))
    -- The run that found an account unfit was about an appointment; what is told is about the account.
    LEFT JOIN appointments AS a ON a.id = e.appointment_id AND e.hook LIKE 'appointment.%'
    LEFT JOIN leases AS l ON l.id = e.lease_id
    CROSS JOIN installation AS i
    CROSS JOIN LATERAL (SELECT 'hook:' || h.id || ':' || e.id AS dedupe_key) AS k
    WHERE e.hook IS NOT NULL
    ORDER BY e.id
    ON CONFLICT (dedupe_key) DO NOTHING;
    RETURN NULL;
END $$
"""
ON_EVENTS = """
CREATE TRIGGER events_queue_hooks AFTER INSERT ON events
REFERENCING NEW TABLE AS new_events FOR EACH STATEMENT EXECUTE FUNCTION queue_hooks()
"""

# Of an account over time: what it does under a lease, what it is without one, and whether it can be leased at all.
STATES = (
    "reserved",
    "ready",
    "live",
    "processing",
    "cooldown",
    "closing",
    "connected",
    "busy_elsewhere",
    "quarantined",
    "needs_reauth",
    "draining",
    "usable",
)


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("all_locations", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("per_minute", sa.BigInteger(), server_default="600", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("access IN ('read', 'book', 'admin')", name=op.f("api_keys_access")),
        sa.CheckConstraint("per_minute > 0", name=op.f("api_keys_some_requests_per_minute")),
        sa.PrimaryKeyConstraint("id", name=op.f("api_keys_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("api_keys_public_id_key")),
    )
    op.create_index(
        "api_keys_one_of_a_name", "api_keys", ["name"], unique=True, postgresql_where=sa.text("revoked_at IS NULL")
    )
    op.create_table(
        "api_key_locations",
        sa.Column("api_key_id", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_keys.id"], name=op.f("api_key_locations_api_key_id_fkey")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("api_key_locations_location_id_fkey")),
        sa.PrimaryKeyConstraint("api_key_id", "location_id", name=op.f("api_key_locations_pkey")),
    )
    op.create_table(
        "hook_endpoints",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", ARRAY(sa.Text()), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("hook_endpoints_location_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("hook_endpoints_pkey")),
        sa.UniqueConstraint("location_id", "id", name=op.f("hook_endpoints_location_id_id_key")),
        sa.CheckConstraint(
            "removed_at IS NULL OR disabled_at IS NOT NULL", name=op.f("hook_endpoints_removed_ones_are_disabled")
        ),
    )
    op.create_index(
        "hook_endpoints_one_per_url",
        "hook_endpoints",
        ["location_id", "url"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.add_column("locations", sa.Column("confirm_bookings", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("locations", sa.Column("refuse_when_short", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("appointments", sa.Column("booked_as", sa.LargeBinary(), nullable=True))
    op.add_column("appointments", sa.Column("ical_sequence", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("appointments_by_time", "appointments", ["starts_at", "id"], unique=False)
    op.drop_index("appointments_by_calendar", "appointments")
    op.create_index("appointments_by_calendar", "appointments", ["calendar_id", "starts_at", "id"], unique=False)
    op.create_index(
        "appointments_by_state",
        "appointments",
        ["location_id", "status", "link", "starts_at", "id"],
        unique=False,
    )
    op.add_column("messages", sa.Column("endpoint_id", sa.BigInteger(), nullable=True))
    op.add_column("messages", sa.Column("resend_of", sa.BigInteger(), nullable=True))
    op.add_column("messages", sa.Column("to_host", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("messages", sa.Column("sequence", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("messages_location_id_endpoint_id_fkey"),
        "messages",
        "hook_endpoints",
        ["location_id", "endpoint_id"],
        ["location_id", "id"],
    )
    op.create_check_constraint(
        op.f("messages_hooks_have_an_endpoint"), "messages", "(channel = 'hook') = (endpoint_id IS NOT NULL)"
    )
    op.create_index(
        "messages_by_endpoint",
        "messages",
        ["endpoint_id", "id"],
        unique=False,
        postgresql_where=sa.text("endpoint_id IS NOT NULL"),
    )
    # Outgoing webhooks wait apart: one receiver that is down for a day must not make mails slow to find.
    op.drop_index("messages_to_send", table_name="messages")
    op.create_index(
        "messages_to_send",
        "messages",
        ["priority", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'retrying', 'in_flight') AND channel <> 'hook'"),
    )
    op.create_index(
        "messages_hooks_to_send",
        "messages",
        ["endpoint_id", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'retrying', 'in_flight') AND channel = 'hook'"),
    )
    op.create_index(
        "messages_dead_hooks",
        "messages",
        ["give_up_at"],
        unique=False,
        postgresql_where=sa.text("status = 'failed' AND channel = 'hook'"),
    )
    op.create_index(
        "messages_failed",
        "messages",
        ["give_up_at"],
        unique=False,
        postgresql_where=sa.text("status = 'failed' AND channel = 'mail'"),
    )
    # Nobody has written here yet; what an answer names is kept encrypted.
    op.drop_column("idempotency_keys", "answer")
    op.add_column("idempotency_keys", sa.Column("answer", sa.LargeBinary(), nullable=True))
    op.create_index("idempotency_keys_by_time", "idempotency_keys", ["created_at"], unique=False)
    op.execute(QUEUE_HOOKS)
    op.execute(ON_EVENTS)
    keep_history()


def keep_history() -> None:
    """What is kept so that months of the past can be shown at once."""
    op.create_table(
        "pool_hours",
        sa.Column("scope", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("peak", sa.BigInteger(), nullable=False),
        *(sa.Column(state, sa.Double(), nullable=False) for state in STATES),
        sa.PrimaryKeyConstraint("scope", "from_at", name=op.f("pool_hours_pkey")),
    )
    op.create_table(
        "what_if_results",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("steps", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("past", JSONB(), nullable=True),
        sa.Column("booked", JSONB(), nullable=True),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("what_if_results_location_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("what_if_results_pkey")),
    )
    op.create_index("what_if_results_by_location", "what_if_results", ["location_id", "id"], unique=False)
    op.create_index(
        "what_if_results_one_under_way",
        "what_if_results",
        ["location_id"],
        unique=True,
        postgresql_where=sa.text("computed_at IS NULL AND failed_at IS NULL"),
    )
    op.create_index("leases_by_time", "leases", ["reserved_at"], unique=False)
    op.create_index(
        "appointment_revisions_judged",
        "appointment_revisions",
        ["due_at"],
        unique=False,
        postgresql_include=["location_id", "outcome", "cause"],
        postgresql_where=sa.text("outcome IN ('on_time', 'late', 'missed')"),
    )
    op.create_index(
        "recordings_attached",
        "recordings",
        ["sought_since"],
        unique=False,
        postgresql_include=["location_id", "final_at"],
        postgresql_where=sa.text("outcome = 'attached'"),
    )
