"""The dialogs about a connected account: each says what it hits, asks for what it needs, and does it."""

from datetime import timedelta
from typing import Any

import streamlit as st

from console import words
from console.connection_loss import as_list, breaks_of, finishes_first, warn_of_loss
from console.database import sessions
from console.dialogs import Dialogs, why
from console.look import address, plain
from console.moments import clock
from console.page import explained
from console.who import require
from core.clock import utcnow
from core.db.read.connections import SeatLine
from core.domain.roles import Permission
from core.domain.states import Connection, Lease
from core.services.disconnect import disconnect
from core.services.free import free_now
from core.services.quarantine import quarantine, release
from core.wiring import wiring

NEEDS = {
    "Free now": Permission.FREE,
    "Quarantine": Permission.QUARANTINE,
    "Release": Permission.QUARANTINE,
    "Disconnect": Permission.DISCONNECT,
    "Disconnect now": Permission.DISCONNECT,
}
FOREVER = "Until somebody releases it"
HOURS = {"1 hour": 1, "4 hours": 4, "24 hours": 24, FOREVER: None}
FREED_FROM = {
    Lease.PROCESSING: "Its recording is still expected; it is attached all the same when it comes.",
    Lease.COOLDOWN: "It cools down; it is given to the next appointment without that.",
    Lease.CLOSING: "Its meeting is still to be deleted on Zoom: that is tried again, and frees it.",
}


def _quarantine(line: SeatLine) -> None:
    st.markdown(address(line.email))
    breaks = breaks_of(line)
    goes_on = f"Appointment {breaks.external_id} keeps it, and its link stays." if breaks.external_id else ""
    st.markdown(plain(f"It gets no new appointment. {goes_on}".rstrip()))
    warn_of_loss(line)
    reason = why(required=True)
    hours = HOURS[st.selectbox("For how long", list(HOURS), key="how_long")]
    if st.button("Quarantine account", type="primary", disabled=not reason, key="do_it"):
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
            back = f" It comes back at {clock(until, line.zone)}." if until else ""
            DIALOGS.done(f"{line.email} is out of the pool.{back}")


def _release(line: SeatLine) -> None:
    st.markdown(address(line.email))
    cause = words.reason(line.reason)
    st.markdown(f"It is out of the pool: {plain(cause.what)} From now on it gets appointments again.")
    if cause.next_step:
        st.caption(f"Unless this is done, it goes out again: {plain(cause.next_step)}")
    reason = why()
    if st.button("Release account", type="primary", key="do_it"):
        with explained():
            with sessions().begin() as session:
                release(
                    session, **_of(line, "Release"), reason=reason or None, now=utcnow(), row_version=line.row_version
                )
            DIALOGS.done(f"{line.email} is back in the pool.")


def _free(line: SeatLine) -> None:
    st.markdown(address(line.email))
    about = breaks_of(line).external_id
    over = f"Appointment {about} is over." if about else ""
    waits = FREED_FROM.get(Lease(line.lease_state), "") if line.lease_state else ""
    st.markdown(plain(f"{over} {waits}".strip()))
    st.caption("Zoom is asked first; while people are inside it stays as it is.")
    reason = why(required=True)
    if st.button("Free account", type="primary", disabled=not reason, key="do_it"):
        parts = wiring()
        with explained(), st.spinner("Asking Zoom"):
            done = free_now(parts.sessions, parts.zoom, **_of(line, "Free now"), reason=reason, clock=utcnow)
            DIALOGS.done(done.sentence)


def _disconnect(line: SeatLine) -> None:
    st.markdown(address(line.email))
    first = finishes_first(line)
    if first and line.state == Connection.NEEDS_REAUTH:
        st.warning(
            "Reconnect it first, or choose Disconnect now, with what that breaks.",
            title="Its access is lost, so it cannot finish what it has to do at Zoom.",
        )
        return
    if first:
        st.markdown("It gets no new appointment. Links that were sent stay.")
        st.info(as_list(first), title="It is disconnected after", icon=":material/logout:")
    elif line.state == Connection.NEEDS_REAUTH:
        st.markdown("Its access is lost already, and it has nothing left to do. Its seat is free after that.")
    else:
        st.markdown("It is at rest: its access ends at once and is deleted here and at Zoom. Its seat is free then.")
    warn_of_loss(line)
    reason = why()
    if st.button("Disconnect account", type="primary", key="do_it"):
        _run(line, reason)


def _disconnect_now(line: SeatLine) -> None:
    st.markdown(address(line.email))
    breaks = breaks_of(line)
    if breaks.sentences:
        st.error(plain(" ".join(breaks.sentences)), title="What this breaks", icon=":material/warning:")
    else:
        st.info("The account is at rest. Its access ends at once.", title="This breaks nothing.")
    warn_of_loss(line)
    insists = breaks.in_progress and st.checkbox("People are in the meeting. Disconnect all the same.", key="even_live")
    asked = address(breaks.email) if breaks.confirmation == breaks.email else f"**{plain(breaks.confirmation)}**"
    confirmation = st.text_input(f"Write {asked} to confirm", key="confirm")
    reason = why()
    ready = confirmation.strip().lower() == breaks.confirmation.lower() and (insists or not breaks.in_progress)
    if st.button("Disconnect account now", type="primary", disabled=not ready, key="do_it"):
        _run(line, reason, at_once=True, confirm=confirmation, even_live=insists)


def _run(line: SeatLine, reason: str, **how: Any) -> None:
    parts = wiring()
    with explained(), st.spinner("Ending the access at Zoom"):
        done = disconnect(
            parts.sessions, parts.ending, **_of(line, "Disconnect"), reason=reason or None, clock=utcnow, **how
        )
        if done.connection == Connection.DRAINING:
            DIALOGS.done(f"{done.email} will be disconnected once everything it has begun is done.")
        moved = (
            f" Appointment {done.broke.external_id} gets another account." if done.broke and done.broke.moves else ""
        )
        DIALOGS.done(f"{done.email} is disconnected.{moved}")


def _of(line: SeatLine, action: str) -> dict[str, Any]:
    """Which account, and by whom, who may do that."""
    who = require(NEEDS[action], line.location_id)
    return {"location": line.location, "email": line.email, "actor": who.actor, "role": who.role}


DIALOGS = Dialogs(
    "connection",
    {
        "Free now": ("Free now", _free),
        "Quarantine": ("Quarantine", _quarantine),
        "Release": ("Release", _release),
        "Disconnect": ("Disconnect", _disconnect),
        "Disconnect now": ("Disconnect now", _disconnect_now),
    },
)
