"""The product's database, and the disk that everything of this machine lies on."""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.db.migrate import OLDEST, is_current
from core.db.models import Grant
from core.errors import ConfigurationError
from core.services.doctor.check import Check, fail, ok, warn
from core.wiring import Wiring
from core.zoom.vault import TokenVault

PART = "database"
# Zoom's signatures, tokens and everything that is due are judged by this machine's clock, what is written by both.
UNEASY_SKEW, WRONG_SKEW = timedelta(seconds=2), timedelta(seconds=30)
CROWDED = 0.8
GIGABYTE = 1_000_000_000
TIGHT, FULL = 2 * GIGABYTE, GIGABYTE // 4

FACTS = sa.text(
    "SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS named, "
    "clock_timestamp() AS clock, pg_is_in_recovery() AS standby, current_setting('max_connections')::int AS most, "
    "(SELECT count(*) FROM pg_stat_activity) AS connections, "
    "pg_size_pretty(pg_database_size(current_database())) AS size"
)


def examine_database(parts: Wiring, clock: Callable[[], datetime]) -> Iterator[Check]:
    """Whether it answers, can be written, has our schema, and agrees with us about the time."""
    try:
        with parts.sessions() as session:
            before = clock()
            facts = session.execute(FACTS).one()
            current = is_current(session.connection())
            readable = _keys(session, parts.vault)
    except OperationalError:
        yield fail(PART, "It does not answer.", "Start PostgreSQL, or correct DATABASE_URL.")
        return
    yield from _server(facts)
    if not current:
        yield fail("schema", "It is not the one of this version.", "Stop everything and run: zoompool migrate.")
        return
    yield ok("schema", "It is the one of this version.")
    yield from _skew(facts.clock - before)
    yield from readable


def _server(facts: sa.Row[Any]) -> Iterator[Check]:
    if facts.version < OLDEST:
        yield fail(PART, f"PostgreSQL {facts.named} is too old.", "Use PostgreSQL 16 or newer.")
    elif facts.standby:
        yield fail(PART, "It is a standby that cannot be written.", "Point DATABASE_URL at the primary.")
    elif facts.connections > facts.most * CROWDED:
        yield warn(
            PART,
            f"{facts.connections} of {facts.most} connections are taken.",
            "Raise max_connections, or find out who holds them: SELECT * FROM pg_stat_activity.",
        )
    else:
        taken = f"{facts.connections} of {facts.most} connections"
        yield ok(PART, f"PostgreSQL {facts.named}, {facts.size}, {taken}.")


def _skew(skew: timedelta) -> Iterator[Check]:
    part, apart = "clocks", f"Database and this machine are {abs(skew.total_seconds()):.1f} s apart."
    if abs(skew) > WRONG_SKEW:
        yield fail(part, apart, "Let both keep time by NTP (timedatectl set-ntp true).")
    elif abs(skew) > UNEASY_SKEW:
        yield warn(part, apart, "Let both keep time by NTP (timedatectl set-ntp true).")
    else:
        yield ok(part, apart)


def _keys(session: Session, vault: TokenVault) -> list[Check]:
    """Whether stored tokens can be read with the keys that are set; the newest and the oldest stand for all."""
    part = "encryption keys"
    try:
        for order in (Grant.id.asc(), Grant.id.desc()):
            sealed = session.scalar(
                sa.select(Grant.access_token).where(Grant.access_token.is_not(None)).order_by(order).limit(1)
            )
            if sealed is not None:
                vault.decrypt(sealed)
    except ConfigurationError as error:
        return [fail(part, error.message, error.next_step)]
    except sa.exc.ProgrammingError:
        return []  # there is no such table yet; the schema says so
    return [ok(part, "Stored tokens can be read.")]


def examine_disk(folder: Path) -> Iterator[Check]:
    """Whether there is room where the embedded database, logs and run files are."""
    part, place = "disk", folder if folder.exists() else folder.absolute().parent
    free = shutil.disk_usage(place).free
    says = f"{free / GIGABYTE:.1f} GB are free in {place}."
    step = "Make room, or move STATE_DIR to a larger disk."
    if free < FULL:
        yield fail(part, says, "Make room at once: a full disk stops the database.")
    elif free < TIGHT:
        yield warn(part, says, step)
    else:
        yield ok(part, says)
