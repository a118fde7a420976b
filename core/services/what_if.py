"""How many accounts a location would have needed, and will need: asked for by a row, computed by a run."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, sessionmaker

from core.db.read.capacity import usual_of
from core.db.read.what_if import booked_needs, facts, past_needs
from core.db.sql import statements
from core.domain.due import OpeningHours
from core.domain.what_if import Need, curve, enough
from core.services.timeline import SYSTEM, note

PAST = timedelta(days=30)
AHEAD = timedelta(days=14)
ABANDONED = timedelta(minutes=5)  # since its run last said how far it is
SQL = statements("what_if")
COMPUTED = SQL["computed"].bindparams(sa.bindparam("past", type_=JSONB), sa.bindparam("booked", type_=JSONB))


@dataclass(frozen=True)
class Answer:
    """What came out for one location: accounts there are, enough for what was, enough for what is booked."""

    location_id: int
    accounts: int
    links: int
    enough: int
    booked: int
    enough_ahead: int


def ask_what_if(session: Session, location_id: int, *, actor: str, now: datetime) -> bool:
    """Ask for the what-if of a location; False if somebody else's is under way, which will do."""
    asked = session.execute(SQL["ask"], {"location": location_id, "actor": actor, "now": now}).first() is not None
    if asked:
        note(session, "what_if_asked", at=now, actor=actor, location_id=location_id)
    return asked


def ask_for_all(session: Session, *, now: datetime) -> None:
    """Ask for that of every location that has accounts."""
    session.execute(SQL["ask_for_all"], {"actor": SYSTEM, "now": now})


def anything_asked(session: Session, *, now: datetime) -> bool:
    """Whether something waits to be computed."""
    return bool(session.execute(SQL["anything_asked"], {"abandoned": now - ABANDONED}).scalar_one())


def compute_what_ifs(
    sessions: sessionmaker[Session],
    *,
    hours: OpeningHours,
    cooldown: timedelta,
    clock: Callable[[], datetime],
    run_id: str,
) -> list[Answer]:
    """Compute all that is asked for, one after the other; a run that comes at the same time takes others."""
    answers = []
    while (claimed := _claim(sessions, run_id, clock())) is not None:
        work = _Work(sessions, claimed.id, claimed.location_id, hours, cooldown, clock, run_id)
        try:
            answers.append(work.compute())
        except Exception:
            work.give_up()
            raise
    return answers


def _claim(sessions: sessionmaker[Session], run_id: str, now: datetime) -> sa.Row[Any] | None:
    with sessions.begin() as session:
        return session.execute(SQL["claim"], {"now": now, "run_id": run_id, "abandoned": now - ABANDONED}).one_or_none()


@dataclass(frozen=True)
class _Work:
    """One of them, under way."""

    sessions: sessionmaker[Session]
    id: int
    location_id: int
    hours: OpeningHours
    cooldown: timedelta
    clock: Callable[[], datetime]
    run_id: str

    def compute(self) -> Answer:
        """Read, replay without a connection, write."""
        now, of = self.clock(), self.location_id
        since, ahead = now - PAST, now + AHEAD
        with self.sessions() as session:
            usual = usual_of(session, of, lead=self.hours.lead_time, cooldown=self.cooldown)
            known = facts(session, of, since, now)
            was = past_needs(session, of, since, now, hours=self.hours, usual=usual)
            comes = booked_needs(session, of, now, ahead, hours=self.hours, usual=usual)
        past = _outcome(was, known.accounts, (since, now), lambda done, steps: self._tell(done, 2 * steps))
        past["fact"] = {"late": known.late, "missed": known.missed}
        booked = _outcome(comes, known.accounts, (now, ahead), lambda done, steps: self._tell(steps + done, 2 * steps))
        with self.sessions.begin() as session:
            session.execute(
                COMPUTED, {"past": past, "booked": booked, "now": self.clock(), "id": self.id, "run_id": self.run_id}
            )
        return Answer(of, known.accounts, past["links"], past["enough"], booked["links"], booked["enough"])

    def give_up(self) -> None:
        """Say that it failed, so that it can be asked for again."""
        with self.sessions.begin() as session:
            session.execute(SQL["failed"], {"now": self.clock(), "id": self.id, "run_id": self.run_id})

    def _tell(self, done: int, steps: int) -> None:
        with self.sessions.begin() as session:
            values = {"done": done, "steps": steps, "now": self.clock(), "id": self.id, "run_id": self.run_id}
            session.execute(SQL["progress"], values)


def _outcome(
    needs: Sequence[Need], accounts: int, window: tuple[datetime, datetime], progress: Callable[[int, int], None]
) -> dict[str, Any]:
    points = curve(needs, accounts, progress=progress)
    return {
        "since": window[0].isoformat(),
        "until": window[1].isoformat(),
        "links": sum(need.counts for need in needs),
        "accounts": accounts,
        "enough": enough(points),
        "points": [asdict(point) for point in points],
    }
