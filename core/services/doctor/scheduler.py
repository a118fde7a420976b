"""Dagster, seen from its own database and its ports: whether its daemon lives, ticks, and can reach our code.

Dagster's own health says "healthy" for half an hour after the last sign of life, so the times are read instead.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import sqlalchemy as sa

from core.db.embedded import DAGSTER_DATABASE, find_running, url
from core.db.engine import PRODUCT_DRIVER, with_driver
from core.services.doctor.check import Check, fail, ok, warn
from core.settings import Settings
from core.up.probes import HOST, accepts_connections, http_ok
from core.wiring import Wiring

SILENT = timedelta(seconds=90)
NEEDED = {"SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR", "MONITORING"}
LATELY = 40  # ticks
START = "Start it: dagster-daemon run -w workspace.yaml (`make up` does on one machine)."


def examine_dagster(parts: Wiring, clock: Callable[[], datetime]) -> Iterator[Check]:
    """The daemon's heartbeats and the sensors' ticks."""
    engine = sa.create_engine(dagster_address(parts), poolclass=sa.NullPool, connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            beats = connection.execute(sa.text("SELECT daemon_type, timestamp FROM daemon_heartbeats")).all()
            ticks = connection.execute(
                sa.text("SELECT status, timestamp FROM job_ticks ORDER BY id DESC LIMIT :n"), {"n": LATELY}
            ).all()
            states = connection.execute(sa.text("SELECT status, instigator_body FROM instigators")).all()
    except sa.exc.OperationalError:
        yield fail("Dagster database", "It does not answer.", "Start it, or correct DAGSTER_DATABASE_URL.")
        return
    except sa.exc.ProgrammingError as error:
        if not isinstance(error.orig, psycopg.errors.UndefinedTable):
            raise
        yield fail("Dagster database", "Dagster has never run on it.", START)
        return
    yield ok("Dagster database", "It answers.")
    yield from _daemon({row.daemon_type: _aware(row.timestamp) for row in beats}, clock())
    yield from _ticks(ticks, clock())
    yield from _stopped(states)


def examine_ports(settings: Settings) -> Iterator[Check]:
    """The code server and the UI, where they run on this machine."""
    port = settings.dagster_grpc_port
    if accepts_connections(port)():
        yield ok("code server", f"It listens on {HOST}:{port}.")
    else:
        step = "Start it: dagster api grpc -m orchestration.definitions. On another machine: run the doctor there."
        yield fail("code server", f"Nobody listens on {HOST}:{port}.", step)
    if http_ok(settings.dagster_port, "/server_info")():
        yield ok("Dagster UI", f"It answers on {HOST}:{settings.dagster_port}.")
    else:
        step = "Start it: dagster-webserver -w workspace.yaml. Links are opened without it, runs cannot be looked at."
        yield warn("Dagster UI", f"Nobody answers on {HOST}:{settings.dagster_port}.", step)


def dagster_address(parts: Wiring) -> str:
    """Where Dagster's database is: as set, or beside the product's."""
    if parts.settings.dagster_database_url is not None:
        return with_driver(parts.settings.dagster_database_url, PRODUCT_DRIVER)
    running = find_running(parts.settings.state_dir) if parts.settings.database_url is None else None
    if running is not None:
        return url(running, DAGSTER_DATABASE, "psycopg")
    product = sa.make_url(with_driver(parts.database_url, PRODUCT_DRIVER))
    beside = product.set(database=f"{product.database}_{DAGSTER_DATABASE}")
    return beside.render_as_string(hide_password=False)


def _daemon(beats: dict[str, datetime], now: datetime) -> Iterator[Check]:
    part = "Dagster daemon"
    silent = sorted(kind for kind in NEEDED if kind not in beats or now - beats[kind] > SILENT)
    if not silent:
        oldest = max(now - beats[kind] for kind in NEEDED)
        yield ok(part, f"Its last sign of life is {oldest.total_seconds():.0f} s old.")
    elif len(silent) == len(NEEDED):
        yield fail(part, "It shows no sign of life: no link is opened.", START)
    else:
        yield fail(part, f"Parts of it are silent: {', '.join(silent)}.", "Restart it, and read its log.")


def _ticks(ticks: list[Any] | Any, now: datetime) -> Iterator[Check]:
    part = "sensors"
    newest = max((_aware(row.timestamp) for row in ticks), default=None)
    if newest is None or now - newest > SILENT:
        since = "ever" if newest is None else f"since {newest:%H:%M:%S} UTC"
        yield fail(part, f"None has looked for due appointments {since}.", "See to the daemon and the code server.")
        return
    failed = sum(row.status == "FAILURE" for row in ticks)
    if failed:
        step = "Open the sensor in the Dagster UI; the failed tick shows the error."
        yield warn(part, f"{failed} of the last {len(ticks)} ticks failed.", step)
    else:
        yield ok(part, f"The last tick was {(now - newest).total_seconds():.0f} s ago.")


def _stopped(states: Any) -> Iterator[Check]:
    stopped = sorted(_name(row.instigator_body) for row in states if row.status == "STOPPED")
    if stopped:
        step = "Switch it on in the Dagster UI, under Automation."
        yield warn("sensors and schedules", f"Somebody switched off: {', '.join(stopped)}.", step)


def _name(body: str) -> str:
    origin = json.loads(body).get("origin") or {}
    return str(origin.get("instigator_name") or origin.get("job_name") or "one without a name")


def _aware(moment: datetime) -> datetime:
    """Dagster stores UTC without saying so."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
