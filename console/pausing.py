"""Pausing and resuming the opening of links, of one location or of all, from the pool page."""

import streamlit as st

from console.database import sessions
from console.look import plain
from console.moments import clock, day
from console.page import explained
from console.who import offered, require
from core.clock import utcnow
from core.db.read.pool import LocationItem, Pause, pause_of
from core.domain.roles import Permission
from core.services.locations import find_location
from core.services.pause import pause_allocation, resume_allocation


def pause_control(place: LocationItem | None) -> None:
    """One button that says what it would do, and asks why before it does so."""
    if not offered(Permission.PAUSE, place.id if place else None):
        return
    with sessions()() as session:
        pause = pause_of(session, place.id if place else None)
    where = place.name if place else "every location"
    label, icon = ("Resume", ":material/play_circle:") if pause else ("Pause", ":material/pause_circle:")
    with st.popover(f"{label} links", icon=icon, key="pause"):
        if pause:
            st.markdown(_told(pause, place))
        else:
            st.markdown(f"No link is opened at {plain(where)} until somebody resumes it. Links that were sent stay.")
        reason = st.text_input("Why", key=f"{label}_why", max_chars=200)
        if st.button(
            f"{label} links of {plain(where)}", type="primary", disabled=not reason.strip(), key=f"{label}_do"
        ):
            with explained():
                _do(place, reason, resume=pause is not None)
                st.rerun()


def _do(place: LocationItem | None, reason: str, *, resume: bool) -> None:
    who = require(Permission.PAUSE, place.id if place else None)
    change = resume_allocation if resume else pause_allocation
    with sessions().begin() as session:
        location = find_location(session, place.name) if place else None
        change(session, location=location, reason=reason, now=utcnow(), actor=who.actor, role=who.role)


def _told(pause: Pause, place: LocationItem | None) -> str:
    zone = place.zone if place else "UTC"
    since = f"{day(pause.since, zone, now=utcnow())}, {clock(pause.since, zone)}"
    return f"Paused since {plain(since)}: “{plain(pause.reason)}”"
