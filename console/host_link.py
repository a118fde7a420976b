"""*Start as host*: asks first, then shows Zoom's own link once, to the person who asked.

The link goes to this one browser inside its own connection: it is in no address of ours, no log and no state, and is
gone with the next click.
"""

import streamlit as st

from console.look import plain
from console.page import explained
from console.who import require
from core.clock import utcnow
from core.db.read.appointment import AppointmentFacts
from core.domain.roles import Permission
from core.services.start_as_host import start_as_host
from core.wiring import wiring


def start(facts: AppointmentFacts) -> None:
    """The dialog."""
    st.markdown(
        f"You become the host of the meeting with **{plain(facts.client_name)}**, under the name of "
        f"{plain(facts.account or 'its account')}."
    )
    st.caption(
        "Zoom makes a link for you alone, and the timeline says that you were given one. Pass it on to nobody: whoever "
        "has it is the host."
    )
    if not st.button("Get my link", type="primary", key="do_it"):
        return
    with explained(), st.spinner("Asking Zoom…"):
        who, parts = require(Permission.START_AS_HOST, facts.location_id), wiring()
        link = start_as_host(parts.sessions, parts.zoom, facts.id, actor=who.actor, role=who.role, clock=utcnow)
        st.link_button("Open Zoom as host", link.url, type="primary", icon=":material/open_in_new:", width="stretch")
        st.caption("It opens in a new tab. It is shown this once, and opens nothing after two hours.")
