"""Key rotation: every stored secret encrypted anew with the newest key, in small transactions that can be run again."""

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.attributes import InstrumentedAttribute

from core.db.models import Grant, Meeting
from core.zoom.vault import TokenVault

AT_ONCE = 500
SECRETS: tuple[tuple[InstrumentedAttribute[int], InstrumentedAttribute[bytes | None]], ...] = (
    (Grant.id, Grant.access_token),
    (Grant.id, Grant.refresh_token),
    (Meeting.id, Meeting.passcode),
)


def rotate_all(sessions: sessionmaker[Session], vault: TokenVault) -> int:
    """Encrypt every token and passcode with the vault's first key; how many there were.

    Connects that are under way keep their old key: they last ten minutes, and the old key stays readable that long.
    """
    return sum(_rotate(sessions, vault, id_column, secret) for id_column, secret in SECRETS)


def _rotate(
    sessions: sessionmaker[Session],
    vault: TokenVault,
    id_column: InstrumentedAttribute[int],
    secret: InstrumentedAttribute[bytes | None],
) -> int:
    table, last, count = id_column.class_, 0, 0
    while True:
        with sessions.begin() as session:
            batch = (
                sa.select(id_column, secret)
                .where(id_column > last, secret.is_not(None))
                .order_by(id_column)
                .limit(AT_ONCE)
                .with_for_update(key_share=True)
            )
            rows = session.execute(batch).all()
            for row_id, encrypted in rows:
                if encrypted is not None:
                    anew = {secret.key: vault.rotate(encrypted)}
                    session.execute(sa.update(table).where(id_column == row_id).values(anew))
        if not rows:
            return count
        last, count = rows[-1][0], count + len(rows)
