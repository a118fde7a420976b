"""The two databases everything needs: the product's and Dagster's, on one server."""

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from core.db.embedded import DAGSTER_DATABASE, PRODUCT_DATABASE, ensure_database, url
from core.db.engine import DAGSTER_DRIVER, PRODUCT_DRIVER, with_driver
from core.db.migrate import upgrade
from core.errors import ConfigurationError
from core.settings import Settings


@dataclass(frozen=True)
class Databases:
    """The addresses of both, each with the driver its user needs."""

    product: str
    dagster: str


def embedded_databases(socket_dir: Path) -> Databases:
    """Create both on the embedded server if need be, and bring the product's to the newest schema."""
    for name in (PRODUCT_DATABASE, DAGSTER_DATABASE):
        ensure_database(socket_dir, name)
    found = Databases(url(socket_dir, PRODUCT_DATABASE, "psycopg"), url(socket_dir, DAGSTER_DATABASE, "psycopg2"))
    upgrade(found.product)
    return found


def given_databases(settings: Settings) -> Databases:
    """Bring the database at DATABASE_URL to the newest schema; Dagster's is created beside it unless it has a URL too.

    Raises ConfigurationError when the server does not answer or does not let us.
    """
    assert settings.database_url
    product = sa.make_url(with_driver(settings.database_url, PRODUCT_DRIVER))
    dagster = product.set(database=f"{product.database}_{DAGSTER_DATABASE}")
    try:
        if settings.dagster_database_url is None:
            _create_beside(product, str(dagster.database))
        upgrade(product.render_as_string(hide_password=False))
    except sa.exc.OperationalError as error:
        raise ConfigurationError(
            f"The server at DATABASE_URL does not answer: {_one_line(error)}",
            next_step="Start it, correct DATABASE_URL, or remove DATABASE_URL to use the embedded server.",
        ) from error
    given = settings.dagster_database_url or dagster.render_as_string(hide_password=False)
    return Databases(product.render_as_string(hide_password=False), with_driver(given, DAGSTER_DRIVER))


def _create_beside(product: sa.URL, name: str) -> None:
    engine = sa.create_engine(product, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
            return
        try:
            connection.execute(sa.text(f"CREATE DATABASE {engine.dialect.identifier_preparer.quote(name)}"))
        except sa.exc.ProgrammingError as error:
            raise ConfigurationError(
                f"Dagster's database {name} cannot be created: {_one_line(error)}.",
                next_step="Create it yourself, or set DAGSTER_DATABASE_URL to another one.",
            ) from error


def _one_line(error: sa.exc.DBAPIError) -> str:
    """The driver's words, which name the server but never the password."""
    return " ".join(str(error.orig).split())
