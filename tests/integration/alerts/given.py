"""Looks at alerts and their messages, and changes rows as other parts of the product would."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Alert, Message
from core.services.alerts.keep import KeptAlerts, keep_alerts
from tests.world import World


def keep(world: World, *, after: timedelta = timedelta(0)) -> KeptAlerts:
    """What the lifecycle sensor does, *after* this time from now."""
    with world.parts.sessions.begin() as session:
        return keep_alerts(session, hours=world.parts.hours, now=utcnow() + after)


def conditions(world: World) -> list[str]:
    """The open conditions."""
    return [alert.condition for alert in world.all(Alert, cleared_at=None)]


def the_alert(world: World) -> Alert:
    """The one open alert."""
    [alert] = world.all(Alert, cleared_at=None)
    return alert


def messages(world: World) -> list[tuple[str, str]]:
    """Kind of the alert, and `raised` or `cleared`, of every alert message."""
    return [(each.kind, each.payload["what"]) for each in world.all(Message, channel="alert")]


def change(world: World, table: type[Any], row_id: int, **values: Any) -> None:
    """Set columns of one row."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(table).where(table.id == row_id).values(**values))


def add(world: World, row: Any) -> Any:
    """Write a row; returns it with its id."""
    with world.parts.sessions.begin() as session:
        session.add(row)
        session.flush()
    return row


def ago(**how_long: float) -> datetime:
    """The time so long ago."""
    return utcnow() - timedelta(**how_long)
