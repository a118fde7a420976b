"""Where the pages and routes get their sessions: this process's own database, and nothing else."""

from sqlalchemy.orm import Session, sessionmaker

from core.wiring import wiring


def sessions() -> sessionmaker[Session]:
    """The factory of sessions of this process. Raises `ConfigurationError` where no database is set."""
    return wiring().sessions
