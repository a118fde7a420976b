"""Engines and sessions: where PostgreSQL is, with which driver, and for how long a statement may take."""

from functools import lru_cache

import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.errors import ConfigurationError

PRODUCT_DRIVER = "postgresql+psycopg"
# Dagster's NOTIFY binds its payload; psycopg 3 would bind it on the server, where NOTIFY takes no parameter.
DAGSTER_DRIVER = "postgresql+psycopg2"

POOL_SIZE = 8
TIMEOUTS = {
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
}


def with_driver(url: str, driver: str) -> str:
    """*url* with *driver* in its scheme; bare `postgresql://` means a different driver to every library."""
    scheme, separator, rest = url.partition("://")
    if not separator or not scheme.startswith("postgres"):
        raise ConfigurationError(
            "DATABASE_URL is not a PostgreSQL address.",
            next_step="Write it as postgresql://user:password@host:5432/name.",
        )
    return f"{driver}://{rest}"


@lru_cache(maxsize=4)
def engine_for(url: str) -> sa.Engine:
    """The one engine of this process for *url*; at most eight connections, every statement with a time limit."""
    options = " ".join(f"-c {name}={value}" for name, value in TIMEOUTS.items())
    engine = sa.create_engine(
        with_driver(url, PRODUCT_DRIVER),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_pre_ping=True,
        pool_recycle=1800,
        hide_parameters=True,  # errors reach logs and Dagster's pages; values are links, passcodes and people
        connect_args={"options": f"{options} -c timezone=UTC", "connect_timeout": 5, "application_name": "zoompool"},
    )
    sa.event.listen(engine, "handle_error", _leave_out_the_row)
    return engine


def _leave_out_the_row(context: sa.engine.ExceptionContext) -> None:
    """PostgreSQL quotes the whole row that a constraint refuses; what was refused, and which constraint, is enough."""
    original, shown = context.original_exception, context.sqlalchemy_exception
    if shown is not None and isinstance(original, psycopg.Error) and original.diag.message_primary:
        original.args = (original.diag.message_primary,)
        shown.args = (f"({type(original).__name__}) {original.diag.message_primary}",)


def sessions_for(url: str) -> sessionmaker[Session]:
    """A factory of sessions on `engine_for(url)`. Objects stay readable after the commit: they carry facts, not
    handles."""
    return sessionmaker(engine_for(url), expire_on_commit=False)
