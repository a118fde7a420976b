"""What a person can do with API keys: make one, and revoke one.

What is made is shown by the page, once.
"""

import streamlit as st

from console.database import sessions
from console.dialogs import Dialogs
from console.look import plain
from console.moments import length
from console.page import explained
from console.who import offered, require
from core.clock import utcnow
from core.domain.roles import Permission
from core.domain.states import Access
from core.services.api_keys import MOST_PER_MINUTE, PER_MINUTE, ListedKey, create_api_key, revoke_api_key
from core.services.locations import list_locations

MADE = "key_made"
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
        DIALOGS.choose("create")


def revoke_button(listed: ListedKey) -> None:
    """Opens the dialog that revokes a key."""
    key = listed.key
    if offered(Permission.MANAGE_API_KEYS) and st.button(
        "Revoke", key=f"revoke_{key.public_id}", help=f"Revoke {plain(key.name)}"
    ):
        DIALOGS.choose("revoke", listed)


def _actor() -> str:
    """Who does it, and may."""
    return require(Permission.MANAGE_API_KEYS).actor


def _create(_: None) -> None:
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
            DIALOGS.done(f"The key for {made.key.name} is made. Copy it now.")


def _revoke(listed: ListedKey) -> None:
    key, now = listed.key, utcnow()
    st.markdown(f"**{plain(key.name)}** :gray[`zp_{key.public_id}_…`]")
    used = f"It was last used {length(now - key.last_used_at)} ago." if key.last_used_at else "It was never used."
    where = "all locations" if listed.locations is None else ", ".join(listed.locations)
    st.warning(
        plain(f"{used} Whoever calls with it for {where} is refused from the next request on."),
        title="This cannot be taken back.",
        icon=":material/key_off:",
    )
    if st.button(f"Revoke {plain(key.name)}", type="primary", key="do_it"):
        with explained():
            with sessions().begin() as session:
                revoke_api_key(session, key.public_id, actor=_actor(), now=now)
            DIALOGS.done(f"{key.name} is revoked.")


DIALOGS = Dialogs("keys", {"create": ("Create an API key", _create), "revoke": ("Revoke an API key", _revoke)})
