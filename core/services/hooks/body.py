"""What a webhook says, written when it leaves: what happened, and the appointment or account as it stands by then."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.read.accounts_now import with_accounts
from core.db.read.appointment_view import AppointmentView, view
from core.domain.due import OpeningHours
from core.domain.states import Link
from core.zoom.vault import TokenVault

ACCOUNT = with_accounts("SELECT id, email, fitness AS state, benched_until FROM accounts_now WHERE id = :account_id")


@dataclass(frozen=True)
class Written:
    """The raw body, what of it must not be kept should the receiver send it back, and the secrets to sign it with."""

    raw: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    sign_with: tuple[str, ...] = field(repr=False)


def write(
    session: Session, hook: sa.Row[Any], *, vault: TokenVault, hours: OpeningHours, cooldown: timedelta, now: datetime
) -> Written:
    """The body of *hook*, a row of `look` in hooks.sql. Its link is told only while it is valid."""
    told = hook.payload
    body: dict[str, Any] = {
        "id": hook.message_id,
        "event": hook.kind,
        "occurred_at": datetime.fromisoformat(told["at"]),
        "location_id": hook.location_id,
        "actor": told["actor"],
        "revision": hook.revision,
    }
    secrets: tuple[str, ...] = ()
    if hook.appointment_id is not None:
        found = view(session, [hook.appointment_id], now=now, hours=hours, cooldown=cooldown)
        body["appointment"] = _appointment(found[0], vault) if found else None
        secrets = _secrets(body["appointment"])
    elif told.get("account_id") is not None:
        body["account"] = _account(session, told, now)
    raw = json.dumps(body, default=_plain, separators=(",", ":"), ensure_ascii=False).encode()
    sealed = [each for each in (hook.secret, hook.previous_secret) if each is not None]
    return Written(raw, secrets, tuple(vault.decrypt(each) for each in sealed))


def _appointment(seen: AppointmentView, vault: TokenVault) -> dict[str, Any]:
    """As the API shows it, and the link with it."""
    link = {
        "state": seen.link,
        "reason": seen.reason,
        "expected_at": seen.expected_at,
        "join_url": seen.join_url,
        "passcode": None if seen.passcode is None else vault.decrypt(seen.passcode),
    }
    return {
        "id": seen.id,
        "external_id": seen.external_id,
        "location_id": seen.location_id,
        "calendar_id": seen.calendar_id,
        "calendar": seen.calendar,
        "meeting_location": seen.meeting_location,
        "client_name": seen.client_name,
        "client_email": seen.client_email,
        "client_zone": seen.client_zone,
        "starts_at": seen.starts_at,
        "ends_at": seen.ends_at,
        "revision": seen.revision,
        "status": seen.status,
        "link": link,
        "not_recorded": seen.not_recorded,
        "booked_at": seen.booked_at,
        "cancelled_at": seen.cancelled_at,
    }


def _secrets(appointment: Mapping[str, Any] | None) -> tuple[str, ...]:
    if appointment is None or appointment["link"]["state"] != Link.READY:
        return ()
    return tuple(each for each in (appointment["link"]["join_url"], appointment["link"]["passcode"]) if each)


def _account(session: Session, told: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """The account as it stands, and why it was told of."""
    found = session.execute(ACCOUNT, {"account_id": told["account_id"], "now": now}).mappings().one_or_none()
    return None if found is None else {**found, "reason": told["detail"].get("reason")}


def _plain(value: Any) -> str:
    assert isinstance(value, datetime), value
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
