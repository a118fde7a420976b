"""Raising and clearing alerts: one open row per condition, and one message for each of its two ends.

The database keeps a condition from being open twice, so whoever finds it true may raise it, as often as he finds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.models import Alert, Installation, Message
from core.db.sql import statements
from core.domain.states import Channel
from core.services.outbox import stable_id
from core.services.timeline import SYSTEM, note_all

PRIORITY = 2  # after links and after every other mail
USEFUL_FOR = timedelta(days=1)
RAISED, CLEARED = "raised", "cleared"


@dataclass(frozen=True)
class Condition:
    """A condition that is true, with its words. Ids say what it is about."""

    condition: str
    kind: str
    text: str
    next_step: str
    location_id: int | None = None
    appointment_id: int | None = None
    account_id: int | None = None


def raise_alert(
    session: Session,
    condition: str,
    *,
    kind: str,
    text: str,
    next_step: str,
    now: datetime,
    location_id: int | None = None,
    appointment_id: int | None = None,
    account_id: int | None = None,
) -> bool:
    """Tell people of *condition*, unless they know; whether they are told now."""
    told = Condition(condition, kind, text, next_step, location_id, appointment_id, account_id)
    return bool(raise_all(session, [told], now=now))


def clear_alert(session: Session, condition: str, *, now: datetime) -> bool:
    """Tell people that *condition* is over, if they were told of it; whether they are told now."""
    return bool(clear_all(session, [condition], now=now))


def raise_all(session: Session, conditions: Sequence[Condition], *, now: datetime) -> int:
    """Raise all that are not open yet, in a few statements; returns how many that are."""
    if not conditions:
        return 0
    # Always in the same order: two who raise the same ones must not wait for each other.
    rows = [{**vars(each), "raised_at": now} for each in sorted(conditions, key=lambda each: each.condition)]
    new = (
        insert(Alert)
        .on_conflict_do_nothing(index_elements=["condition"], index_where=Alert.cleared_at.is_(None))
        .returning(Alert.id, Alert.kind, Alert.location_id, Alert.appointment_id, Alert.account_id)
    )
    alerts = session.execute(new, rows).all()
    _tell(session, alerts, RAISED, now)
    return len(alerts)


def reword(session: Session, conditions: Sequence[Condition]) -> None:
    """Let the open alerts of these conditions say what is so by now; nobody is told again."""
    if conditions:
        columns = {"conditions": [each.condition for each in conditions], "texts": [each.text for each in conditions]}
        steps = [each.next_step for each in conditions]
        session.execute(statements("alerts")["reword"], {**columns, "next_steps": steps})


def clear_all(session: Session, conditions: Sequence[str], *, now: datetime) -> int:
    """Clear all that are open; returns how many that were."""
    if not conditions:
        return 0
    alerts = session.execute(statements("alerts")["clear"], {"conditions": list(conditions), "now": now}).all()
    _tell(session, alerts, CLEARED, now)
    return len(alerts)


def _tell(session: Session, alerts: Sequence[Any], what: str, now: datetime) -> None:
    """Queue a message about each of *alerts*, and note it where it happened."""
    if not alerts:
        return
    installation = session.scalars(sa.select(Installation.installation_id)).one()
    messages = [_message(alert, what, installation, now) for alert in alerts]
    session.execute(insert(Message).on_conflict_do_nothing(index_elements=["dedupe_key"]), messages)
    about_something = [each for each in alerts if each.appointment_id or each.account_id]
    note_all(session, [_event(alert, what, now) for alert in about_something])


def _message(alert: Any, what: str, installation: str, now: datetime) -> dict[str, Any]:
    """It names no appointment: what waits to leave about one that is cancelled is dropped, and this is not."""
    key = f"alert:{alert.id}:{what}"
    return {
        "location_id": alert.location_id,
        "dedupe_key": key,
        "channel": Channel.ALERT,
        "kind": alert.kind,
        "priority": PRIORITY,
        "recipient": "operations",
        "payload": {"alert_id": alert.id, "what": what},
        "next_attempt_at": now,
        "give_up_at": now + USEFUL_FOR,
        "message_id": stable_id(installation, key),
        "created_at": now,
    }


def _event(alert: Any, what: str, now: datetime) -> dict[str, Any]:
    return {
        "at": now,
        "kind": f"alert_{what}",
        "actor": SYSTEM,
        "location_id": alert.location_id,
        "appointment_id": alert.appointment_id,
        "account_id": alert.account_id,
        "detail": {"alert": alert.kind},
    }
