"""Who is at the browser, and what that person may do.

Read anew at every run and once more before every change: a role that was taken away opens nothing from then on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from console import practice_role
from console.database import sessions
from console.sign_in import claims_of
from core.clock import utcnow
from core.db.read.pool import LocationItem
from core.domain.roles import Permission, Role, confined, may, one_of
from core.errors import NotAllowed
from core.services import people
from core.services.people import admit
from core.settings import get_settings

DRAWN_FOR = "drawn_for"


@dataclass(frozen=True)
class Person:
    """Somebody who signed in; *locations*: which are his own, None for all of them."""

    name: str
    role: Role
    locations: frozenset[int] | None

    @property
    def actor(self) -> str:
        """How the timeline names the person. No program and no part of the product is named like this."""
        return f"{self.name} ({self.role})"

    def sees(self, location_id: int) -> bool:
        """Whether anything of a location may be shown to this person."""
        return self.locations is None or location_id in self.locations

    def may(self, permission: Permission, location_id: int | None = None) -> bool:
        """Whether the person may do it, with something of *location_id* if one is given."""
        return may(self.role, permission) and (location_id is None or self.sees(location_id))


def person() -> Person:
    """Who opened the page that is being drawn.

    Raises:
        NotAllowed: nobody has signed in, or who did is not let in (any more).
    """
    if get_settings().signs_in:
        return _admitted(st.user.to_dict() if st.user.is_logged_in else {})
    return _practising(*practice_role.from_widgets(st.context.cookies))


def person_of(cookies: Mapping[str, str]) -> Person:
    """Who sent a request to one of the routes. Raises like `person`."""
    settings = get_settings()
    if settings.signs_in:
        assert settings.session_secret is not None
        return _admitted(claims_of(cookies, settings.session_secret.get_secret_value()))
    return _practising(*practice_role.chosen(cookies))


def require(permission: Permission, location_id: int | None = None) -> Person:
    """The person, who may do it; what changes something takes its actor from here.

    Raises:
        NotAllowed: with a sentence that says what is missing.
    """
    return allowed_to(person(), permission, location_id)


def allowed_to(who: Person, permission: Permission, location_id: int | None = None) -> Person:
    """*who*, if *who* may do it. Raises `NotAllowed` otherwise."""
    if not may(who.role, permission):
        somebody = one_of(who.role)
        raise NotAllowed(f"{somebody[0].upper()}{somebody[1:]} may not {permission}.")
    if not who.may(permission, location_id):
        raise NotAllowed(
            "This belongs to a location that is not yours.", next_step="Ask an admin to add the location to yours."
        )
    return who


def note_drawn_for(who: Person) -> None:
    """Remember whom the page is drawn for, for the buttons and the panels on it."""
    st.session_state[DRAWN_FOR] = who


def offered(permission: Permission, location_id: int | None = None) -> bool:
    """Whether to draw what the person may do. No more than that: what does it asks `require`."""
    who: Person | None = st.session_state.get(DRAWN_FOR)
    return who is not None and who.may(permission, location_id)


def still_the_same() -> None:
    """For panels that draw themselves anew without their page: where the person changed, the page is drawn anew."""
    try:
        now = person()
    except NotAllowed:
        now = None
    if st.session_state.get(DRAWN_FOR) != now:
        st.rerun()


def own(places: Sequence[LocationItem]) -> list[LocationItem]:
    """Those of *places* that the person may see."""
    who = person()
    return [place for place in places if who.sees(place.id)]


def sign_out() -> None:
    """End the person's sign-ins, in this browser and in every other."""
    who = person()
    with sessions().begin() as session:
        admitted = admit(session, st.user.to_dict(), get_settings(), now=utcnow())
        people.sign_out(session, people.person_by_id(session, admitted.id), actor=who.actor, now=utcnow())
    st.logout()


def _admitted(claims: Mapping[str, Any]) -> Person:
    with sessions().begin() as session:
        found = admit(session, claims, get_settings(), now=utcnow())
    return Person(found.name, found.role, found.locations)


def _practising(role: Role, locations: frozenset[int]) -> Person:
    return Person("practice", role, locations if confined(role) else None)
