"""The watchdog: looks every few seconds, and tells people itself, past Dagster, whose silence it is there to notice."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from core.domain.alert_words import OVER
from core.domain.alerts import Kind, title
from core.services.alerts.raise_ import Condition, clear_all, raise_all
from core.services.alerts.send import send_alerts
from core.services.alerts.targets import targets_of
from core.services.watchdog.look import Finding, dagster, work
from core.wiring import Wiring

# Whoever has just started, or slept, finds everything old: the daemon, which starts beside it, needs a while.
GRACE = timedelta(seconds=120)
SLEPT = timedelta(seconds=60)
NO_DAGSTER = "Dagster's heartbeat and ticks: DAGSTER_DATABASE_URL is not set for this process."

log = structlog.get_logger()


@dataclass(frozen=True)
class Watched:
    """What the last look came to. *not_checked*: what this process cannot know."""

    looked_at: datetime
    reasons: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()


class Watchdog:
    """One per web process; of several, the database lets one tell. For one thread; *watched* may be read by any."""

    def __init__(self, parts: Callable[[], Wiring], *, clock: Callable[[], datetime]) -> None:
        self._parts = parts
        self._clock = clock
        self._grace_until = clock() + GRACE
        self._suspects: set[str] = set()
        self._told_of_database = False
        self.watched: Watched | None = None

    def round(self) -> None:
        """Look once, tell what is new and what is over. Trouble with the database is a finding like any other."""
        now = self._clock()
        if self.watched and now - self.watched.looked_at > SLEPT:
            self._grace_until = now + GRACE
        parts = self._parts()
        try:
            with parts.sessions() as session:
                findings = list(work(session, hours=parts.hours, now=now))
        except OperationalError as error:
            self._without_database(parts, f"The database does not answer ({type(error.orig).__name__}).", now)
            return
        self._with_database(parts)
        url = parts.dagster_database_url
        if url:
            findings += dagster(url, now=now)
        confirmed = self._confirmed(findings, now)
        self._show(now, (each.text for each in confirmed), () if url else (NO_DAGSTER,))
        self._tell(parts.sessions, confirmed, [each.name for each in findings if each.text is None], now)
        send_alerts(parts.sessions, parts.settings, clock=self._clock, kind=Kind.WATCHDOG)

    def _confirmed(self, findings: list[Finding], now: datetime) -> list[Finding]:
        """What is wrong, was so at the look before, and has had the time to come right after a start."""
        wrong = [each for each in findings if each.text is not None]
        before, self._suspects = self._suspects, {each.name for each in wrong}
        return [each for each in wrong if each.name in before and now >= self._grace_until]

    def _show(self, now: datetime, reasons: Iterable[str | None], not_checked: tuple[str, ...] = ()) -> None:
        said = tuple(reason for reason in reasons if reason)
        if said and (self.watched is None or said != self.watched.reasons):
            log.warning("watchdog", reasons=said)
        self.watched = Watched(now, said, not_checked)

    def _tell(self, sessions: sessionmaker[Session], confirmed: list[Finding], well: list[str], now: datetime) -> None:
        """Whoever is first raises or clears; what this process cannot check, or is in doubt about, it leaves alone."""
        conditions = [
            Condition(f"watchdog:{each.name}", Kind.WATCHDOG, each.text or "", each.next_step) for each in confirmed
        ]
        with sessions.begin() as session:
            raise_all(session, conditions, now=now)
            clear_all(session, [f"watchdog:{name}" for name in well], now=now)

    def _without_database(self, parts: Wiring, reason: str, now: datetime) -> None:
        """Nothing can be written down, so each process tells for itself, once until the database is back."""
        confirmed = self._confirmed([Finding("database", reason)], now)
        self._show(now, (each.text for each in confirmed))
        if confirmed and not self._told_of_database:
            step = "Look whether PostgreSQL runs and what DATABASE_URL says. Until then no link is opened."
            self._told_of_database = self._tell_directly(parts, f"{reason}\n\n{step}", over=False)

    def _with_database(self, parts: Wiring) -> None:
        if self._told_of_database:
            self._told_of_database = not self._tell_directly(parts, f"{OVER[Kind.WATCHDOG]} (The database.)", over=True)

    def _tell_directly(self, parts: Wiring, body: str, *, over: bool) -> bool:
        heading = title(Kind.WATCHDOG, cleared=over)
        answers = [each.tell(heading, body, kind=Kind.WATCHDOG, over=over) for each in targets_of(parts.settings)]
        return all(answer.accepted for answer in answers)
