"""Encrypt everything that is stored with the newest key, so that an older one can be taken off the list."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Grant, HookEndpoint, IdempotencyKey, InboxEvent, Meeting, OAuthState, Recording
from core.services.grants import WAIT_FOR_REFRESHER
from core.zoom.vault import TokenVault

BATCH = 200
# Every table that holds something encrypted, and the columns.
SEALED: tuple[tuple[type[Any], tuple[str, ...]], ...] = (
    (Grant, ("access_token", "refresh_token")),
    (Meeting, ("passcode",)),
    (OAuthState, ("code_verifier",)),
    (Recording, ("passcode",)),
    (InboxEvent, ("body",)),
    (IdempotencyKey, ("answer",)),
    (HookEndpoint, ("secret", "previous_secret")),
)


def rotate_keys(sessions: sessionmaker[Session], vault: TokenVault) -> int:
    """Encrypt all tokens, passcodes, code verifiers, events and kept answers anew; returns how many rows held any.

    May run while everything works: rows are locked a few at a time, and whoever writes meanwhile uses the newest key
    already. Run again after an interruption, it does no harm.

    Raises:
        ConfigurationError: something cannot be read with any key; what came before it is done.
    """
    return sum(_rotate_table(sessions, vault, *sealed) for sealed in SEALED)


def _rotate_table(sessions: sessionmaker[Session], vault: TokenVault, table: type[Any], columns: Any) -> int:
    key = sa.inspect(table).primary_key
    done, after = 0, None
    while True:
        with sessions.begin() as session:
            session.execute(WAIT_FOR_REFRESHER)
            rows = list(session.scalars(_next_rows(table, key, columns, after)))
            for row in rows:
                for column in columns:
                    if (sealed := getattr(row, column)) is not None:
                        setattr(row, column, vault.rotate(sealed))
            if not rows:
                return done
            done, after = done + len(rows), tuple(getattr(rows[-1], column.key) for column in key)


def _next_rows(table: type[Any], key: Any, columns: Any, after: Any) -> sa.Select[Any]:
    holds_some = sa.or_(*(getattr(table, column).is_not(None) for column in columns))
    rows = sa.select(table).where(holds_some).order_by(*key).limit(BATCH).with_for_update(key_share=True)
    return rows if after is None else rows.where(sa.tuple_(*key) > after)
