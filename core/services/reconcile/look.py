"""What stands out between Zoom's lists and our database. Changes nothing."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Installation
from core.db.sql import statements
from core.domain.reconcile import Found, Keep, Known, Listed, compare, reference_in
from core.errors import ZoomPoolError
from core.services.opening.attempt import Zoom
from core.services.tokens import AccountCredentials
from core.zoom.client import Credentials
from core.zoom.payloads import MeetingItem

AT_ONCE = 100  # accounts whose lists are held at a time


@dataclass(frozen=True)
class NotListed:
    """An account of which nothing is concluded, since its list did not come, or not whole."""

    account: str
    reason: str


@dataclass
class Seen:
    """The lists of all accounts, as far as they came. *emails* and *external_ids* name accounts and appointments."""

    found: list[Found] = field(default_factory=list)
    not_listed: list[NotListed] = field(default_factory=list)
    emails: dict[int, str] = field(default_factory=dict)
    external_ids: dict[int, str] = field(default_factory=dict)
    accounts: int = 0
    listed: int = 0
    ours: int = 0


def look(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    *,
    location_id: int | None,
    delete_finished: bool,
    clock: Callable[[], datetime],
    threads: int,
) -> Seen:
    """List the meetings of every account with a grant in force, of one location or all, and compare."""
    seen = Seen()
    with sessions() as session:
        given = {"location_id": location_id}
        accounts = {row.account_id: row.email for row in session.execute(statements("reconcile")["accounts"], given)}
    seen.emails.update(accounts)
    for chunk in _chunks(list(accounts)):
        began = clock()
        lists = _lists(zoom, chunk, seen, clock, threads)
        with sessions() as session:
            _compare(session, lists, seen, delete_finished=delete_finished, now=began)
    return seen


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _lists(
    zoom: Zoom, accounts: Sequence[int], seen: Seen, clock: Callable[[], datetime], threads: int
) -> dict[int, list[Listed]]:
    """The whole lists of those accounts that gave theirs; the others are noted with the reason."""
    fresh = zoom.tokens.fresh(accounts, now=clock())

    def of(credentials: AccountCredentials) -> list[Listed] | ZoomPoolError:
        try:
            return zoom.tokens.using(credentials, lambda c: _listed(zoom, c), now=clock())
        except ZoomPoolError as error:
            return error

    answers: dict[int, list[Listed] | ZoomPoolError] = dict(fresh.failed)
    with ThreadPoolExecutor(threads, thread_name_prefix="reconcile") as pool:
        answers |= dict(zip(fresh.ready, pool.map(of, fresh.ready.values()), strict=True))
    lists = {account: answer for account, answer in answers.items() if isinstance(answer, list)}
    seen.not_listed += [
        NotListed(seen.emails[account], str(answer))
        for account, answer in answers.items()
        if isinstance(answer, ZoomPoolError)
    ]
    return lists


def _listed(zoom: Zoom, credentials: Credentials) -> list[Listed]:
    items = zoom.client.list_meetings(credentials)
    live: set[str] = set()
    if any(reference_in(item.agenda) for item in items):  # whether people are inside a foreign one is not asked here
        live = {item.id for item in zoom.client.list_meetings(credentials, which="live")}
    return [_of(item, live) for item in items]


def _of(item: MeetingItem, live: set[str]) -> Listed:
    return Listed(item.id, reference_in(item.agenda), live=item.id in live)


def _compare(
    session: Session, lists: dict[int, list[Listed]], seen: Seen, *, delete_finished: bool, now: datetime
) -> None:
    """Compare what was listed with what is known now: after the lists, so that nothing listed is not yet written."""
    installation = session.scalars(sa.select(Installation)).one()
    all_listed = [each for listed in lists.values() for each in listed]
    rows = session.execute(
        statements("reconcile")["known"],
        {
            "accounts": list(lists),
            "references": [each.reference for each in all_listed if each.reference],
            "zoom_ids": [each.zoom_id for each in all_listed],
            "deletion_off": not delete_finished or installation.deletion_stopped_at is not None,
        },
    ).all()
    known = []
    for row in rows:
        facts = dict(row._mapping)
        seen.external_ids[row.appointment_id] = facts.pop("external_id")
        known.append(Known(**{**facts, "kept_for": Keep(facts["kept_for"])}))
    for account_id, listed in lists.items():
        seen.found += compare(account_id, listed, known, installation=installation.installation_id, now=now)
    prefix = f"zp:{installation.installation_id}:"
    seen.accounts += len(lists)
    seen.listed += len(all_listed)
    seen.ours += sum((each.reference or "").startswith(prefix) for each in all_listed)
