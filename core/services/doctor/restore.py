"""What has to be done before a restored database is put to work: the world went on without it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Account
from core.db.sql import statements
from core.errors import NeedsReauth
from core.services.timeline import note
from core.services.tokens import Tokens

AT_ONCE = 100  # accounts


@dataclass(frozen=True)
class AfterRestore:
    """What was done.

    *leases* are asked about, *meetings* deleted or looked for (again). *messages* were waiting when the backup was
    taken and may have left since. Of the accounts *refreshed* work, *reconnect* (addresses) need a person, *unanswered*
    are tried again by themselves.
    """

    installation_id: str
    leases: int
    meetings: int
    messages: int
    dropped: bool
    refreshed: int
    reconnect: tuple[str, ...]
    unanswered: tuple[str, ...]


def after_restore(
    sessions: sessionmaker[Session],
    tokens: Tokens,
    *,
    drop_messages: bool,
    actor: str,
    clock: Callable[[], datetime],
) -> AfterRestore:
    """Make a restored database safe to use. Nothing else may be running on it; doing it twice does no harm.

    Afterwards allocation is paused until a person resumes it. Messages that were waiting leave as soon as the daemon
    runs, some of them for the second time (under the same Message-ID), unless *drop_messages*.
    """
    now = clock()
    with sessions.begin() as session:
        sql, given = statements("restore"), {"now": now}
        installation_id = str(session.scalar(sql["new_installation"], {**given, "actor": actor}))
        leases = len(session.execute(sql["ask_about_leases"], given).all())
        doubted = len(session.execute(sql["doubt_intents"]).all())
        owed = len(session.execute(sql["settle_now"], given).all())
        messages = len(session.execute(sql["waiting_messages"]).all())
        if drop_messages:
            session.execute(sql["drop_messages"])
        accounts = list(session.scalars(sql["expire_tokens"], given))
        note(session, "restored", at=now, actor=actor, leases=leases, messages=messages, dropped=drop_messages)
        emails = dict(session.execute(sa.select(Account.id, Account.email)).all())
    refreshed = 0
    dead: list[str] = []
    unanswered: list[str] = []
    for start in range(0, len(accounts), AT_ONCE):
        fresh = tokens.fresh(accounts[start : start + AT_ONCE], now=clock(), actor=actor)
        refreshed += len(fresh.ready)
        for account, error in fresh.failed.items():
            (dead if isinstance(error, NeedsReauth) else unanswered).append(emails[account])
    return AfterRestore(
        installation_id,
        leases,
        doubted + owed,
        messages,
        drop_messages,
        refreshed,
        reconnect=tuple(sorted(dead)),
        unanswered=tuple(sorted(unanswered)),
    )
