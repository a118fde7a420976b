"""People who sign in. The provider says who somebody is; what that person may do is kept, and read, here."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.models import Location, Person, PersonLocation
from core.domain.checks import FieldError, text
from core.domain.roles import Role, confined, one_of, role_of
from core.errors import InvalidInput, NotAllowed, NotFound, SignInNeeded
from core.services.timeline import note
from core.settings import Settings

SEEN_IS_WRITTEN = timedelta(minutes=1)
CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class Admitted:
    """Somebody who is let in; *locations*: which are his own, None for all."""

    id: int
    name: str
    role: Role
    locations: frozenset[int] | None


def admit(session: Session, claims: Mapping[str, Any], settings: Settings, *, now: datetime) -> Admitted:
    """Who the provider's *claims* are about, as what that person may do by now.

    The first look at a sign-in takes role and locations from its claims; from then on our tables count.

    Raises:
        SignInNeeded: the claims name nobody, are too old, or somebody signed out since.
        NotAllowed: the person is disabled, or has no role.
    """
    issuer, subject, issued = claims.get("iss"), claims.get("sub"), claims.get("iat")
    if not (isinstance(issuer, str) and isinstance(subject, str) and subject and isinstance(issued, int)):
        raise SignInNeeded("You are not signed in.")
    signed_in_at = datetime.fromtimestamp(issued, UTC)
    if not -CLOCKS_DIFFER <= now - signed_in_at <= settings.sign_in_lifetime:
        raise SignInNeeded("Your sign-in is too old.", next_step="Sign in again.")
    person = _find(session, issuer, subject)
    if person is None or person.signed_in_at < signed_in_at:
        person = _take_in(session, issuer, subject, claims, settings, signed_in_at, now)
    if person.not_before is not None and signed_in_at < person.not_before:
        raise SignInNeeded("You are signed out.", next_step="Sign in again.")
    if person.disabled_at is not None:
        raise NotAllowed(f"{person.name} is not let in any more.", next_step="Ask an admin.")
    if person.role is None:
        raise NotAllowed(f"{person.name} has no role here yet.", next_step="Ask an admin for one, then sign in again.")
    if person.last_seen_at <= now - SEEN_IS_WRITTEN:
        person.last_seen_at = now
    return Admitted(person.id, person.name, Role(person.role), _own(session, person))


def sign_out(session: Session, person: Person, *, actor: str, now: datetime) -> None:
    """End every sign-in of *person* that there is, in whatever browser: cookies alone cannot be taken back."""
    # What the provider issues from this second on is newer; it knows whole seconds only.
    person.not_before = now.replace(microsecond=0) + timedelta(seconds=1)
    note(session, "person_signed_out", at=now, actor=actor, person=person.id)


def set_role(
    session: Session, person: Person, role: Role | None, locations: Sequence[Location], *, actor: str, now: datetime
) -> None:
    """Give *person* a role by hand, which no claim changes from then on; None: the claims of the next sign-in count.

    Raises:
        InvalidInput: *locations* for a role that sees every location.
    """
    if role is not None and locations and not confined(role):
        raise InvalidInput("location", f"Only a host has locations of his own; {one_of(role)} may see all of them.")
    person.role_by_hand = role is not None
    person.role = role
    _give(session, person.id, [location.id for location in locations])
    note(session, "person_role_set", at=now, actor=actor, person=person.id, role=role)


def set_disabled(session: Session, person: Person, disabled: bool, *, actor: str, now: datetime) -> None:
    """Let *person* in no more, from the next run of any page on, or again."""
    person.disabled_at = now if disabled else None
    note(session, "person_disabled" if disabled else "person_enabled", at=now, actor=actor, person=person.id)


def admins_left(session: Session) -> int:
    """How many admins can still sign in. With none of them, the command line goes on making some."""
    left = sa.select(sa.func.count()).where(Person.role == Role.ADMIN, Person.disabled_at.is_(None))
    return session.scalar(left) or 0


def person_by_id(session: Session, person_id: int) -> Person:
    """The person of that number. Raises `NotFound`."""
    person = session.get(Person, person_id, with_for_update={"key_share": True})
    if person is None:
        raise NotFound(f"There is no person {person_id}.", next_step="See who there is: zoompool people list.")
    return person


def list_people(session: Session) -> list[tuple[Person, tuple[str, ...]]]:
    """Everybody who ever signed in, with the names of their own locations."""
    names: dict[int, list[str]] = {}
    belonging = sa.select(PersonLocation.person_id, Location.name).join(
        Location, Location.id == PersonLocation.location_id
    )
    for person_id, name in session.execute(belonging.order_by(Location.name)):
        names.setdefault(person_id, []).append(name)
    people = session.scalars(sa.select(Person).order_by(Person.name))
    return [(person, tuple(names.get(person.id, ()))) for person in people]


def _find(session: Session, issuer: str, subject: str) -> Person | None:
    found: Person | None = session.scalar(
        sa.select(Person).where(Person.issuer == issuer, Person.subject == subject),
        execution_options={"populate_existing": True},
    )
    return found


def _take_in(
    session: Session,
    issuer: str,
    subject: str,
    claims: Mapping[str, Any],
    settings: Settings,
    signed_in_at: datetime,
    now: datetime,
) -> Person:
    """Keep what a new sign-in says; two tabs that look at it at once keep it once."""
    role = role_of(claims.get(settings.oidc_role_claim), settings.oidc_roles)
    given = {"name": _name(session, issuer, subject, claims), "email": _email(claims), "signed_in_at": signed_in_at}
    new = insert(Person).values(issuer=issuer, subject=subject, role=role, last_seen_at=now, **given)
    taken = session.scalar(
        new.on_conflict_do_update(
            index_elements=["issuer", "subject"],
            set_={**given, "role": sa.case((Person.role_by_hand, Person.role), else_=new.excluded.role)},
            where=Person.signed_in_at < signed_in_at,
        ).returning(Person.id)
    )
    person = _find(session, issuer, subject)
    assert person is not None
    if taken is not None:
        if not person.role_by_hand:
            _give(session, person.id, _named(session, claims.get(settings.oidc_locations_claim)))
        note(
            session,
            "person_signed_in",
            at=now,
            actor=f"{person.name} ({person.role or 'no role'})",
            person=person.id,
            role=person.role,
        )
    return person


def _name(session: Session, issuer: str, subject: str, claims: Mapping[str, Any]) -> str:
    """How the timeline will name the person; whoever calls himself as another does is told apart by a number."""
    for field in ("name", "preferred_username", "email", "sub"):
        try:
            name = text(field, str(claims.get(field) or ""), longest=120)
            break
        except FieldError:
            continue
    else:
        name = "Somebody"
    other = sa.select(Person.id).where(Person.name == name, sa.or_(Person.issuer != issuer, Person.subject != subject))
    if session.scalar(other) is None:
        return name
    return f"{name} #{hashlib.sha256(f'{issuer} {subject}'.encode()).hexdigest()[:8]}"


def _email(claims: Mapping[str, Any]) -> str | None:
    try:
        return text("email", str(claims.get("email") or ""), longest=320)
    except FieldError:
        return None


def _named(session: Session, claim: object) -> list[int]:
    names = claim if isinstance(claim, list | tuple) else [claim]
    wanted = [name for name in names if isinstance(name, str) and "\0" not in name]
    return list(session.scalars(sa.select(Location.id).where(Location.name.in_(wanted))))


def _give(session: Session, person_id: int, locations: Sequence[int]) -> None:
    session.execute(sa.delete(PersonLocation).where(PersonLocation.person_id == person_id))
    if locations:
        session.execute(
            sa.insert(PersonLocation), [{"person_id": person_id, "location_id": each} for each in set(locations)]
        )


def _own(session: Session, person: Person) -> frozenset[int] | None:
    if person.role is not None and not confined(Role(person.role)):
        return None
    own = sa.select(PersonLocation.location_id).where(PersonLocation.person_id == person.id)
    return frozenset(session.scalars(own).all())
