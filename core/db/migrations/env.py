"""Runs the migrations on the connection that `core.db.migrate` hands over."""

from alembic import context

from core.db.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=False)
with context.begin_transaction():
    context.run_migrations()
