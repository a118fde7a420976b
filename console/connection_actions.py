"""What a person can do with a connected account: open it, free it, take it out of the pool, disconnect it.

A button only notes what was chosen; the page opens the dialog, outside the panel that draws itself anew all the time.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import streamlit as st

from console import seat_actions, words
from console.database import sessions
from console.look import address, plain
from console.page import explained
from console.who import offered, require
from core.clock import utcnow
from core.db.read.breaks import Breaks, what_disconnecting_breaks
from core.db.read.connections import SeatLine
from core.domain.roles import Permission
from core.domain.states import Connection, Lease
from core.services.disconnect import disconnect
from core.services.free import free_now
from core.services.quarantine import quarantine, release
from core.wiring import wiring

CHOSEN = "connection_action"
SAID = "connection_said"
ACCOUNT = "account"  # in the address
NEEDS = {
    "Free now": Permission.FREE,
    "Quarantine": Permission.QUARANTINE,
    "Release": Permission.QUARANTINE,
    "Disconnect": Permission.DISCONNECT,
    "Disconnect now": Permission.DISCONNECT,
    "Move seat": Permission.ISSUE_SEATS,
    "Take back seat": Permission.ISSUE_SEATS,
}
FREEABLE = (Lease.PROCESSING, Lease.COOLDOWN, Lease.CLOSING)
FOREVER = "Until somebody releases it"
HOURS = {"1 hour": 1, "4 hours": 4, "24 hours": 24, FOREVER: None}


def menu(line: SeatLine) -> None:
    """The actions that make sense for a seat and its account as they are, behind one button."""
    actions = ["Details"] if line.account_id is not None else []
    if actions := actions + possible(line):
        chosen = st.menu_button(
            "Actions", actions, type="tertiary", key=f"actions_{line.seat_id}", help=f"Actions: {line.email}"
        )
        if chosen == "Details" and line.account_id is not None:
            open_account(line.account_id)
        elif chosen:
            _choose(chosen, line)


def buttons(line: SeatLine) -> None:
    """The same actions side by side."""
    for action in possible(line):
        if st.button(action, key=f"{action}_{line.account_id}"):
            _choose(action, line)


def _choose(action: str, line: SeatLine) -> None:
    st.session_state[CHOSEN] = (action, line)
    st.session_state.pop(SAID, None)
    st.rerun()


def open_account(account_id: int) -> None:
    """Show all about an account; its address does the same."""
    st.query_params[ACCOUNT] = str(account_id)
    st.session_state.pop(SAID, None)
    st.rerun()


def close_account() -> None:
    """Back to the list, which stayed where it was."""
    st.query_params.pop(ACCOUNT, None)
    st.session_state.pop(SAID, None)


def tell() -> None:
    """How the last action ended."""
    if said := st.session_state.get(SAID):
        st.success(plain(said))


def show_chosen() -> bool:
    """The dialog of the action that was chosen; False if none is."""
    if not (chosen := st.session_state.get(CHOSEN)):
        return False
    action, line = chosen

    def dialog() -> None:
        st.markdown(address(line.email))
        DIALOGS[action](line)

    st.dialog(action, width="medium", on_dismiss=_forget)(dialog)()
    return True


def possible(line: SeatLine) -> list[str]:
    """What this person can do with it."""
    every = [*_with_account(line), "Move seat", "Take back seat"]
    return [action for action in every if offered(NEEDS[action], line.location_id)]


def _with_account(line: SeatLine) -> list[str]:
    if line.account_id is None or line.state == Connection.DISCONNECTED:
        return []
    out = ["Release"] if line.state == "quarantined" else ["Quarantine"]
    gently = [] if line.state == Connection.DRAINING else ["Disconnect"]
    free = ["Free now"] if line.lease_state in FREEABLE else []
    return [*free, *out, *gently, "Disconnect now"]


def _forget() -> None:
    st.session_state.pop(CHOSEN, None)


def _done(said: str) -> None:
    st.session_state[SAID] = said
    _forget()
    st.rerun()


def _quarantine(line: SeatLine) -> None:
    st.markdown("It gets no new appointment. What it has begun goes on, and its link stays.")
    reason = st.text_input("Why", key="why", max_chars=200)
    hours = HOURS[st.selectbox("For how long", list(HOURS), key="how_long")]
    if st.button("Quarantine account", type="primary", disabled=not reason.strip(), key="do_it"):
        now = utcnow()
        until = now + timedelta(hours=hours) if hours else None
        with explained():
            with sessions().begin() as session:
                quarantine(
                    session,
                    **_of(line, "Quarantine"),
                    reason=reason,
                    until=until,
                    now=now,
                    row_version=line.row_version,
                )
            _done(f"{line.email} is out of the pool.")


def _release(line: SeatLine) -> None:
    st.markdown(f"It is out of the pool: {plain(words.reason(line.reason).what)} It gets appointments again.")
    reason = st.text_input("Why", key="why", max_chars=200)
    if st.button("Release account", type="primary", key="do_it"):
        with explained():
            with sessions().begin() as session:
                release(
                    session, **_of(line, "Release"), reason=reason or None, now=utcnow(), row_version=line.row_version
                )
            _done(f"{line.email} is back in the pool.")


def _free(line: SeatLine) -> None:
    st.markdown(
        "It waits neither for its recording nor for its cooldown, once Zoom says that nobody is inside. "
        "A recording that is still to come is attached all the same."
    )
    reason = st.text_input("Why", key="why", max_chars=200)
    if st.button("Free account", type="primary", disabled=not reason.strip(), key="do_it"):
        parts = wiring()
        with explained():
            done = free_now(parts.sessions, parts.zoom, **_of(line, "Free now"), reason=reason, clock=utcnow)
            _done(done.sentence)


def _disconnect(line: SeatLine) -> None:
    breaks = _breaks(line)
    if breaks.external_id or breaks.recordings or breaks.deletions:
        what = f"appointment {breaks.external_id}" if breaks.external_id else "what is left"
        st.markdown(
            f"It gets no new appointment, finishes {plain(what)} with its recording, and is disconnected after that. "
            "Links that were sent stay."
        )
    else:
        st.markdown("It is at rest: its access ends at once and is deleted here and at Zoom. Nothing else changes.")
    reason = st.text_input("Why", key="why", max_chars=200)
    if st.button("Disconnect account", type="primary", key="do_it"):
        _run(line, reason)


def _disconnect_now(line: SeatLine) -> None:
    breaks = _breaks(line)
    if breaks.sentences:
        st.error(" ".join(breaks.sentences), title="What this breaks", icon=":material/warning:")
    else:
        st.info("The account is at rest. Its access ends at once.", title="This breaks nothing.")
    insists = breaks.in_progress and st.checkbox("People are in the meeting. Disconnect all the same.", key="even_live")
    asked = address(breaks.email) if breaks.confirmation == breaks.email else f"**{plain(breaks.confirmation)}**"
    confirmation = st.text_input(f"Write {asked} to confirm", key="confirm")
    reason = st.text_input("Why", key="why", max_chars=200)
    ready = confirmation.strip().lower() == breaks.confirmation.lower() and (insists or not breaks.in_progress)
    if st.button("Disconnect account now", type="primary", disabled=not ready, key="do_it"):
        _run(line, reason, at_once=True, confirm=confirmation, even_live=insists)


DIALOGS: dict[str, Callable[[SeatLine], None]] = {
    "Free now": _free,
    "Quarantine": _quarantine,
    "Release": _release,
    "Disconnect": _disconnect,
    "Disconnect now": _disconnect_now,
    "Move seat": lambda line: seat_actions.move(line, _done),
    "Take back seat": lambda line: seat_actions.take_one_back(line, _done),
}


def _breaks(line: SeatLine) -> Breaks:
    assert line.account_id is not None
    with sessions()() as session:
        return what_disconnecting_breaks(session, line.account_id, utcnow())


def _run(line: SeatLine, reason: str, **how: Any) -> None:
    parts = wiring()
    with explained():
        done = disconnect(
            parts.sessions, parts.ending, **_of(line, "Disconnect"), reason=reason or None, clock=utcnow, **how
        )
        if done.connection == Connection.DRAINING:
            _done(f"{done.email} is disconnected after its last meeting, deletion and recording.")
        _done(f"{done.email} is disconnected.")


def _of(line: SeatLine, action: str) -> dict[str, Any]:
    """Which account, and by whom, who may do that."""
    who = require(NEEDS[action], line.location_id)
    return {"location": line.location, "email": line.email, "actor": who.actor, "role": who.role}
