"""What a person can do with API keys: make one, and revoke one.

A button only notes what was chosen; the page opens the dialog on every run until it is done.
"""

from typing import Any

import streamlit as st

from console.database import sessions
from console.look import plain
from console.page import explained
from console.who import offered, require
from core.clock import utcnow
from core.db.models import ApiKey
from core.domain.roles import Permission
from core.domain.states import Access
from core.services.api_keys import MOST_PER_MINUTE, PER_MINUTE, create_api_key, revoke_api_key
from core.services.locations import list_locations

CHOSEN = "key_action"
MADE = "key_made"
SAID = "key_said"
MAY = {
    Access.READ: "Read: look, and change nothing",
    Access.BOOK: "Book: and write appointments",
    Access.ADMIN: "Admin: and calendars, locations, seats and outgoing webhooks",
}


def create_button() -> None:
    """Opens the dialog that makes a key."""
    if offered(Permission.MANAGE_API_KEYS) and st.button(
        "Create key", icon=":material/add:", type="primary", key="create_key"
    ):
        _choose(("create", None))


def revoke_button(key: ApiKey) -> None:
    """Opens the dialog that revokes *key*."""
    if offered(Permission.MANAGE_API_KEYS) and st.button(
        "Revoke", key=f"revoke_{key.public_id}", help=f"Revoke {plain(key.name)}"
    ):
        _choose(("revoke", key))


def show_chosen() -> None:
    """The dialog of what was chosen, or how the last one ended."""
    if said := st.session_state.get(SAID):
        st.success(plain(said))
    action, key = st.session_state.get(CHOSEN, (None, None))
    if action == "create":
        st.dialog("Create an API key", width="medium", on_dismiss=_forget)(_create)()
    elif key is not None:
        st.dialog("Revoke an API key", width="medium", on_dismiss=_forget)(lambda: _revoke(key))()


def _actor() -> str:
    """Who does it, and may."""
    return require(Permission.MANAGE_API_KEYS).actor


def _create() -> None:
    with sessions()() as session:
        places = {place.name: place for place in list_locations(session)}
    name = st.text_input(
        "Who will use it", key="key_name", max_chars=60, help="Stands on the timeline of all it writes"
    )
    access = st.radio("What it may do", list(MAY), index=1, format_func=MAY.__getitem__, key="key_access")
    everywhere = st.toggle("It sees all locations, and those added later", key="key_everywhere")
    chosen = st.multiselect("Locations it sees", list(places), key="key_places", disabled=everywhere)
    per_minute = st.number_input("Requests a minute", 1, MOST_PER_MINUTE, PER_MINUTE, key="key_per_minute")
    if st.button("Create key", type="primary", key="do_it", disabled=not (name.strip() and (everywhere or chosen))):
        with explained():
            with sessions().begin() as session:
                made = create_api_key(
                    session,
                    name=name,
                    access=access,
                    locations=None if everywhere else [places[each] for each in chosen],
                    per_minute=int(per_minute),
                    actor=_actor(),
                    now=utcnow(),
                )
            st.session_state[MADE] = made
            _done(None)


def _revoke(key: ApiKey) -> None:
    st.markdown(f"**{plain(key.name)}** :gray[`zp_{key.public_id}_…`]")
    st.markdown("Whoever calls with it is refused from the next request on. This cannot be taken back.")
    if st.button(f"Revoke {plain(key.name)}", type="primary", key="do_it"):
        with explained():
            with sessions().begin() as session:
                revoke_api_key(session, key.public_id, actor=_actor(), now=utcnow())
            _done(f"{key.name} is revoked.")


def _choose(what: tuple[str, Any]) -> None:
    st.session_state[CHOSEN] = what
    st.session_state.pop(SAID, None)
    st.rerun()


def _forget() -> None:
    st.session_state.pop(CHOSEN, None)


def _done(said: str | None) -> None:
    st.session_state[SAID] = said
    _forget()
    st.rerun()
