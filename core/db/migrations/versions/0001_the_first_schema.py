"""The first schema. Migrations go forward only: the way back is the backup taken before the upgrade."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("appointment_id", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("lease_id", sa.BigInteger(), nullable=True),
        sa.Column("meeting_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("tracking_id", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("events_pkey")),
    )
    op.create_index("events_by_account", "events", ["account_id", "id"], unique=False)
    op.create_index("events_by_appointment", "events", ["appointment_id", "id"], unique=False)
    op.create_index("events_by_time", "events", ["at"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("idempotency_keys_pkey")),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("zoom_meeting_id", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("tracking_id", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("inbox_pkey")),
        sa.UniqueConstraint("key", name=op.f("inbox_key_key")),
    )
    op.create_index("inbox_by_meeting", "inbox", ["zoom_meeting_id", "id"], unique=False)
    op.create_index("inbox_to_apply", "inbox", ["id"], unique=False, postgresql_where=sa.text("applied_at IS NULL"))
    op.create_table(
        "installation",
        sa.Column("only_row", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("installation_id", sa.Text(), nullable=False),
        sa.Column("allocation_paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("allocation_paused_by", sa.Text(), nullable=True),
        sa.Column("allocation_paused_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("only_row", name=op.f("installation_only_row")),
        sa.PrimaryKeyConstraint("only_row", name=op.f("installation_pkey")),
    )
    op.create_table(
        "locations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("recording_hold_limit", sa.Interval(), nullable=True),
        sa.Column("allocation_paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("allocation_paused_by", sa.Text(), nullable=True),
        sa.Column("allocation_paused_reason", sa.Text(), nullable=True),
        sa.Column("row_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('active', 'suspended')", name=op.f("locations_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("locations_pkey")),
        sa.UniqueConstraint("name", name=op.f("locations_name_key")),
    )
    op.create_table(
        "zoom_budget",
        sa.Column("zoom_user_id", sa.Text(), nullable=False),
        sa.Column("utc_day", sa.Date(), nullable=False),
        sa.Column("creates", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("zoom_user_id", "utc_day", name=op.f("zoom_budget_pkey")),
    )
    op.create_table(
        "zoom_limits",
        sa.Column("zoom_account_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("zoom_account_id", "label", name=op.f("zoom_limits_pkey")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("appointment_id", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("alerts_location_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("alerts_pkey")),
    )
    op.create_index(
        "alerts_one_open_per_condition",
        "alerts",
        ["condition"],
        unique=True,
        postgresql_where=sa.text("cleared_at IS NULL"),
    )
    op.create_table(
        "calendars",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("meeting_location", sa.Text(), nullable=False),
        sa.Column("meeting_detail", sa.Text(), nullable=True),
        sa.Column("default_minutes", sa.BigInteger(), server_default="30", nullable=False),
        sa.Column("copy_to_host", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("host_email", sa.Text(), nullable=True),
        sa.Column("row_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "meeting_location IN ('zoom', 'phone', 'google_meet', 'custom')", name=op.f("calendars_meeting_location")
        ),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("calendars_location_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("calendars_pkey")),
        sa.UniqueConstraint("location_id", "id", name=op.f("calendars_location_id_id_key")),
        sa.UniqueConstraint("location_id", "name", name=op.f("calendars_location_id_name_key")),
    )
    op.create_table(
        "seats",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("seats_email_lower_case")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("seats_location_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("seats_pkey")),
        sa.UniqueConstraint("location_id", "id", name=op.f("seats_location_id_id_key")),
    )
    op.create_index("seats_by_location", "seats", ["location_id"], unique=False)
    op.create_index(
        "seats_one_issued_per_email", "seats", ["email"], unique=True, postgresql_where=sa.text("taken_back_at IS NULL")
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("seat_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("zoom_account_id", sa.Text(), nullable=False),
        sa.Column("zoom_user_id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("benched_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bench_reason", sa.Text(), nullable=True),
        sa.Column("busy_elsewhere_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idle_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "connection IN ('connected', 'draining', 'needs_reauth', 'disconnected')", name=op.f("accounts_connection")
        ),
        sa.ForeignKeyConstraint(
            ["location_id", "seat_id"],
            ["seats.location_id", "seats.id"],
            name=op.f("accounts_location_id_seat_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("accounts_location_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("accounts_pkey")),
        sa.UniqueConstraint("location_id", "id", name=op.f("accounts_location_id_id_key")),
        sa.UniqueConstraint("seat_id", name=op.f("accounts_seat_id_key")),
    )
    op.create_index(
        "accounts_by_location",
        "accounts",
        ["location_id", "idle_since"],
        unique=False,
        postgresql_where=sa.text("connection = 'connected'"),
    )
    op.create_table(
        "appointments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("client_name", sa.Text(), nullable=False),
        sa.Column("client_email", sa.Text(), nullable=False),
        sa.Column("client_zone", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("status", sa.Text(), server_default="booked", nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_detail", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("isolated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("isolation", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("isolation_claimed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_recorded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("row_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "link IN ('not_needed', 'not_due', 'waiting', 'opening', 'ready', 'failed', 'missed', 'ended')",
            name=op.f("appointments_link"),
        ),
        sa.CheckConstraint(
            "status IN ('booked', 'cancelled', 'completed', 'no_show', 'missed')", name=op.f("appointments_status")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("appointments_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["location_id", "calendar_id"],
            ["calendars.location_id", "calendars.id"],
            name=op.f("appointments_location_id_calendar_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("appointments_location_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("appointments_pkey")),
        sa.UniqueConstraint("location_id", "external_id", name=op.f("appointments_location_id_external_id_key")),
        sa.UniqueConstraint("location_id", "id", name=op.f("appointments_location_id_id_key")),
    )
    op.create_index("appointments_by_calendar", "appointments", ["calendar_id", "starts_at"], unique=False)
    op.create_index("appointments_by_location", "appointments", ["location_id", "starts_at", "id"], unique=False)
    op.create_index(
        "appointments_text",
        "appointments",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, "
                "(((external_id || ' '::text) || client_name) || ' '::text) || client_email)"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "appointments_unopened",
        "appointments",
        ["starts_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'booked' AND link IN ('not_due', 'waiting', 'opening', 'failed')"),
    )
    op.create_index(
        "appointments_unopened_by_location",
        "appointments",
        ["location_id", "starts_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'booked' AND link IN ('not_due', 'waiting', 'opening', 'failed')"),
    )
    op.create_table(
        "oauth_states",
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("seat_id", sa.BigInteger(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=True),
        sa.Column("code_verifier", sa.LargeBinary(), nullable=False),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_id", "seat_id"],
            ["seats.location_id", "seats.id"],
            name=op.f("oauth_states_location_id_seat_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("oauth_states_pkey")),
    )
    op.create_table(
        "appointment_revisions",
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("link_ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mail_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_id", "appointment_id"],
            ["appointments.location_id", "appointments.id"],
            name=op.f("appointment_revisions_location_id_appointment_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("appointment_id", "revision", name=op.f("appointment_revisions_pkey")),
    )
    op.create_table(
        "connection_periods",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_id", "account_id"],
            ["accounts.location_id", "accounts.id"],
            name=op.f("connection_periods_location_id_account_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("connection_periods_pkey")),
    )
    op.create_index("connection_periods_by_account", "connection_periods", ["account_id", "from_at"], unique=False)
    op.create_index(
        "connection_periods_one_open_per_account",
        "connection_periods",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("to_at IS NULL"),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("zoom_account_id", sa.Text(), nullable=False),
        sa.Column("zoom_user_id", sa.Text(), nullable=False),
        sa.Column("access_token", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("access_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_id", "account_id"],
            ["accounts.location_id", "accounts.id"],
            name=op.f("grants_location_id_account_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("grants_pkey")),
    )
    op.create_index(
        "grants_one_live_per_account",
        "grants",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "grants_one_live_per_zoom_user",
        "grants",
        ["zoom_account_id", "zoom_user_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "leases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("account_idle_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("free_accounts", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_by_run", sa.Text(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("live_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cooldown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cooldown_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_reason", sa.Text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'released') = (released_at IS NOT NULL)", name=op.f("leases_released_when_released")
        ),
        sa.CheckConstraint(
            "state <> 'cooldown' OR cooldown_until IS NOT NULL", name=op.f("leases_cooldown_has_an_end")
        ),
        sa.CheckConstraint(
            "state IN ('reserved', 'ready', 'live', 'processing', 'cooldown', 'closing', 'released')",
            name=op.f("leases_state"),
        ),
        sa.CheckConstraint(
            "(released_at IS NULL) = (release_reason IS NULL)", name=op.f("leases_released_with_reason")
        ),
        sa.ForeignKeyConstraint(
            ["location_id", "account_id"],
            ["accounts.location_id", "accounts.id"],
            name=op.f("leases_location_id_account_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id", "appointment_id"],
            ["appointments.location_id", "appointments.id"],
            name=op.f("leases_location_id_appointment_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("leases_pkey")),
        sa.UniqueConstraint("location_id", "id", name=op.f("leases_location_id_id_key")),
    )
    op.create_index("leases_by_account", "leases", ["account_id", "reserved_at"], unique=False)
    op.create_index("leases_by_appointment", "leases", ["appointment_id"], unique=False)
    op.create_index(
        "leases_claimed", "leases", ["claimed_by_run"], unique=False, postgresql_where=sa.text("state = 'reserved'")
    )
    op.create_index(
        "leases_one_open_per_account",
        "leases",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index(
        "leases_one_open_per_appointment_revision",
        "leases",
        ["appointment_id", "revision"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index(
        "leases_reserved", "leases", ["claimed_until"], unique=False, postgresql_where=sa.text("state = 'reserved'")
    )
    op.create_table(
        "meetings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("lease_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("zoom_meeting_id", sa.Text(), nullable=True),
        sa.Column("zoom_uuid", sa.Text(), nullable=True),
        sa.Column("join_url", sa.Text(), nullable=True),
        sa.Column("passcode", sa.LargeBinary(), nullable=True),
        sa.Column("recorded", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("adopted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("absent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("intended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deletion_wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('intended', 'created', 'deleting', 'gone', 'unknown')", name=op.f("meetings_state")
        ),
        sa.ForeignKeyConstraint(
            ["location_id", "account_id"],
            ["accounts.location_id", "accounts.id"],
            name=op.f("meetings_location_id_account_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id", "lease_id"],
            ["leases.location_id", "leases.id"],
            name=op.f("meetings_location_id_lease_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("meetings_pkey")),
        sa.UniqueConstraint("location_id", "id", name=op.f("meetings_location_id_id_key")),
        sa.UniqueConstraint("reference", name=op.f("meetings_reference_key")),
    )
    op.create_index("meetings_by_lease", "meetings", ["lease_id"], unique=False)
    op.create_index(
        "meetings_to_settle",
        "meetings",
        ["account_id", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('deleting', 'unknown')"),
    )
    op.create_index("meetings_zoom_id", "meetings", ["zoom_meeting_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("appointment_id", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.Column("meeting_id", sa.BigInteger(), nullable=True),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("give_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("in_flight_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("provider_reply", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('mail', 'hook', 'alert')", name=op.f("messages_channel")),
        sa.CheckConstraint(
            "status IN ('queued', 'in_flight', 'retrying', 'sent', 'failed', 'dropped')", name=op.f("messages_status")
        ),
        sa.ForeignKeyConstraint(
            ["location_id", "appointment_id"],
            ["appointments.location_id", "appointments.id"],
            name=op.f("messages_location_id_appointment_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id", "meeting_id"],
            ["meetings.location_id", "meetings.id"],
            name=op.f("messages_location_id_meeting_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("messages_location_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("messages_pkey")),
        sa.UniqueConstraint("dedupe_key", name=op.f("messages_dedupe_key_key")),
    )
    op.create_index("messages_by_appointment", "messages", ["appointment_id"], unique=False)
    op.create_index("messages_by_location", "messages", ["location_id", "id"], unique=False)
    op.create_index(
        "messages_to_send",
        "messages",
        ["priority", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'retrying', 'in_flight')"),
    )
    op.execute("INSERT INTO installation (installation_id) VALUES (replace(gen_random_uuid()::text, '-', ''))")
