"""Where a location's booking system is told: adding, changing, disabling and removing endpoints, and their secrets."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import HookEndpoint, Location
from core.db.sql import statements
from core.domain import checks
from core.domain.hook_events import HookEvent
from core.errors import Conflict, NotFound, StaleState
from core.services.hooks.address import address
from core.services.hooks.signature import new_secret
from core.services.input import checked, unique
from core.services.timeline import SYSTEM, note
from core.zoom.vault import TokenVault

BOTH_SIGN = timedelta(hours=24)
MOST = 20  # of one location: each is a copy of everything
GONE = "endpoint_gone"  # why one is disabled that nobody has disabled: it answered 410


@dataclass(frozen=True)
class NewSecret:
    """An endpoint and its secret, which is shown this once."""

    endpoint: HookEndpoint
    secret: str = field(repr=False)


def add_endpoint(
    session: Session,
    *,
    location: Location,
    url: str,
    events: Collection[str] | None,
    vault: TokenVault,
    practice: bool,
    actor: str,
    now: datetime,
) -> NewSecret:
    """Tell *url* from now on what happens at *location*: the *events* named, or all of them.

    Args:
        practice: plain HTTP and this machine are allowed as well.

    Raises:
        InvalidInput: the address is none that is called, or an event is unknown.
        Conflict: the location has it already, or too many.
    """
    url, wanted = address(url, practice=practice), _known(events)
    there = session.scalars(_of(location.id)).all()
    taken = Conflict(f"{location.name} tells {url} already.", next_step="Change its events instead.")
    if any(each.url == url for each in there):
        raise taken
    if len(there) >= MOST:
        raise Conflict(f"{location.name} has {MOST} endpoints.", next_step="Remove one that is not needed.")
    secret = new_secret()
    endpoint = HookEndpoint(
        location_id=location.id, url=url, events=wanted, secret=vault.encrypt(secret), created_at=now, created_by=actor
    )
    session.add(endpoint)
    with unique(taken):
        session.flush()
    _note(session, "hook_added", endpoint, actor, now)
    return NewSecret(endpoint, secret)


def endpoint_by_id(session: Session, endpoint_id: int, *, lock: bool = False) -> HookEndpoint:
    """The endpoint, locked until the transaction ends if told so. Raises `NotFound`, also for one that was removed."""
    endpoint = session.get(
        HookEndpoint, endpoint_id, with_for_update={"key_share": True} if lock else None, populate_existing=True
    )
    if endpoint is None or endpoint.removed_at is not None:
        raise NotFound(f"There is no endpoint {endpoint_id}.", next_step="See which there are: zoompool hooks list.")
    return endpoint


def change_endpoint(
    session: Session,
    endpoint: HookEndpoint,
    edit: dict[str, Any],
    *,
    practice: bool,
    actor: str,
    now: datetime,
    expected_version: int | None = None,
) -> list[str]:
    """Change *url*, *events* (None: all) or *disabled* of the endpoint; the names of what changed.

    What waits for one that is disabled is dropped; it can be sent again.

    Raises:
        InvalidInput, Conflict: as for a new one.
        StaleState: somebody else changed it first (*expected_version*).
    """
    endpoint = _fresh(session, endpoint, expected_version)
    changed, wanted = [], dict[str, Any]()
    if "disabled" in edit and edit["disabled"] != (endpoint.disabled_at is not None):
        if edit["disabled"]:
            disable(session, endpoint, reason=None, actor=actor, now=now)
        else:
            enable(session, endpoint, actor=actor, now=now)
        changed.append("disabled")
    if "url" in edit:
        wanted["url"] = address(edit["url"], practice=practice)
    if "events" in edit:
        wanted["events"] = _known(edit["events"])
    different = [name for name, value in wanted.items() if getattr(endpoint, name) != value]
    for name in different:
        setattr(endpoint, name, wanted[name])
    if different:
        endpoint.failures, endpoint.paused_until = 0, None
        endpoint.row_version += 1
        with unique(Conflict("The location tells this address already.", next_step="Change the other one.")):
            session.flush()
        _note(session, "hook_changed", endpoint, actor, now, fields=different)
    return changed + different


def disable(session: Session, endpoint: HookEndpoint, *, reason: str | None, actor: str, now: datetime) -> None:
    """Tell the endpoint, which the caller has locked, nothing more; what waits for it is dropped."""
    if endpoint.disabled_at is not None:
        return
    endpoint.disabled_at, endpoint.disabled_reason = now, reason
    endpoint.row_version += 1
    session.flush()  # what follows waits for whoever queues for it at this moment
    dropped = session.scalars(
        statements("hooks")["drop_waiting"], {"endpoint_id": endpoint.id, "reason": "endpoint_disabled"}
    ).all()
    _note(session, "hook_disabled", endpoint, actor, now, reason=reason, dropped=len(dropped))


def disable_gone(session: Session, endpoint_id: int, *, now: datetime) -> None:
    """The receiver says that it is gone for good."""
    endpoint = session.get_one(HookEndpoint, endpoint_id, with_for_update={"key_share": True}, populate_existing=True)
    disable(session, endpoint, reason=GONE, actor=SYSTEM, now=now)


def enable(session: Session, endpoint: HookEndpoint, *, actor: str, now: datetime) -> None:
    """Tell the endpoint, which the caller has locked, again from now on."""
    if endpoint.disabled_at is None:
        return
    # What was queued by transactions that had not seen that it was disabled is no news any more.
    session.execute(statements("hooks")["drop_waiting"], {"endpoint_id": endpoint.id, "reason": "endpoint_disabled"})
    endpoint.disabled_at = endpoint.disabled_reason = endpoint.paused_until = None
    endpoint.failures = 0
    endpoint.row_version += 1
    _note(session, "hook_enabled", endpoint, actor, now)


def remove(
    session: Session, endpoint: HookEndpoint, *, actor: str, now: datetime, expected_version: int | None = None
) -> None:
    """Forget the endpoint; what it was told stays on record. Raises `StaleState`."""
    endpoint = _fresh(session, endpoint, expected_version)
    disable(session, endpoint, reason="removed", actor=actor, now=now)
    endpoint.removed_at = now
    endpoint.row_version += 1
    _note(session, "hook_removed", endpoint, actor, now)


def rotate_secret(
    session: Session, endpoint: HookEndpoint, *, vault: TokenVault, actor: str, now: datetime
) -> NewSecret:
    """Give the endpoint a new secret; for a day the old one signs beside it, so that the receiver can follow."""
    endpoint = _fresh(session, endpoint, None)
    secret = new_secret()
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now + BOTH_SIGN
    endpoint.secret = vault.encrypt(secret)
    endpoint.row_version += 1
    _note(session, "hook_secret_rotated", endpoint, actor, now)
    return NewSecret(endpoint, secret)


def _of(location_id: int) -> sa.Select[HookEndpoint]:
    return sa.select(HookEndpoint).where(HookEndpoint.location_id == location_id, HookEndpoint.removed_at.is_(None))


def _fresh(session: Session, endpoint: HookEndpoint, expected_version: int | None) -> HookEndpoint:
    endpoint = endpoint_by_id(session, endpoint.id, lock=True)
    if expected_version is not None and endpoint.row_version != expected_version:
        raise StaleState("The endpoint has changed meanwhile.")
    return endpoint


def _known(events: Collection[str] | None) -> list[str] | None:
    """The events in our order, each once; None: all, those to come as well."""
    if events is None:
        return None
    with checked():
        if unknown := sorted(set(events) - set(HookEvent)):
            listed = ", ".join(HookEvent)
            raise checks.FieldError("events", f"{', '.join(unknown)[:200]} is no event. There are: {listed}.")
        if not events:
            raise checks.FieldError("events", "names none. Leave it out for all of them.")
    return [str(event) for event in HookEvent if event in events]


def _note(session: Session, kind: str, endpoint: HookEndpoint, actor: str, now: datetime, **detail: Any) -> None:
    note(session, kind, at=now, actor=actor, location_id=endpoint.location_id, endpoint_id=endpoint.id, **detail)
