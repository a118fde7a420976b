"""Keeps the alerts in step with the tables: raises what is true, clears what no longer is.

Database only, and cheap when nothing is wrong: the lifecycle sensor does it at every tick.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.sql import statements
from core.domain.alert_words import told
from core.domain.alerts import APART, Kind, Wrong
from core.domain.due import ESCALATE_BEFORE_START, ISOLATE_BEFORE_START, OpeningHours
from core.services.alerts.raise_ import Condition, clear_all, raise_all

AT_MOST = 500  # of a kind in one pass; what is left over comes with the next
MAIL_BEFORE_START = timedelta(minutes=8)


@dataclass(frozen=True)
class KeptAlerts:
    """How many conditions were raised and cleared."""

    raised: int = 0
    cleared: int = 0


@dataclass(frozen=True)
class Watch:
    """One kind of condition: the statement that lists it, and how many at once are told one by one."""

    kind: Kind
    statement: str
    few: int = 0
    until: timedelta = timedelta(0)  # how far ahead of its start an appointment counts
    more: Mapping[str, Any] = field(default_factory=dict)


def _watches(hours: OpeningHours) -> tuple[Watch, ...]:
    return (
        Watch(Kind.POOL_SHORT, "waiting", until=hours.lead_time),
        Watch(Kind.POOL_SHORT_LATE, "waiting", until=ESCALATE_BEFORE_START),
        Watch(Kind.LINK_AT_RISK, "at_risk", until=ISOLATE_BEFORE_START),
        Watch(Kind.LINK_FAILED, "failed", few=APART),
        Watch(Kind.LINK_MISSED, "missed"),
        Watch(Kind.LINK_MAIL_LATE, "link_mail", few=APART, until=MAIL_BEFORE_START, more={"refused": False}),
        Watch(Kind.LINK_MAIL_REFUSED, "link_mail", few=APART, more={"refused": True}),
        Watch(Kind.NOT_RECORDED, "not_recorded", few=APART),
        Watch(Kind.OVERRUN, "overrun", few=APART),
        Watch(Kind.NEEDS_ATTENTION, "attention", few=APART),
        Watch(Kind.RECORDING_OVERDUE, "recordings", few=APART),
        Watch(Kind.WEBHOOKS_SILENT, "webhooks"),
        Watch(Kind.DELETION_STOPPED, "deletion"),
    )


def keep_alerts(session: Session, *, hours: OpeningHours, now: datetime) -> KeptAlerts:
    """Raise what is true, clear what no longer is. Doing it twice, or by two at once, changes nothing more."""
    times = {"now": now, "earliest": hours.earliest(now), "horizon": hours.horizon(now), "at_most": AT_MOST}
    true: list[Condition] = []
    over: list[str] = []
    for watch in _watches(hours):
        given = {**times, "kind": watch.kind, "few": watch.few, "until": now + watch.until, **watch.more}
        rows = session.execute(statements("alerts")[watch.statement], given).all()
        over += [row.condition for row in rows if not row.is_true]
        true += _conditions(session, watch.kind, [row for row in rows if row.is_true], times)
    return KeptAlerts(raise_all(session, true, now=now), clear_all(session, over, now=now))


def _conditions(session: Session, kind: Kind, rows: list[sa.Row[Any]], times: Mapping[str, object]) -> list[Condition]:
    risks = _risks(session, rows, times) if kind == Kind.NEEDS_ATTENTION and rows else {}
    found = []
    for row in rows:
        risk, waiting = risks.get(row.account_id, ((), 0))
        facts = (row.number, tuple(row.names), row.location, row.zone, row.at, row.cause)
        words = told(Wrong(kind, *facts, risk=risk, waiting=waiting))
        about = (row.location_id, row.appointment_id, row.account_id)
        found.append(Condition(row.condition, kind, words.text, words.next_step, *about))
    return found


def _risks(
    session: Session, rows: list[sa.Row[Any]], times: Mapping[str, object]
) -> dict[int, tuple[tuple[str, ...], int]]:
    """By account: the appointments that hang on it, and how many wait at its location."""
    accounts = [row.account_id for row in rows if row.account_id is not None]
    found = session.execute(statements("alerts")["account_risk"], {**times, "accounts": accounts})
    return {row.account_id: (tuple(row.risk), row.waiting) for row in found}
