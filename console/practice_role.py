"""Who one is in the sandbox, where nobody signs in: whoever one chooses to be.

The choice is in a cookie, so that it outlives a reload and the way over Zoom's consent page, and the routes know it.
It proves nothing, and need not: such a console answers this machine alone.
"""

import json
from collections.abc import Mapping
from urllib.parse import quote, unquote

import streamlit as st

from core.db.read.pool import LocationItem
from core.domain.roles import Role, confined

COOKIE = "practice_role"
ROLE, PLACES = "practice_role", "practice_locations"
_KEEP = st.components.v2.component(
    "practice_role",
    js="""
export default function ({ data }) {
  document.cookie = `${data.name}=${data.value}; Path=/; SameSite=Lax`
}
""",
)


def chosen(cookies: Mapping[str, str]) -> tuple[Role, frozenset[int]]:
    """The role and a host's locations as the cookie has them; an admin where nobody has chosen yet."""
    try:
        told = json.loads(unquote(cookies.get(COOKIE, "")))
        return Role(told["role"]), frozenset(int(each) for each in told["locations"])
    except (ValueError, KeyError, TypeError):
        return Role.ADMIN, frozenset()


def from_widgets(cookies: Mapping[str, str]) -> tuple[Role, frozenset[int]]:
    """The same for a page: what the switcher shows, which begins with what the cookie says."""
    role, locations = chosen(cookies)
    role = Role(st.session_state.get(ROLE, role))
    return role, frozenset(st.session_state.get(PLACES, locations))


def switcher(places: list[LocationItem]) -> None:
    """The choice, in the sidebar of every page. It says what it is."""
    role, locations = from_widgets(st.context.cookies)
    known = {place.id: place for place in places}
    st.session_state.setdefault(ROLE, role)
    with st.sidebar:
        st.selectbox(
            "Practice as", list(Role), key=ROLE, format_func=str.capitalize,
            help="Nobody signs in here: this console answers this machine only, and you are whoever you choose.",
        )  # fmt: skip
        if confined(role):
            st.session_state.setdefault(PLACES, [each for each in known if each in locations] or list(known)[:1])
            locations = frozenset(
                st.multiselect("With the locations", list(known), key=PLACES, format_func=lambda each: known[each].name)
            )
        st.caption(":material/science: No sign-in in the sandbox.")
    value = quote(json.dumps({"role": role, "locations": sorted(locations)}))
    _KEEP(key="keep_practice_role", data={"name": COOKIE, "value": value}, height="content")
