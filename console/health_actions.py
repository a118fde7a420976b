"""What a person can do on the page Health: try a failed link again, send a dead message again.

Neither asks "are you sure?": both do once more what was to be done anyway, a second press does nothing more, and the
row beside the button names what it hits.
"""

import streamlit as st

from console.database import sessions
from console.look import plain
from console.page import explained
from console.who import offered, require
from core.clock import utcnow
from core.db.read.dead_messages import DeadMessage
from core.db.read.failed_links import FailedLink
from core.domain.roles import Permission
from core.domain.states import Channel
from core.services.hooks import again
from core.services.resend import resend
from core.services.retry import retry_link

SAID = "health_said"


def show_said() -> None:
    """How the last action ended."""
    if said := st.session_state.pop(SAID, None):
        st.success(plain(said), icon=":material/check_circle:")


def retry_button(line: FailedLink) -> None:
    """Asks for one more run; it cannot be pressed while one is asked for or under way."""
    if not offered(Permission.RETRY, line.location_id):
        return
    label = "Trying again" if line.tried_again else "Retry"
    about = f"Try the link of {plain(line.external_id)} once more, in a run of its own"
    if st.button(label, icon=":material/replay:", key=f"retry_{line.id}", disabled=line.tried_again, help=about):
        with explained():
            who = require(Permission.RETRY, line.location_id)
            with sessions().begin() as session:
                done = retry_link(session, line.id, actor=who.actor, role=who.role, now=utcnow())
            _done(done.sentence)


def resend_button(line: DeadMessage) -> None:
    """Sends the message once more; it leaves within half a minute."""
    needed = Permission.MANAGE_HOOKS if line.channel == Channel.HOOK else Permission.BOOK
    if not offered(needed, line.location_id):
        return
    about = f"Send it to {plain(line.to)} once more, as it reads now"
    if st.button("Re-send", icon=":material/send:", key=f"resend_{line.id}", help=about):
        with explained():
            who = require(needed, line.location_id)
            with sessions().begin() as session:
                if line.channel == Channel.HOOK:
                    again.resend(session, line.id, actor=who.actor, now=utcnow())
                else:
                    resend(session, line.id, actor=who.actor, now=utcnow())
            _done(f"It leaves for {line.to} within half a minute.")


def _done(said: str) -> None:
    st.session_state[SAID] = said
    st.rerun()
