"""People who sign in, their roles and a host's own locations."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Two tables beside everything that is."""
    at = sa.DateTime(timezone=True)
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("role_by_hand", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("signed_in_at", at, nullable=False),
        sa.Column("not_before", at, nullable=True),
        sa.Column("disabled_at", at, nullable=True),
        sa.Column("last_seen_at", at, nullable=False),
        sa.Column("created_at", at, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("role IN ('host', 'support', 'operations', 'engineer', 'admin')", name=op.f("people_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("people_pkey")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("people_issuer_subject_key")),
        sa.UniqueConstraint("name", name=op.f("people_name_key")),
    )
    op.create_table(
        "people_locations",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("people_locations_person_id_fkey")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("people_locations_location_id_fkey")),
        sa.PrimaryKeyConstraint("person_id", "location_id", name=op.f("people_locations_pkey")),
    )
