"""Each part of the installation in words: how it is, and what to do next where there is something to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from console.moments import until
from core.clock import utcnow
from core.db.read.outside import event_health, hook_health, mail_health, zoom_health
from core.services.doctor.check import Check, Level, examined, fail, ok, warn
from core.services.doctor.database import examine_database, examine_disk
from core.services.doctor.product import examine_accounts
from core.services.doctor.scheduler import examine_dagster
from core.services.watchdog.look import LONGEST, dagster, work
from core.wiring import Wiring
from core.zoom.budget import DAILY_CREATES

WORST = (Level.FAIL, Level.WARN, Level.OK)
PROVIDER = "See status.zoom.us; we go on trying by ourselves."


@dataclass(frozen=True)
class Part:
    """One row: a part of the installation, and what was found."""

    title: str
    checks: list[Check]

    @property
    def level(self) -> Level:
        """The worst of what was found."""
        return next((level for level in WORST if any(check.level is level for check in self.checks)), Level.OK)

    @property
    def says(self) -> str:
        """What is not well; or how it is, when all is."""
        ill = [check for check in self.checks if check.level is not Level.OK]
        if not ill:
            return " ".join(check.says for check in self.checks)
        return " ".join(
            check.says if check.part.lower() == self.title.lower() else f"{check.part}: {check.says}" for check in ill
        )

    @property
    def next_step(self) -> str:
        """What to do, each step once."""
        return " ".join(dict.fromkeys(check.next_step for check in self.checks if check.next_step))


def own_parts(parts: Wiring) -> list[Part]:
    """What our own database tells, in a few quick questions."""
    now = utcnow()

    def asked(title: str, question: Callable[[Session], Iterator[Check]]) -> Part:
        def examine() -> list[Check]:
            with parts.sessions() as session:
                return list(question(session))

        return Part(title, examined(title, examine))

    return [
        Part("Database", [*_database(parts), *examined("Disk", lambda: _disk(parts))]),
        asked("Work", lambda session: _work(session, parts, now)),
        asked("Zoom", lambda session: _zoom(session, parts, now)),
        asked("Events from Zoom", lambda session: _events(session, now)),
        Part("Accounts", examined("Accounts", lambda: examine_accounts(parts, utcnow, each=False))),
        asked("Mail", lambda session: _mail(session, now)),
        asked("Outgoing webhooks", lambda session: _hooks(session, now)),
    ]


def dagster_part(parts: Wiring) -> Part:
    """The daemon's last sign of life and the sensors' last ticks. Its own database may take its time."""
    checks = examined("Dagster", lambda: examine_dagster(parts, utcnow))
    if parts.dagster_database_url is not None and all(check.level is Level.OK for check in checks):
        found = [each for each in dagster(parts.dagster_database_url, now=utcnow()) if each.text]
        checks += [fail(each.name, each.text or "", each.next_step) for each in found]
    return Part("Dagster", [check for check in checks if check.says != "It answers."] or checks)


def _database(parts: Wiring) -> list[Check]:
    """What is well is told by the server's own line alone."""
    checks = examined("database", lambda: examine_database(parts, utcnow))
    return [check for check in checks if check.part == "database" or check.level is not Level.OK]


def _disk(parts: Wiring) -> Iterator[Check]:
    """Only what is not well: free space alone tells nobody anything."""
    return (check for check in examine_disk(parts.settings.state_dir) if check.level is not Level.OK)


def _work(session: Session, parts: Wiring, now: datetime) -> Iterator[Check]:
    late = [finding for finding in work(session, hours=parts.hours, now=now) if finding.text]
    yield from (fail("Work", finding.text or "", finding.next_step) for finding in late)
    if not late:
        yield ok("Work", f"Whatever is due is taken within {LONGEST.total_seconds():.0f} seconds.")


def _zoom(session: Session, parts: Wiring, now: datetime) -> Iterator[Check]:
    seen = zoom_health(session, now=now, horizon=parts.hours.horizon(now), daily=DAILY_CREATES)
    last = f"Its last good answer was {_ago(seen.answered_at, now)}." if seen.answered_at else "Nothing was asked yet."
    if seen.failing:
        yield fail("Zoom", f"{_links(seen.failing)} because it does not answer. {last}", PROVIDER)
    if seen.limited:
        yield warn("Zoom", f"{_links(seen.limited)} because it asked us to slow down.", PROVIDER)
    if seen.owed:
        answer = f" Its answer to one of them: {seen.last_error}" if seen.last_error else ""
        step = "Read Zoom's answer; `zoompool reconcile --dry-run` lists what is left there."
        meetings = "A meeting is" if seen.owed == 1 else f"{seen.owed} meetings are"
        yield warn("Zoom", f"{meetings} still to be deleted, after tries in vain.{answer}", step)
    if seen.spent:
        accounts = "One account has" if seen.spent == 1 else f"{seen.spent} accounts have"
        step = "They work again at midnight UTC; connect another seat if that is too late."
        yield warn("Zoom", f"{accounts} made the {DAILY_CREATES} meetings that Zoom allows in a day.", step)
    if seen.until:
        yield ok("Zoom", f"{last} Calls wait for its limits until {seen.until:%H:%M:%S} UTC.")
    else:
        yield ok("Zoom", f"{last} The busiest account made {seen.most} of {DAILY_CREATES} meetings today.")


def _events(session: Session, now: datetime) -> Iterator[Check]:
    seen = event_health(session)
    if seen.since is not None and now - seen.since > LONGEST:
        says = f"{seen.waiting} wait to be applied, the first since {_ago(seen.since, now)}."
        yield fail("Events from Zoom", says, "See to the Dagster daemon: lifecycle_sensor applies them.")
    elif seen.came_at is None:
        step = "Check the event subscription of the Marketplace app (docs/production.md)."
        yield warn("Events from Zoom", "None ever came.", step)
    else:
        yield ok("Events from Zoom", f"The last one came {_ago(seen.came_at, now)}.")


def _mail(session: Session, now: datetime) -> Iterator[Check]:
    seen = mail_health(session, now=now)
    answer = f" It says: “{seen.reply}”." if seen.reply else ""
    if seen.retrying:
        mails = "One mail is" if seen.retrying == 1 else f"{seen.retrying} mails are"
        yield warn("Mail", f"{mails} tried again.{answer}", "See to the mail server, or correct SMTP_URL.")
    if seen.failed:
        mails = "One mail that still matters was" if seen.failed == 1 else f"{seen.failed} mails that still matter were"
        yield warn(
            "mail", f"{mails} not delivered.{answer}", "They are listed below: correct the address, then re-send."
        )
    last = f"The last mail left {_ago(seen.sent_at, now)}." if seen.sent_at else "No mail left lately."
    yield ok("Mail", last)


def _hooks(session: Session, now: datetime) -> Iterator[Check]:
    seen = hook_health(session, now=now)
    if not seen.endpoints:
        yield ok("Outgoing webhooks", "No booking system is told.")
        return
    if seen.failing:
        receivers = "One receiver does" if seen.failing == 1 else f"{seen.failing} receivers do"
        yield warn("Outgoing webhooks", f"{receivers} not answer.", "Open Outgoing webhooks and read what they said.")
    if seen.dead:
        webhooks = "One webhook was" if seen.dead == 1 else f"{seen.dead} webhooks were"
        yield warn("Outgoing webhooks", f"{webhooks} given up within a week.", "They are listed below: re-send them.")
    disabled = f", {seen.disabled} of them disabled" if seen.disabled else ""
    endpoints = "One endpoint" if seen.endpoints == 1 else f"{seen.endpoints} endpoints"
    yield ok("Outgoing webhooks", f"{endpoints}{disabled}; nothing was given up within a week.")


def _links(count: int) -> str:
    return "One link waits" if count == 1 else f"{count} links wait"


def _ago(at: datetime, now: datetime) -> str:
    return "within the last minute" if until(at, now=now) == "now" else until(at, now=now)
