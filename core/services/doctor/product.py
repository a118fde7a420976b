"""The product's own state: settings, connections, what is paused, what piles up."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import Account, Alert, Grant, InboxEvent, Installation, Location, Message
from core.errors import ZoomPoolError
from core.services.doctor.check import Check, fail, ok, warn
from core.services.mail_claim import due_mails
from core.services.tokens import AccountCredentials
from core.settings import Settings
from core.wiring import Wiring
from core.zoom.oauth import missing_scopes

PILES_UP = timedelta(seconds=90)
AT_ONCE = 8
EXAMPLE_DOMAIN = ".example>"


def examine_settings(settings: Settings) -> Iterator[Check]:
    """What may be set like this, and yet should not. What must not be set was refused before anything began."""
    part, problems = "settings", list(_unwise(settings))
    if settings.mode == "sandbox":
        yield warn(
            part,
            "MODE is sandbox: everything talks to the practice Zoom.",
            "Set MODE=production when real appointments are to get links (docs/production.md).",
        )
    for says, step in problems:
        yield warn(part, says, step)
    if not problems and settings.mode == "production":
        yield ok(part, "Nothing is missing or unsafe.")


def _unwise(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.mode == "sandbox":
        return
    if not settings.alert_urls:
        yield "Nobody is told when something goes wrong.", "Set ALERT_URLS."
    if settings.mail_from.endswith(EXAMPLE_DOMAIN):
        yield "Mails leave in the name of an example domain.", "Set MAIL_FROM to an address of your own."
    for name, value in (("ZOOM_API_URL", settings.zoom_api_url), ("ZOOM_OAUTH_URL", settings.zoom_oauth_url)):
        if value and not value.startswith("https://"):
            yield f"{name} is not an https:// address.", f"Remove {name}: Zoom's own is used then."
    if settings.zoom_webhook_secret_token_previous is not None:
        step = "Remove it once Zoom signs with the new one."
        yield "ZOOM_WEBHOOK_SECRET_TOKEN_PREVIOUS is still accepted.", step


def examine_state(parts: Wiring, clock: Callable[[], datetime]) -> Iterator[Check]:
    """What somebody paused or stopped, what piles up, and what people were told of."""
    with parts.sessions() as session:
        yield from _paused(session)
        yield from _inbox(session, clock())
        yield from _messages(session, clock())
        yield from _alerts(session)


def examine_accounts(parts: Wiring, clock: Callable[[], datetime], *, each: bool) -> Iterator[Check]:
    """How many accounts are in which state, and which have to be connected again; *each*: ask Zoom about every one."""
    part = "accounts"
    with parts.sessions() as session:
        counts = dict(
            session.execute(
                sa.select(Account.connection, sa.func.count()).group_by(Account.connection).order_by(Account.connection)
            ).all()
        )
        benched = session.scalar(sa.select(sa.func.count()).where(Account.benched_until > clock())) or 0
        scopes = session.execute(sa.select(Grant.account_id, Grant.scopes).where(Grant.ended_at.is_(None))).all()
        under_scoped = [account for account, granted in scopes if missing_scopes(granted)]
        emails = dict(session.execute(sa.select(Account.id, Account.email)).all()) if each or under_scoped else {}
    yield from _counted(part, counts, benched)
    if under_scoped:
        step = "Press Reconnect for each: " + ", ".join(emails[account] for account in under_scoped[:10])
        yield warn(part, f"{len(under_scoped)} lack permissions that this version needs.", f"{step}.")
    if each:
        yield from _probed(parts, emails, clock)


def _counted(part: str, counts: dict[str, int], benched: int) -> Iterator[Check]:
    if not counts.get("connected"):
        yield warn(part, "None is connected.", "Issue seats and connect them under Connections in the console.")
        return
    said = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in counts.items())
    if dead := counts.get("needs_reauth"):
        yield warn(part, f"{said}.", f"Press Reconnect in the console for the {dead} that lost their connection.")
    elif benched:
        yield warn(part, f"{said}; {benched} of them out of the pool.", "The console says why, under Connections.")
    else:
        yield ok(part, f"{said}.")


def _probed(parts: Wiring, emails: dict[int, str], clock: Callable[[], datetime]) -> Iterator[Check]:
    with parts.sessions() as session:
        granted = list(session.scalars(sa.select(Grant.account_id).where(Grant.ended_at.is_(None)).order_by(Grant.id)))
    fresh = parts.zoom.tokens.fresh(granted, now=clock())

    def probe(credentials: AccountCredentials) -> Check:
        part = emails[credentials.account_id]
        try:
            user = parts.zoom.tokens.using(credentials, lambda c: parts.zoom.client.me(c.access_token), now=clock())
        except ZoomPoolError as error:
            return fail(part, error.message, error.next_step)
        if not user.active or not user.licensed:
            return fail(part, "Its Zoom user is not active and licensed.", "Correct it in Zoom's admin portal.")
        return ok(part, "Zoom accepts its token; the user is active and licensed.")

    yield from (fail(emails[account], error.message, error.next_step) for account, error in fresh.failed.items())
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="doctor") as pool:
        yield from pool.map(probe, fresh.ready.values())


def _paused(session: Session) -> Iterator[Check]:
    installation = session.scalars(sa.select(Installation)).one()
    paused = list(session.scalars(sa.select(Location.name).where(Location.allocation_paused_at.is_not(None))))
    if installation.allocation_paused_at:
        why = installation.allocation_paused_reason or "no reason is given"
        yield warn("allocation", f"It is paused for all: {why}.", "Resume it when the cause is gone.")
    elif paused:
        yield warn("allocation", f"It is paused for {', '.join(sorted(paused))}.", "Resume it when the cause is gone.")
    else:
        yield ok("allocation", "It is on everywhere.")
    if installation.deletion_stopped_at:
        why = installation.deletion_stopped_reason or "no reason is given"
        step = "Find out what became of that recording, then: zoompool recordings resume-deleting --reason '...'."
        yield warn("deletion", f"Finished meetings are no longer deleted: {why}.", step)


def _inbox(session: Session, now: datetime) -> Iterator[Check]:
    part = "events from Zoom"
    last = session.scalar(sa.select(sa.func.max(InboxEvent.received_at)))
    oldest = session.scalar(sa.select(sa.func.min(InboxEvent.received_at)).where(InboxEvent.applied_at.is_(None)))
    if oldest is not None and now - oldest > PILES_UP:
        step = "See to the daemon: the lifecycle sensor applies them."
        yield fail(part, f"They pile up since {oldest:%Y-%m-%d %H:%M} UTC.", step)
    elif last is None:
        step = "Check the event subscription of the Marketplace app (docs/production.md)."
        yield warn(part, "None ever came.", step)
    else:
        yield ok(part, f"The last came at {last:%Y-%m-%d %H:%M:%S} UTC.")


def _messages(session: Session, now: datetime) -> Iterator[Check]:
    overdue = due_mails(session, now=now - PILES_UP)
    failed = session.scalar(
        sa.select(sa.func.count()).where(Message.status == "failed", Message.created_at > now - timedelta(days=1))
    )
    if overdue:
        step = "See to the mail server and the daemon."
        yield fail("messages", f"{overdue} should have left more than 90 s ago.", step)
    elif failed:
        yield warn("messages", f"{failed} failed within a day.", "zoompool messages list shows the server's answers.")
    else:
        yield ok("messages", "None is overdue.")


def _alerts(session: Session) -> Iterator[Check]:
    kinds = session.execute(
        sa.select(Alert.kind, sa.func.count()).where(Alert.cleared_at.is_(None)).group_by(Alert.kind)
    ).all()
    said = ", ".join(f"{number} {kind.replace('_', ' ')}" for kind, number in sorted(kinds))
    if said:
        yield warn("alerts", f"Open: {said}.", "Each says what to do, in the console and where ALERT_URLS leads.")
    else:
        yield ok("alerts", "None is open.")
