"""Random small histories of a pool, and what they come to when somebody counts account by account."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.orm import Session

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
NOW = BEGIN + timedelta(hours=12)
STEPS = ("ready_at", "live_at", "ended_at", "cooldown_at", "closing_at")
NAMES = ("reserved", "ready", "live", "processing", "cooldown", "closing")


def at(minutes: int) -> datetime:
    """That many minutes after the beginning."""
    return BEGIN + timedelta(minutes=minutes)


@dataclass(frozen=True)
class Lease:
    """An account's lease in minutes; *times* has those of `STEPS` that it came to, *over* None is open still."""

    account: int
    begins: int
    times: dict[str, int]
    over: int | None

    def state(self, minute: float) -> str | None:
        """The last state whose time had come, None outside the lease."""
        if not self.begins <= minute < (self.over if self.over is not None else 12 * 60):
            return None
        reached = [name for step, name in zip(STEPS, NAMES[1:], strict=True) if self.times.get(step, 9999) <= minute]
        return reached[-1] if reached else NAMES[0]


@dataclass(frozen=True)
class Period:
    """A connection status of an account, in minutes."""

    account: int
    status: str
    begins: int
    ends: int | None


@dataclass(frozen=True)
class History:
    """What happened to three accounts."""

    leases: list[Lease]
    periods: list[Period]

    def state(self, account: int, minute: float) -> str | None:
        """What the account was used for, or what it was without a lease; None before and after it was connected."""
        for lease in self.leases:
            if lease.account == account and (state := lease.state(minute)):
                return state
        return self.status(account, minute)

    def status(self, account: int, minute: float) -> str | None:
        """Its connection status."""
        for each in self.periods:
            if each.account == account and each.begins <= minute and (each.ends is None or minute < each.ends):
                return None if each.status == "disconnected" else each.status
        return None

    @property
    def moments(self) -> set[int]:
        """Every minute at which something changes."""
        found = {minute for lease in self.leases for minute in (lease.begins, lease.over or 0, *lease.times.values())}
        return found | {minute for each in self.periods for minute in (each.begins, each.ends or 0)}


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Three accounts over a day that begins before the window; one lease at a time each, often back to back."""
    leases, periods = [], []
    for account in range(3):
        minute = draw(st.integers(-200, 0))
        for _ in range(draw(st.integers(0, 5))):
            begins = minute = minute + draw(st.sampled_from([0, 0, 5, 17, 90]))
            times = {}
            for step in STEPS:
                if draw(st.booleans()):
                    minute += draw(st.integers(0, 45))
                    times[step] = minute
            minute += draw(st.integers(1, 60))
            leases.append(Lease(account, begins, times, minute))
        if draw(st.booleans()) and minute < 700:
            leases.append(Lease(account, minute, {}, None))
        minute = draw(st.integers(-300, 100))
        for status in draw(
            st.lists(
                st.sampled_from(["connected", "quarantined", "needs_reauth", "disconnected"]), min_size=1, max_size=5
            )
        ):
            ends = minute + draw(st.integers(1, 300))
            periods.append(Period(account, status, minute, ends))
            minute = ends
        periods.append(Period(account, "connected", minute, None))
    return History(leases, periods)


def counted(history: History, step: int) -> list[dict[str, float]]:
    """Bucket by bucket: the average number of accounts in each state, and the most that had a lease at once."""
    found = []
    for begin in range(0, 12 * 60, step):
        end = begin + step
        cuts = sorted({begin, end} | {moment for moment in history.moments if begin < moment < end})
        bucket: dict[str, float] = {"peak": 0}
        for left, right in pairwise(cuts):
            states = [history.state(account, left) for account in range(3)]
            for state in filter(None, states):
                bucket[state] = bucket.get(state, 0) + (right - left) / step
            usable = sum(history.status(account, left) == "connected" for account in range(3))
            bucket["usable"] = bucket.get("usable", 0) + usable * (right - left) / step
            bucket["peak"] = max(bucket["peak"], sum(state in NAMES for state in states))
        found.append(bucket)
    return found


def three_accounts(session: Session, zone: str = "UTC") -> tuple[int, list[int]]:
    """A location with three accounts and nothing else; their ids."""
    location = _insert(session, "locations", name=f"Place {zone}", zone=zone, sender_name="Place")
    _insert(session, "calendars", location_id=location, name="Video", meeting_location="zoom")
    accounts = []
    for number in range(3):
        email = f"seat{number}@{zone.lower().replace('/', '-')}.test"
        seat = _insert(session, "seats", location_id=location, email=email, issued_by="test")
        about = {"zoom_account_id": "z", "zoom_user_id": email, "connection": "connected", "idle_since": BEGIN}
        accounts.append(_insert(session, "accounts", location_id=location, seat_id=seat, email=email, **about))
    return location, accounts


def write(session: Session, history: History, location: int, accounts: list[int]) -> None:
    """The rows of *history*."""
    calendar = session.execute(
        sa.text("SELECT id FROM calendars WHERE location_id = :location"), {"location": location}
    ).scalar_one()
    for number, lease in enumerate(history.leases):
        begins = at(lease.begins)
        appointment = _insert(
            session,
            "appointments",
            location_id=location,
            calendar_id=calendar,
            external_id=f"A-{number}",
            link="ended",
            client_name="C",
            client_email="c@c.test",
            client_zone="UTC",
            starts_at=begins,
            ends_at=begins + timedelta(hours=1),
            status="completed",
        )
        over = {"state": "reserved"}
        if lease.over is not None:
            over = {"state": "released", "released_at": at(lease.over), "release_reason": "cooled"}
        _insert(
            session,
            "leases",
            location_id=location,
            account_id=accounts[lease.account],
            appointment_id=appointment,
            revision=1,
            account_idle_since=begins,
            free_accounts=1,
            reserved_at=begins,
            **{step: at(minute) for step, minute in lease.times.items()},
            **over,
        )
    for each in history.periods:
        ends = None if each.ends is None else at(each.ends)
        about = {"account_id": accounts[each.account], "status": each.status, "actor": "test"}
        _insert(session, "connection_periods", location_id=location, from_at=at(each.begins), to_at=ends, **about)


def _insert(session: Session, table: str, **values: Any) -> int:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    return session.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id"), values).scalar_one()
