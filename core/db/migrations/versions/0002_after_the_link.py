"""What comes after the link: instances, recordings and their files, and what the lifecycle looks at and asks about."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "meeting_instances",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("meeting_id", sa.BigInteger(), nullable=False),
        sa.Column("zoom_uuid", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_sign_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("recording_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("events", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("meeting_instances_ended_by_somebody")),
        sa.ForeignKeyConstraint(
            ["location_id", "meeting_id"],
            ["meetings.location_id", "meetings.id"],
            name=op.f("meeting_instances_location_id_meeting_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("meeting_instances_pkey")),
        sa.UniqueConstraint("meeting_id", "zoom_uuid", name=op.f("meeting_instances_meeting_id_zoom_uuid_key")),
    )
    op.create_index("meeting_instances_by_uuid", "meeting_instances", ["zoom_uuid"], unique=False)
    op.create_table(
        "recordings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("meeting_id", sa.BigInteger(), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("zoom_uuid", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="sought", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("sought_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("share_url", sa.Text(), nullable=True),
        sa.Column("passcode", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("total_size", sa.BigInteger(), nullable=True),
        sa.Column("auto_delete_on", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("none_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recheck_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('sought', 'attached', 'none_made', 'failed', 'gave_up')", name=op.f("recordings_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["location_id", "account_id"],
            ["accounts.location_id", "accounts.id"],
            name=op.f("recordings_location_id_account_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id", "appointment_id"],
            ["appointments.location_id", "appointments.id"],
            name=op.f("recordings_location_id_appointment_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id", "meeting_id"],
            ["meetings.location_id", "meetings.id"],
            name=op.f("recordings_location_id_meeting_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("recordings_pkey")),
        sa.UniqueConstraint("location_id", "id", name=op.f("recordings_location_id_id_key")),
        sa.UniqueConstraint("meeting_id", "zoom_uuid", name=op.f("recordings_meeting_id_zoom_uuid_key")),
    )
    op.create_index("recordings_by_appointment", "recordings", ["appointment_id"], unique=False)
    op.create_index(
        "recordings_sought", "recordings", ["account_id"], unique=False, postgresql_where=sa.text("outcome = 'sought'")
    )
    op.create_index(
        "recordings_to_ask",
        "recordings",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_index(
        "recordings_to_recheck",
        "recordings",
        ["recheck_at"],
        unique=False,
        postgresql_where=sa.text("recheck_at IS NOT NULL"),
    )
    op.create_table(
        "recording_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("recording_id", sa.BigInteger(), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("zoom_file_id", sa.Text(), nullable=True),
        sa.Column("file_type", sa.Text(), nullable=False),
        sa.Column("file_extension", sa.Text(), nullable=True),
        sa.Column("recording_type", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("recorded_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("play_url", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archive_path", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_id", "recording_id"],
            ["recordings.location_id", "recordings.id"],
            name=op.f("recording_files_location_id_recording_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("recording_files_pkey")),
        sa.UniqueConstraint("recording_id", "file_key", name=op.f("recording_files_recording_id_file_key_key")),
    )
    op.create_index(
        "recording_files_to_archive",
        "recording_files",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("archived_at IS NULL AND next_attempt_at IS NOT NULL"),
    )
    op.add_column("accounts", sa.Column("busy_elsewhere_with", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("probed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "accounts_busy_elsewhere",
        "accounts",
        ["probed_at"],
        unique=False,
        postgresql_where=sa.text("busy_elsewhere_since IS NOT NULL"),
    )
    op.create_index("accounts_by_zoom_user", "accounts", ["zoom_user_id"], unique=False)
    op.create_index(
        "accounts_draining", "accounts", ["id"], unique=False, postgresql_where=sa.text("connection = 'draining'")
    )
    op.add_column("alerts", sa.Column("next_step", sa.Text(), server_default="", nullable=False))
    op.create_index("alerts_by_time", "alerts", ["raised_at"], unique=False)
    op.add_column("grants", sa.Column("revoke_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "grants_to_revoke", "grants", ["revoke_at"], unique=False, postgresql_where=sa.text("revoke_at IS NOT NULL")
    )
    op.add_column("inbox", sa.Column("zoom_uuid", sa.Text(), nullable=True))
    op.add_column("inbox", sa.Column("zoom_account_id", sa.Text(), nullable=True))
    op.add_column("inbox", sa.Column("zoom_user_id", sa.Text(), nullable=True))
    op.add_column(
        "inbox", sa.Column("event_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
    )
    op.alter_column("inbox", "body", existing_type=sa.LargeBinary(), nullable=True)
    op.create_index("inbox_by_time", "inbox", ["received_at"], unique=False)
    op.create_index(
        "inbox_parked", "inbox", ["received_at"], unique=False, postgresql_where=sa.text("outcome = 'unknown_meeting'")
    )
    op.add_column("installation", sa.Column("deletion_stopped_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("installation", sa.Column("deletion_stopped_reason", sa.Text(), nullable=True))
    op.add_column("leases", sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("leases", sa.Column("look_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("leases", sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "leases_to_ask_about", "leases", ["ask_at"], unique=False, postgresql_where=sa.text("ask_at IS NOT NULL")
    )
    op.create_index(
        "leases_to_look_at", "leases", ["look_at"], unique=False, postgresql_where=sa.text("look_at IS NOT NULL")
    )
    op.add_column("meetings", sa.Column("zoom_status", sa.Text(), nullable=True))
    op.add_column("meetings", sa.Column("zoom_status_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("meetings", sa.Column("not_found_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("meetings", sa.Column("portal_deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("appointments_missed", "appointments", ["starts_at"], postgresql_where=sa.text("status = 'missed'"))
    op.create_index("meetings_created", "meetings", ["lease_id"], postgresql_where=sa.text("state = 'created'"))
    op.create_index(
        "recordings_lost", "recordings", ["final_at"], postgresql_where=sa.text("outcome IN ('failed', 'gave_up')")
    )
    op.create_index("inbox_with_body", "inbox", ["received_at"], postgresql_where=sa.text("body IS NOT NULL"))
    op.create_index("messages_by_time", "messages", ["created_at"])
    # Leases that are under way: the lifecycle looks at them for the first time.
    op.execute("UPDATE leases SET look_at = now() WHERE released_at IS NULL AND state IN ('ready', 'live')")
