"""API keys: what programs call the REST API with; made, shown once, and revoked."""

from datetime import datetime

import streamlit as st

from console import key_actions
from console.database import sessions
from console.look import KEY, plain
from console.moments import clock, day, length
from console.page import empty, freshness, heading, live
from console.widgets import copy_button
from core.clock import utcnow
from core.db.models import ApiKey
from core.services.api_keys import ListedKey, list_api_keys
from core.settings import get_settings


def show() -> None:
    """The whole page: the key that was just made, and all there are."""
    with heading("API keys"):
        key_actions.create_button()
    st.caption(f"Programs call the API with them. [How to call it]({get_settings().base_url}/api/v1/docs)")
    key_actions.DIALOGS.show()
    new_key()
    live(keys)


def keys() -> None:
    """All there are, and when each was last used."""
    now = utcnow()
    with sessions()() as session:
        found = list_api_keys(session)
    freshness("UTC")
    if not found:
        empty("key", "There is no key yet.", "Press Create key, or run `zoompool api-keys create`.")
        return
    with st.container(border=True, gap="xsmall", key="rows_keys"):
        for listed in found:
            key_row(listed, now)


def new_key() -> None:
    """The key that was just made. It is in no table, so this is the only time that anybody sees it."""
    made = st.session_state.get(key_actions.MADE)
    if made is None:
        return
    with st.container(border=True, key="new_key"):
        st.markdown(f":material/key: **{plain(made.key.name)}** may {made.key.access}. :orange[Keep it now:] "
                    "it is not shown again.")  # fmt: skip
        st.code(made.secret, language=None)
        with st.container(horizontal=True, gap="small"):
            copy_button(made.secret, key="copy_key", label="Copy key", description=f"Copy the key {made.key.name}")
            if st.button("I have kept it", key="kept"):
                del st.session_state[key_actions.MADE]
                st.rerun()


def key_row(listed: ListedKey, now: datetime) -> None:
    """One key, where it opens what, and when it was last used."""
    key = listed.key
    places = "All locations" if listed.locations is None else ", ".join(map(plain, listed.locations))
    said = f"{places} · {key.per_minute} requests a minute · {_used(key, now)}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(key.name)}** :gray[`zp_{key.public_id}_…`]  \n:small[:gray[{said}]]", width="stretch")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", wrap=False):
            st.markdown(KEY["revoked" if key.revoked_at else key.access].pill, width="content")
            if key.revoked_at is None:
                key_actions.revoke_button(listed)


def _used(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        at = f"{day(key.revoked_at, 'UTC', now=now)}, {clock(key.revoked_at, 'UTC')} UTC"
        return f"revoked {at} by {plain(key.revoked_by or '')}"
    return f"last used {length(now - key.last_used_at)} ago" if key.last_used_at else "never used"


show()
