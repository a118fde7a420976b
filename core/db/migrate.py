"""Bring a database to the schema of this version."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.db.engine import PRODUCT_DRIVER, with_driver
from core.errors import ConfigurationError

MIGRATIONS = Path(__file__).with_name("migrations")
OLDEST = 160000
LOCK = 7_311_902  # any number; two migrations at once wait for each other


def alembic_config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration, without an ini file: it has nothing that the code does not know."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(database_url: str) -> None:
    """Migrate the database at *database_url* to the newest schema, one process at a time.

    Raises:
        ConfigurationError: the server is older than PostgreSQL 16.
    """
    engine = sa.create_engine(with_driver(database_url, PRODUCT_DRIVER), poolclass=sa.NullPool)
    with engine.connect() as connection:
        version = connection.scalar(sa.text("SELECT current_setting('server_version_num')::int"))
        if version is None or version < OLDEST:
            raise ConfigurationError(
                f"The PostgreSQL server is too old ({version}).", next_step="Use PostgreSQL 16 or newer."
            )
        connection.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        command.upgrade(alembic_config(connection), "head")
        connection.commit()


def is_current(connection: sa.Connection) -> bool:
    """Whether the database has the newest schema."""
    heads = ScriptDirectory.from_config(alembic_config()).get_heads()
    return set(MigrationContext.configure(connection).get_current_heads()) == set(heads)
