"""One look at whether the work is being done: what is due is taken, what came in is applied, Dagster is alive."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from core.db.engine import PRODUCT_DRIVER, with_driver
from core.db.sql import statements
from core.domain.due import OpeningHours
from core.services.alerts.send import due_alerts
from core.services.mail_claim import due_mails

LONGEST = timedelta(seconds=90)
DAEMONS = ("SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR")
SENSORS = ("due_appointments_sensor", "due_messages_sensor", "lifecycle_sensor")
PATIENCE = 5  # seconds for Dagster's database
RESTART = "Look at the Dagster daemon and its log; restart it if need be."

SQL = statements("watchdog")


@dataclass(frozen=True)
class Finding:
    """The answer to one question. *text*: what is wrong, None when nothing is."""

    name: str
    text: str | None
    next_step: str = ""


def work(session: Session, *, hours: OpeningHours, now: datetime) -> Iterator[Finding]:
    """Whether what is due in the product's own database is being taken."""
    before = now - LONGEST
    given = {
        "now": before,
        "earliest": hours.earliest(now),
        "horizon": hours.horizon(before),
        "utc_day": now.astimezone(UTC).date(),
    }
    unclaimed = session.scalar(SQL["unclaimed"], given)
    yield Finding(
        "appointments",
        f"{unclaimed} links could be opened for more than 90 seconds, and no run has taken them."
        if unclaimed
        else None,
        "Look in Dagster whether due_appointments_sensor ticks and runs of open_due_meetings start.",
    )
    messages = due_mails(session, now=before) + due_alerts(session, now=before)
    yield Finding(
        "messages",
        f"{messages} messages are due for more than 90 seconds, and no run has taken them." if messages else None,
        "Look in Dagster whether due_messages_sensor ticks and runs of deliver_messages start.",
    )
    inbox = session.execute(SQL["inbox"], {"now": before}).one()
    yield Finding(
        "inbox",
        f"{inbox.events} events from Zoom wait since {_clock(inbox.since)} to be applied." if inbox.events else None,
        "Look in Dagster whether lifecycle_sensor ticks, and at what it says when it fails.",
    )


def dagster(url: str, *, now: datetime) -> Iterator[Finding]:
    """Whether Dagster's daemon lives and its sensors tick without failing, by its own database."""
    try:
        beats, ticks = _read(url, now)
    except ProgrammingError:
        beats, ticks = {}, {}  # it has never run: it makes its tables when it first does
    except OperationalError as error:
        yield Finding("daemon", f"Dagster's database does not answer ({type(error.orig).__name__}).", RESTART)
        return
    dead = [name for name in DAEMONS if name not in beats or beats[name] <= now - LONGEST]
    yield Finding("daemon", _silent(dead, beats) if dead else None, RESTART)
    stuck = [name for name in SENSORS if name not in ticks or (ticks[name] or now - 2 * LONGEST) <= now - LONGEST]
    yield Finding("ticks", _unticked(stuck, ticks) if stuck else None, "Look at these sensors in the Dagster UI.")


def _read(url: str, now: datetime) -> tuple[dict[str, datetime], dict[str, datetime | None]]:
    """By name: the last heartbeat of each daemon, and the last good tick of each sensor (None: long ago, or off)."""
    options = {
        "connect_timeout": PATIENCE,
        "options": f"-c statement_timeout={PATIENCE}s",
        "application_name": "watchdog",
    }
    # A connection every fifteen seconds; one that is kept would outlive a restart of its server unnoticed.
    engine = sa.create_engine(with_driver(url, PRODUCT_DRIVER), poolclass=sa.NullPool, connect_args=options)
    with engine.connect() as connection:
        beats = {row.name: row.at for row in connection.execute(SQL["heartbeats"])}
        ticks = {
            row.name: None if row.is_off else row.at
            for row in connection.execute(SQL["ticks"], {"now": now})
            if row.name in SENSORS
        }
    return beats, ticks


def _silent(dead: list[str], beats: Mapping[str, datetime]) -> str:
    last = max((beats[name] for name in dead if name in beats), default=None)
    since = f"since {_clock(last)}" if last else "yet"
    return f"The Dagster daemon has given no sign of life {since}: nothing is opened, sent or freed."


def _unticked(stuck: list[str], ticks: Mapping[str, datetime | None]) -> str:
    last = max((at for name in stuck if (at := ticks.get(name))), default=None)
    since = f"since {_clock(last)}" if last else "for ten minutes, or are switched off"
    return f"{', '.join(stuck)} in Dagster have not ticked without failing {since}."


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S} UTC"
