"""Where the pages get their sessions: this process's own database, and nothing else."""

from sqlalchemy.orm import Session, sessionmaker

from core.db.engine import sessions_for
from core.settings import get_settings


def sessions() -> sessionmaker[Session]:
    """The factory of sessions of this process."""
    return sessions_for(get_settings().database_url or "")
