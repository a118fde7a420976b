"""Keeps the alerts in step with the tables: raises what is true, clears what no longer is.

Database only, and cheap when nothing is wrong: the lifecycle sensor does it at every tick.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.db.read.at_risk import appointments_at_risk
from core.db.sql import statements
from core.domain.alert_grouping import Thing, standing, summed_up
from core.domain.alert_words import told
from core.domain.alerts import Kind
from core.domain.due import ESCALATE_BEFORE_START, ISOLATE_BEFORE_START, OpeningHours
from core.services.alerts.raise_ import Condition, clear_all, raise_all, reword

MOST = 5_000  # things of a kind that are read
AT_MOST = 500  # alerts of a kind that are raised, or cleared, in one pass; what is left over comes with the next
MAIL_BEFORE_START = timedelta(minutes=8)
RISK_AHEAD = timedelta(hours=4)
OTHERS = {Kind.WATCHDOG, Kind.RECONCILE}  # raised and cleared by those who find them


@dataclass(frozen=True)
class KeptAlerts:
    """How many conditions were raised and cleared."""

    raised: int = 0
    cleared: int = 0


def keep_alerts(session: Session, *, hours: OpeningHours, now: datetime) -> KeptAlerts:
    """Raise what is true, clear what no longer is. Doing it twice, or by two at once, changes nothing more."""
    sql = statements("alerts")
    rows = session.execute(sql["wrong"], _times(hours, now)).mappings()
    things = [Thing(**{**row, "kind": Kind(row["kind"])}) for row in rows]
    known = {row.condition: row.kind for row in session.execute(sql["open"])}
    true = standing(things, known)
    # Of a kind that was cut off it is not known what else is true.
    cut_off = {kind for kind, number in Counter(thing.kind for thing in things).items() if number >= MOST}
    over = [(kind, condition) for condition, kind in known.items() if condition not in true]
    over = [(kind, condition) for kind, condition in over if kind not in OTHERS | cut_off]
    fresh = [(each[0].kind, condition) for condition, each in true.items() if condition not in known]
    raised = [_condition(session, condition, true[condition], now) for condition in _bounded(fresh)]
    # What stands for many tells of others by and by: its words follow, and nobody is told again.
    many = [(kind, condition) for condition, kind in known.items() if condition in true and _is_shared(condition, true)]
    reword(session, [_condition(session, condition, true[condition], now) for condition in _bounded(many)])
    return KeptAlerts(raise_all(session, raised, now=now), clear_all(session, _bounded(over), now=now))


def _times(hours: OpeningHours, now: datetime) -> dict[str, object]:
    return {
        "now": now,
        "earliest": hours.earliest(now),
        "horizon": hours.horizon(now),
        "mail_horizon": now + MAIL_BEFORE_START,
        "risk_horizon": now + ISOLATE_BEFORE_START,
        "late_horizon": now + ESCALATE_BEFORE_START,
        "a_minute_ago": now - timedelta(minutes=1),
        "five_minutes_ago": now - timedelta(minutes=5),
        "ten_minutes_ago": now - timedelta(minutes=10),
        "half_an_hour_ago": now - timedelta(minutes=30),
        "an_hour_ago": now - timedelta(hours=1),
        "yesterday": now - timedelta(days=1),
        "a_week_ago": now - timedelta(days=7),
        "most": MOST,
    }


def _is_shared(condition: str, true: Mapping[str, Sequence[Thing]]) -> bool:
    return condition != true[condition][0].own


def _bounded(conditions: Iterable[tuple[str, str]]) -> list[str]:
    """At most so many of each kind."""
    seen: Counter[str] = Counter()
    found = []
    for kind, condition in conditions:
        seen[kind] += 1
        if seen[kind] <= AT_MOST:
            found.append(condition)
    return found


def _condition(session: Session, condition: str, things: Sequence[Thing], now: datetime) -> Condition:
    wrong, [first, *others] = summed_up(things), things
    if first.kind == Kind.NEEDS_ATTENTION and first.account_id and not others:
        wrong = replace(wrong, risk=_risk(session, first.account_id, now))
    words = told(wrong)
    return Condition(
        condition,
        first.kind,
        words.text,
        words.next_step,
        location_id=first.location_id if wrong.location else None,
        appointment_id=None if others else first.appointment_id,
        account_id=None if others else first.account_id,
    )


def _risk(session: Session, account_id: int, now: datetime) -> tuple[str, ...]:
    """The appointments that hang on an account which has just fallen ill; a query that is not cheap, and rare."""
    found = appointments_at_risk(session, [account_id], now=now, until=now + RISK_AHEAD)
    return tuple(each.external_id for each in found)
