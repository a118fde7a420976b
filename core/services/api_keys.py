"""Keys with which programs call us: shown once, kept as a hash, for some locations or all, revoked at once."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import ApiKey, ApiKeyLocation, Location
from core.db.sql import statements
from core.domain.checks import text
from core.domain.states import Access
from core.errors import Conflict, InvalidInput, NotFound
from core.services.input import checked
from core.services.timeline import note

PREFIX = "zp"
PER_MINUTE = 600
MOST_PER_MINUTE = 1_000_000
USE_IS_WRITTEN = timedelta(minutes=1)
NOBODYS_HASH = hashlib.sha256(secrets.token_bytes(32)).digest()


@dataclass(frozen=True)
class NewKey:
    """A key that was just made. *secret*, the whole key, is in no other place and cannot be shown again."""

    key: ApiKey
    secret: str


@dataclass(frozen=True)
class KnownKey:
    """A key that was presented and is valid; *locations* is None where it is for all."""

    id: int
    public_id: str
    name: str
    access: Access
    locations: frozenset[int] | None
    per_minute: int


@dataclass(frozen=True)
class ListedKey:
    """A key with the names of its locations (None: all of them)."""

    key: ApiKey
    locations: tuple[str, ...] | None


def create_api_key(
    session: Session,
    *,
    name: str,
    access: str,
    locations: Sequence[Location] | None,
    per_minute: int = PER_MINUTE,
    actor: str,
    now: datetime,
) -> NewKey:
    """Make a key for *locations*, or for all where that is None.

    Raises:
        InvalidInput: the name or the access cannot be used, or no location is named.
        Conflict: a key of that name is in use; the timeline knows keys by their names.
    """
    with checked():
        name = text("name", name, longest=60)
    if access not in list(Access):
        raise InvalidInput("access", f"It is one of {', '.join(Access)}.")
    if locations is not None and not locations:
        raise InvalidInput("locations", "Name one at least, or make the key for all.")
    if not 1 <= per_minute <= MOST_PER_MINUTE:
        raise InvalidInput("per_minute", f"It is between 1 and {MOST_PER_MINUTE}.")
    if session.scalar(sa.select(ApiKey.id).where(ApiKey.name == name, ApiKey.revoked_at.is_(None))):
        raise Conflict(f"There is a key named {name} already.", next_step="Choose another name, or revoke that key.")
    public_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    key = ApiKey(
        name=name,
        public_id=public_id,
        secret_hash=_hash(secret),
        access=access,
        all_locations=locations is None,
        per_minute=per_minute,
        created_at=now,
        created_by=actor,
    )
    session.add(key)
    session.flush()
    session.add_all(ApiKeyLocation(api_key_id=key.id, location_id=place.id) for place in locations or ())
    note(session, "api_key_created", at=now, actor=actor, key=public_id, access=access)
    return NewKey(key, f"{PREFIX}_{public_id}_{secret}")


def revoke_api_key(session: Session, public_id: str, *, actor: str, now: datetime) -> ApiKey:
    """Let the key open nothing any more, from its next request on. Revoking it again changes nothing.

    Raises:
        NotFound: there is no such key.
    """
    revoked: ApiKey | None = session.scalar(
        sa.update(ApiKey)
        .where(ApiKey.public_id == public_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now, revoked_by=actor)
        .returning(ApiKey)
    )
    if revoked is not None:
        note(session, "api_key_revoked", at=now, actor=actor, key=public_id)
        return revoked
    known: ApiKey | None = session.scalar(sa.select(ApiKey).where(ApiKey.public_id == public_id))
    if known is None:
        raise NotFound(f"There is no key {public_id}.", next_step="See which there are: zoompool api-keys list.")
    return known


def list_api_keys(session: Session) -> list[ListedKey]:
    """All keys, those in use first, the newest first."""
    keys = session.scalars(sa.select(ApiKey).order_by(ApiKey.revoked_at.isnot(None), ApiKey.id.desc())).all()
    names: dict[int, list[str]] = {}
    belonging = sa.select(ApiKeyLocation.api_key_id, Location.name).join(
        Location, Location.id == ApiKeyLocation.location_id
    )
    for key_id, name in session.execute(belonging.order_by(Location.name)):
        names.setdefault(key_id, []).append(name)
    return [ListedKey(key, None if key.all_locations else tuple(names.get(key.id, ()))) for key in keys]


def known_key(session: Session, presented: str, *, now: datetime) -> KnownKey | None:
    """Whose key this is; None for one that is malformed, unknown, wrong or revoked. Its use is noted, by the minute."""
    prefix, _, rest = presented.partition("_")
    public_id, _, secret = rest.partition("_")
    if prefix != PREFIX or not public_id.isalnum() or not secret.isascii():
        return None
    row = session.execute(statements("api_keys")["known"], {"public_id": public_id}).one_or_none()
    # Compared in any case, and in constant time: how long the answer takes tells nobody how far a guess was right.
    right = hmac.compare_digest(_hash(secret), row.secret_hash if row else NOBODYS_HASH)
    if row is None or not right:
        return None
    before = now - USE_IS_WRITTEN
    if row.last_used_at is None or row.last_used_at <= before:
        session.execute(statements("api_keys")["touch"], {"id": row.id, "now": now, "before": before})
    locations = None if row.all_locations else frozenset(row.locations)
    return KnownKey(row.id, public_id, row.name, Access(row.access), locations, row.per_minute)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
